import { Command } from 'commander';
import { DESCRIPTION, VERSION } from '../http/version.js';
import { defineBackup } from './backup.command.js';
import { defineDoctor } from './doctor.command.js';
import { defineKeys } from './keys.command.js';
import { defineMigrate } from './migrate.command.js';
import { defineProjects } from './projects.command.js';
import { defineReprice } from './reprice.command.js';
import { defineRestore } from './restore.command.js';
import { defineSeed } from './seed.command.js';
import { defineStart } from './start.command.js';
import { USAGE_HINT } from './usage-error.js';

/**
 * All commands, in the order of `--help`. What a command needs is loaded when it runs, so that usage and errors of usage
 * are there at once.
 */
const DEFINE: readonly ((program: Command) => void)[] = [
  defineStart,
  defineMigrate,
  defineProjects,
  defineKeys,
  defineReprice,
  defineSeed,
  defineDoctor,
  defineBackup,
  defineRestore,
];

/** The command line. Parsing it throws commander's CommanderError instead of ending the process. */
export function newProgram(): Command {
  const program = new Command('xtrace')
    .description(DESCRIPTION)
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError(USAGE_HINT)
    .addHelpText(
      'after',
      '\nSettings come from the environment and from .env in the working directory; .env.example lists them.\n\n' +
        'Examples:\n  $ npx xtrace start\n  $ npx xtrace doctor\n  $ npx xtrace backup /backups/',
    );
  // Subcommands take over what is set above only from here on.
  for (const define of DEFINE) define(program);
  return program;
}
