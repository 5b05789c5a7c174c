import { type Command } from 'commander';
import { type DoctorCommandOptions } from './run-doctor.js';

export function defineDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('check what a start depends on, and say what to do')
    .description(
      'Checks Node, settings, credentials, port, disk and database, one line each: ✔ fine, ! look at it, ✘ mend it, ' +
        '– could not be checked. Changes nothing. Works while the server runs and while it does not; a private ' +
        'PostgreSQL that is stopped is started for the time of the checks. Exit code 1 if anything has to be mended.',
    )
    .option('--json', 'print {ok, version, checks: [{name, status, found, next}]}')
    .addHelpText(
      'after',
      `\nExamples:\n  $ npx xtrace doctor\n  $ npx xtrace doctor --json | jq '.checks[] | select(.status != "ok")'`,
    )
    .action(async (options: DoctorCommandOptions) => {
      const { runDoctor } = await import('./run-doctor.js');
      await runDoctor(options);
    });
}
