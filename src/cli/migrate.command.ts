import { type Command } from 'commander';

export function defineMigrate(program: Command): void {
  program
    .command('migrate')
    .summary('bring the schema of the database up to date')
    .description(
      'Brings the schema of the database up to date and ends. Every server does this when it starts; this is for ' +
        'those who upgrade the tables before the servers.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ DATABASE_URL=postgres://xtrace:password@db.example.com/xtrace npx xtrace migrate',
    )
    .action(async () => {
      const { runMigrate } = await import('./run-migrate.js');
      await runMigrate();
    });
}
