import { type Client } from 'pg';
import { migrations as knownMigrations } from '../../migrations/index.js';
import { type DatabaseConnection } from '../config/database-connection.js';
import { PLAIN_FORMATS, type PartitionDefinition, readPartitions, readTables } from './backup/schema-contents.js';
import { clientOptions, newClient, QUERY_TIMEOUT_MS } from './client-options.js';
import { type Pooling, readPooling } from './pooling.js';
import { bucketStartMs } from './trace-writer.js';

/** What a database says about itself, as far as running xtrace on it depends on that. */
export interface DatabaseFacts {
  /** As `server_version_num`: 150004 for 15.4. */
  readonly versionNumber: number;
  readonly version: string;
  readonly encoding: string;
  readonly collation: string;
  /** The libraries that sort text have changed since the database was made; indexes may be wrong. */
  readonly hasOutdatedCollation: boolean;
  /** Columns of primary keys, as `table.column`, that do not compare bytewise. */
  readonly keysWithoutC: readonly string[];
  readonly isReadOnly: boolean;
  readonly canCreateTables: boolean;
  /** Migrations of this version that the database has not run; all of them on an empty database. */
  readonly pendingMigrations: readonly string[];
  /** Migrations that the database has run and this version does not have. */
  readonly unknownMigrations: readonly string[];
  readonly hasSchema: boolean;
  /** Connections that this user may open at all. */
  readonly maxConnections: number;
  /** Connections of others, servers of xtrace on this database not counted. */
  readonly otherConnections: number;
  /** Connections of servers of xtrace on this database. */
  readonly serverConnections: number;
  readonly maxLocksPerTransaction: number;
  readonly offersLz4: boolean;
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  readonly synchronousCommit: string;
  readonly autovacuum: boolean;
  /** Direct, or how a pooler hands out its connections. */
  readonly pooling: Pooling;
  /** Database minus this process, in milliseconds; exact to half of `roundTripMs`. */
  readonly clockAheadMs: number;
  readonly roundTripMs: number;
  readonly databaseBytes: number;
  /** Per partitioned table the end of its last partition, in milliseconds since 1970. */
  readonly partitionsEndMs: Readonly<Record<string, number>>;
  /** Absent while there is no such table. */
  readonly quarantine?: { readonly rows: number; readonly rowsOfLastDay: number };
}

type Settings = Readonly<Record<string, string>>;

/** Asks the database; changes nothing. Rejects with the errors of `pg`. */
export async function readDatabaseFacts(database: DatabaseConnection): Promise<DatabaseFacts> {
  const options = { ...clientOptions(database, 'xtrace doctor'), query_timeout: QUERY_TIMEOUT_MS };
  const client = newClient(options);
  await client.connect();
  try {
    const pooling = await readPooling(client, options);
    // One transaction: what is set for it must not stay with a connection of a pooler.
    await client.query('BEGIN');
    await client.query(PLAIN_FORMATS);
    const settings = await readSettings(client);
    const tables = (await readTables(client)).map((table) => table.name);
    return {
      ...(await readServer(client, settings)),
      ...(await readSchema(client)),
      ...(await readConnections(client, settings)),
      ...(await readClock(client)),
      pooling,
      maxLocksPerTransaction: Number(settings['max_locks_per_transaction']),
      offersLz4: settings['lz4'] === 'true',
      fsync: settings['fsync'] === 'on',
      fullPageWrites: settings['full_page_writes'] === 'on',
      synchronousCommit: settings['synchronous_commit'] ?? '',
      autovacuum: settings['autovacuum'] === 'on' && settings['track_counts'] === 'on',
      partitionsEndMs: lastEnds(await readPartitions(client)),
      ...(tables.includes('quarantine') ? { quarantine: await readQuarantine(client) } : {}),
    };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function one<T extends object>(client: Client, sql: string, values: unknown[] = []): Promise<T> {
  const { rows } = await client.query<T>(sql, values);
  if (rows[0] === undefined) throw new Error(`no row from ${sql}`);
  return rows[0];
}

async function readSettings(client: Client): Promise<Settings> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings
      WHERE name IN ('server_version_num', 'server_version', 'max_connections', 'superuser_reserved_connections',
                     'reserved_connections', 'max_locks_per_transaction', 'fsync', 'full_page_writes',
                     'synchronous_commit', 'autovacuum', 'track_counts', 'transaction_read_only')
     UNION ALL
     SELECT 'lz4', ('lz4' = ANY(enumvals))::text FROM pg_settings WHERE name = 'default_toast_compression'`,
  );
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

async function readServer(client: Client, settings: Settings) {
  const row = await one<{ encoding: string; collation: string; can_create: boolean; bytes: string; version?: string }>(
    client,
    `SELECT pg_encoding_to_char(encoding) AS encoding, datcollate AS collation, pg_database_size(oid)::text AS bytes,
            coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS can_create,
            to_jsonb(d) ->> 'datcollversion' AS version
       FROM pg_database d WHERE datname = current_database()`,
  );
  const versionNumber = Number(settings['server_version_num']);
  let hasOutdatedCollation = false;
  if (versionNumber >= 150_000 && typeof row.version === 'string') {
    const actual = await one<{ version: string | null }>(
      client,
      'SELECT pg_database_collation_actual_version(oid) AS version FROM pg_database WHERE datname = current_database()',
    );
    hasOutdatedCollation = actual.version !== null && actual.version !== row.version;
  }
  return {
    versionNumber,
    version: settings['server_version'] ?? '',
    encoding: row.encoding,
    collation: row.collation,
    hasOutdatedCollation,
    isReadOnly: settings['transaction_read_only'] === 'on',
    canCreateTables: row.can_create,
    databaseBytes: Number(row.bytes),
  };
}

async function readSchema(client: Client) {
  const { has } = await one<{ has: boolean }>(client, `SELECT to_regclass('migrations') IS NOT NULL AS has`);
  const executed = has ? (await client.query<{ name: string }>('SELECT name FROM migrations')).rows : [];
  const names = new Set(executed.map(({ name }) => name));
  const known = knownMigrations.map(({ name }) => name);
  const keys = await client.query<{ key: string }>(
    `SELECT c.relname || '.' || a.attname AS key
       FROM pg_index i
       JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey) AND a.attcollation <> 0
      WHERE i.indisprimary AND a.attcollation <> (SELECT oid FROM pg_collation WHERE collname = 'C' AND collencoding = -1)
      ORDER BY 1`,
  );
  return {
    hasSchema: executed.length > 0,
    pendingMigrations: known.filter((name) => !names.has(name)),
    unknownMigrations: [...names].filter((name) => !known.includes(name)),
    keysWithoutC: executed.length > 0 ? keys.rows.map(({ key }) => key) : [],
  };
}

async function readConnections(client: Client, settings: Settings) {
  const row = await one<{ servers: number; ours: number; total: number; role: number; database: number }>(
    client,
    `SELECT count(*) FILTER (WHERE is_here AND application_name LIKE 'xtrace %' AND application_name NOT IN ('xtrace doctor', 'xtrace backup', 'xtrace restore'))::int AS servers,
            count(*) FILTER (WHERE is_here AND application_name = 'xtrace doctor')::int AS ours, count(*)::int AS total,
            (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role,
            (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database
       FROM (SELECT application_name, coalesce(datname = current_database(), false) AS is_here
               FROM pg_stat_activity WHERE backend_type = 'client backend') sessions`,
  );
  const usable =
    Number(settings['max_connections']) -
    Number(settings['superuser_reserved_connections']) -
    Number(settings['reserved_connections'] ?? 0);
  const limits = [usable, row.role, row.database].filter((limit) => limit >= 0);
  return {
    maxConnections: Math.min(...limits),
    otherConnections: row.total - row.servers - row.ours,
    serverConnections: row.servers,
  };
}

async function readClock(client: Client) {
  const samples: { clockAheadMs: number; roundTripMs: number }[] = [];
  for (let i = 0; i < 3; i += 1) {
    const before = Date.now();
    const row = await one<{ ms: number }>(client, 'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms');
    const after = Date.now();
    samples.push({ clockAheadMs: Math.round(row.ms - (before + after) / 2), roundTripMs: after - before });
  }
  return samples.reduce((best, sample) => (sample.roundTripMs < best.roundTripMs ? sample : best));
}

async function readQuarantine(client: Client) {
  return await one<{ rows: number; rowsOfLastDay: number }>(
    client,
    `SELECT count(*)::int AS rows,
            count(*) FILTER (WHERE received_at > now() - interval '1 day')::int AS "rowsOfLastDay" FROM quarantine`,
  );
}

/** Per parent the latest upper bound. */
function lastEnds(partitions: readonly Pick<PartitionDefinition, 'parent' | 'bound'>[]): Record<string, number> {
  const ends: Record<string, number> = {};
  for (const { parent, bound } of partitions) {
    const edge = /TO \('?([^')]+)'?\)$/.exec(bound)?.[1] ?? '';
    // By number they are weeks of arrival; times are written in the time zone of the session.
    const endMs = /^\d+$/.test(edge)
      ? bucketStartMs(Number(edge))
      : Date.parse(edge.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
    if (!Number.isNaN(endMs)) ends[parent] = Math.max(endMs, ends[parent] ?? -Infinity);
  }
  return ends;
}
