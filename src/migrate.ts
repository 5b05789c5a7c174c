import 'reflect-metadata';
import { type Config, readConfig } from './config/config.js';
import { type OpenDatabase, openDatabase } from './open-database.js';
import { describeStartError } from './start-error.js';
import { migrate, newDataSource } from './storage/data-source.js';

/** `npm run migrate`: brings the schema up to date and ends, for deployments that migrate before they roll servers. */
async function main(): Promise<void> {
  let config: Config | undefined;
  let database: OpenDatabase | undefined;
  try {
    config = readConfig();
    database = await openDatabase(config, (line) => console.log(line));
    const dataSource = await newDataSource(database.connection, { connections: 2, timeoutMs: 0 }).initialize();
    const names = await migrate(dataSource);
    await dataSource.destroy();
    console.log(names.length === 0 ? 'the schema is up to date' : `migrated: ${names.join(', ')}`);
  } catch (error) {
    for (const line of describeStartError(error, { config, database: database?.connection })) {
      console.error(`xtrace cannot migrate: ${line}`);
    }
    process.exitCode = 1;
  }
  await database?.stop();
}

void main();
