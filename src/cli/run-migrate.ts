import { migrate, newDataSource } from '../storage/data-source.js';
import { refuseTransactionPooler } from '../storage/pooling.js';
import { runCommand } from './database-command.js';

/** Brings the schema up to date and ends, for deployments that migrate before they roll servers. */
export async function runMigrate(): Promise<void> {
  await runCommand('migrate', async (context) => {
    const database = await context.database();
    await refuseTransactionPooler(database);
    const dataSource = await newDataSource(database, { connections: 2, timeoutMs: 0 }).initialize();
    try {
      const names = await migrate(dataSource, (line) => console.error(line));
      console.log(names.length === 0 ? 'the schema is up to date' : `migrated: ${names.join(', ')}`);
    } finally {
      await dataSource.destroy();
    }
  });
}
