import { type ClientBase } from 'pg';

/** Runs one statement and gives its rows, over whichever kind of connection. */
export type RunSql = <T>(sql: string, parameters?: unknown[]) => Promise<T[]>;

/** A partition that may go. */
export interface ExpiredPartition {
  /** Name of the partitioned table. */
  readonly table: string;
  readonly name: string;
  /** Its detaching has begun and was not finished: new statements see it no more. */
  readonly isPending: boolean;
}

/** Partitions of `tables` whose name `isExpired`, and all that are half detached: of those a table can have only one. */
export async function findExpired(
  run: RunSql,
  tables: readonly string[],
  isExpired: (name: string) => boolean,
): Promise<ExpiredPartition[]> {
  const rows = await run<ExpiredPartition>(
    'SELECT p.relname::text AS "table", c.relname::text AS name, i.inhdetachpending AS "isPending" ' +
      'FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent ' +
      'WHERE i.inhparent = ANY($1::text[]::regclass[]) ORDER BY i.inhdetachpending DESC, 2',
    [tables],
  );
  return rows.filter(({ name, isPending }) => isPending || isExpired(name));
}

/** Stands as comment on a table that is to be dropped as soon as it is no partition any more. */
const MARK = 'xtrace: expired, dropped once detached';

/**
 * Detaches a partition without waiting readers or writers, and drops it. Detaching waits for the transactions that were
 * open on the table when it began; what comes later sees the partition no more and waits for nothing. Whenever it is
 * cut short, calling it again, or `dropRetired`, finishes it. `client` must be in no transaction, and its
 * `lock_timeout` bounds the waiting.
 */
export async function retirePartition(client: ClientBase, { table, name, isPending }: ExpiredPartition): Promise<void> {
  await client.query(`COMMENT ON TABLE ${name} IS '${MARK}'`);
  await client.query(`ALTER TABLE ${table} DETACH PARTITION ${name} ${isPending ? 'FINALIZE' : 'CONCURRENTLY'}`);
}

/**
 * Drops every table that `retirePartition` has detached, and returns their names. Call it in a transaction that holds
 * SCHEMA_LOCK: a partition may be made under the name of one that goes.
 */
export async function dropRetired(run: RunSql): Promise<string[]> {
  const rows = await run<{ name: string }>(
    'SELECT c.oid::regclass::text AS name FROM pg_description d JOIN pg_class c ON c.oid = d.objoid ' +
      "WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND d.description = $1 AND c.relkind = 'r' " +
      'AND NOT c.relispartition ORDER BY 1',
    [MARK],
  );
  for (const { name } of rows) await run(`DROP TABLE ${name}`);
  return rows.map(({ name }) => name);
}
