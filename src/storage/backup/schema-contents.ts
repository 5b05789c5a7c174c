import { type ClientBase, escapeIdentifier } from 'pg';
import { inReferenceOrder } from './reference-order.js';

/** A table whose rows are data of ours: ordinary or partitioned, never a partition. */
export interface TableColumns {
  readonly name: string;
  /** In the order of the rows; without generated columns. */
  readonly columns: readonly string[];
}

export interface ColumnStorage {
  readonly name: string;
  /** As in `pg_attribute.attstorage`: p, m, e or x. */
  readonly storage: string;
  /** `l` for lz4, `p` for pglz, empty for the default. */
  readonly compression: string;
}

/** All that is needed to make a partition again. */
export interface PartitionDefinition {
  readonly name: string;
  readonly parent: string;
  /** As `pg_get_expr` writes it in UTC: `FOR VALUES FROM (…) TO (…)`. */
  readonly bound: string;
  /** `key=value` each. */
  readonly settings: readonly string[];
  /** Columns whose storage or compression is not that of their type. */
  readonly columns: readonly ColumnStorage[];
}

export interface SequenceValue {
  readonly name: string;
  /** Decimal, as large as int8 goes. */
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/** Of TypeORM: rows and sequence belong to the schema, not to the data. */
const MIGRATIONS_TABLE = 'migrations';

/** Of this transaction, on PostgreSQL 17 and later, where a provider may have set it. */
const NO_TRANSACTION_LIMIT = `SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout'`;

/** Times, numbers and names as every PostgreSQL from 14 on reads them, whatever the defaults of the session are. */
export const PLAIN_FORMATS =
  "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; " +
  'SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = hex; SET LOCAL client_encoding = UTF8; ' +
  'SET LOCAL row_security = off; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; ' +
  `SET LOCAL idle_in_transaction_session_timeout = 0; ${NO_TRANSACTION_LIMIT}`;

/** Every table with data in the schema of this session, those that others reference first. */
export async function readTables(client: ClientBase): Promise<TableColumns[]> {
  const { rows } = await client.query<TableColumns>(
    `SELECT c.relname::text AS name,
            coalesce(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attname IS NOT NULL), '{}') AS columns
       FROM pg_class c
       LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relpersistence = 'p' AND c.relname <> $1
        AND NOT EXISTS (SELECT FROM pg_depend d
                         WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      GROUP BY c.relname ORDER BY c.relname`,
    [MIGRATIONS_TABLE],
  );
  const references = await client.query<{ from: string; to: string }>(
    `SELECT f.relname::text AS "from", t.relname::text AS "to"
       FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
      WHERE k.contype = 'f' AND f.relnamespace = current_schema()::regnamespace`,
  );
  return inReferenceOrder(rows, references.rows);
}

/** All partitions of those tables, each level after the one above it. */
export async function readPartitions(client: ClientBase): Promise<PartitionDefinition[]> {
  const { rows } = await client.query<PartitionDefinition>(
    `SELECT c.relname::text AS name, p.relname::text AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound,
            coalesce(c.reloptions, '{}') AS settings,
            coalesce((SELECT json_agg(json_build_object('name', a.attname, 'storage', a.attstorage,
                                                        'compression', a.attcompression) ORDER BY a.attnum)
                        FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
                       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                         AND (a.attstorage <> y.typstorage OR a.attcompression <> '')), '[]') AS columns
       FROM pg_class c
       JOIN pg_inherits i ON i.inhrelid = c.oid AND NOT i.inhdetachpending
       JOIN pg_class p ON p.oid = i.inhparent
      WHERE c.relispartition AND c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
      ORDER BY p.relname, c.relname`,
  );
  return rows;
}

/** The sequences behind columns of those tables. */
export async function readSequences(client: ClientBase): Promise<SequenceValue[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT s.relname::text AS name
       FROM pg_class s
       JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
                       AND d.refclassid = 'pg_class'::regclass
       JOIN pg_class t ON t.oid = d.refobjid
      WHERE s.relkind = 'S' AND s.relnamespace = current_schema()::regnamespace AND t.relname <> $1
      ORDER BY s.relname`,
    [MIGRATIONS_TABLE],
  );
  const values: SequenceValue[] = [];
  for (const { name } of rows) {
    const result = await client.query<{ last_value: string; is_called: boolean }>(
      `SELECT last_value::text, is_called FROM ${escapeIdentifier(name)}`,
    );
    const [row] = result.rows;
    if (row) values.push({ name, lastValue: row.last_value, isCalled: row.is_called });
  }
  return values;
}

/** Bytes that a table takes on disk with its partitions and long values, without indexes. */
export async function readTableBytes(client: ClientBase, table: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    'SELECT coalesce(sum(pg_table_size(relid)), 0)::text AS bytes FROM pg_partition_tree($1::regclass)',
    [escapeIdentifier(table)],
  );
  return Number(rows[0]?.bytes ?? 0);
}
