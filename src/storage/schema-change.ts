import { type DataSource } from 'typeorm';
import { dropRetired, type RunSql } from './retired-partitions.js';

/** Advisory lock of schema work ("xtrm" in ASCII), shared with the migrations. */
export const SCHEMA_LOCK = 0x7874726d;

/**
 * Runs `work` in a transaction of its own, alone among all that change the schema, in every process; partitions that were
 * detached are gone by then, so that their names are free.
 */
export async function changeSchema(dataSource: DataSource, work: (run: RunSql) => Promise<void>): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const run: RunSql = (sql, parameters) => manager.query(sql, parameters);
    await run('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
    await dropRetired(run);
    await work(run);
  });
}
