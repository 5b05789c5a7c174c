import { type Command } from 'commander';
import { VERSION } from '../http/version.js';
import { runCommand } from './database-command.js';
import { hasFailed, renderChecks } from './doctor/check.js';
import { examine } from './doctor/doctor.js';

interface Options {
  readonly json?: true;
}

export function defineDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('check what a start depends on, and say what to do')
    .description(
      'Checks Node, settings, credentials, port, disk and database, one line each: ✔ fine, ! look at it, ✘ mend it,\n' +
        '– could not be checked. Changes nothing. Works while the server runs and while it does not; a private\n' +
        'PostgreSQL that is stopped is started for the time of the checks. Exit code 1 if anything has to be mended.',
    )
    .option('--json', 'print {ok, version, checks: [{name, status, found, next}]}')
    .addHelpText(
      'after',
      `\nExamples:\n  $ npx xtrace doctor\n  $ npx xtrace doctor --json | jq '.checks[] | select(.status != "ok")'`,
    )
    .action(async (options: Options) => {
      await runCommand('check', async (context) => {
        const checks = await examine(context);
        const isFine = !hasFailed(checks);
        if (options.json) console.log(JSON.stringify({ ok: isFine, version: VERSION, checks }, null, 2));
        else for (const line of renderChecks(checks)) console.log(line);
        if (!isFine) process.exitCode = 1;
      });
    });
}
