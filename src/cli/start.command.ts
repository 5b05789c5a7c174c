import { type Command } from 'commander';

export function defineStart(program: Command): void {
  program
    .command('start')
    .summary('run the server until it is told to stop')
    .description(
      'Runs the server until SIGTERM or Ctrl-C. Without DATABASE_URL it starts a private PostgreSQL in XTRACE_DATA_DIR.',
    )
    .addHelpText('after', '\nExamples:\n  $ npx xtrace start\n  $ BIND_ADDR=127.0.0.1:8743 npx xtrace start')
    .action(async () => {
      await import('../main.js');
    });
}
