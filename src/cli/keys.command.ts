import { type Command } from 'commander';
import { type KeyOptions } from './run-keys.js';

export function defineKeys(program: Command): void {
  const keys = program
    .command('keys')
    .summary('list, make, revoke and rotate the keys of a project')
    .description(
      'A key is a pair of public and secret key for Basic authentication; the secret alone is a bearer token. Works on the ' +
        'database of the settings, while the server runs (which follows within five seconds) and while it does not.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx xtrace keys create --project search --note production\n' +
        '  $ npx xtrace keys create --scopes read --expires 90d\n' +
        '  $ npx xtrace keys rotate 5b0d2f9c-8f4e-4c53-9a43-0d8f3c1c9a10 --overlap 3600',
    );
  const command = (name: string) =>
    keys
      .command(name)
      .option('--project <id>', 'whose keys (default: DEFAULT_PROJECT_ID)')
      .option('--json', 'print what the API answers');
  command('list')
    .summary('all keys of a project, newest first')
    .description('Lists the keys of a project, newest first, without their secrets.')
    .addHelpText('after', '\nExample:\n  $ npx xtrace keys list --project search')
    .action(async (options: KeyOptions) => (await run()).listKeys(options));
  command('create')
    .summary('make a key and show its secret, this once')
    .description('Makes a key and shows its secret, which cannot be shown again: the database keeps its SHA-256 alone.')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx xtrace keys create --project search --note production\n' +
        '  $ npx xtrace keys create --public-key pk-lf-... < secret-of-the-other-server',
    )
    .option('--scopes <list>', 'what it opens: ingest, read, admin, scores (default: ingest,read)')
    .option('--note <text>', 'what it is for')
    .option('--expires <when>', 'a number of days such as 90d, or an ISO 8601 time with a zone (default: never)')
    .option('--public-key <key>', 'take over this pair; its secret is read from standard input')
    .action(async (options: KeyOptions) => (await run()).createKey(options));
  command('revoke')
    .summary('make a key open nothing')
    .description('Makes a key open nothing. Servers that run take it for five more seconds at most.')
    .addHelpText('after', '\nExample:\n  $ npx xtrace keys revoke pk-xt-... --project search')
    .argument('<key>', 'its id or its public key')
    .action(async (key: string, options: KeyOptions) => (await run()).revokeKey(key, options));
  command('rotate')
    .summary('replace a key by one that opens the same, and show its secret')
    .description('Makes a key that opens the same as a former one, which goes on for a while, and shows its secret.')
    .addHelpText('after', '\nExample:\n  $ npx xtrace keys rotate pk-xt-... --project search --overlap 3600')
    .argument('<key>', 'its id or its public key')
    .option('--overlap <seconds>', 'how long the former one goes on (default: 86400)')
    .action(async (key: string, options: KeyOptions) => (await run()).rotateKey(key, options));
}

const run = () => import('./run-keys.js');
