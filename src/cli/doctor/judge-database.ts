import { type Config } from '../../config/config.js';
import { type DatabaseFacts } from '../../storage/database-facts.js';
import { OLDEST_MAJOR } from '../../storage/database-fitness.js';
import { type Check, failure, ok, skipped, warning } from './check.js';

/** The newest PostgreSQL that xtrace is tested with. */
const NEWEST_MAJOR = 18;
/** A query over all partitions locks each of them and its indexes: 246 locks at 120 partitions. */
const WANTED_LOCKS = 256;
/** The writer of points, beside the pools of the settings. */
const FURTHER_CONNECTIONS = 1;
/** Stamps that are further ahead are cut down to this. */
const MAX_STAMP_AHEAD_MS = 300_000;
const NOTABLE_CLOCK_MS = 2000;
const DAY_MS = 86_400_000;

type Pools = Pick<Config, 'writeConnections' | 'readConnections' | 'payloadCompression'>;

/** What the facts mean for xtrace. `nowMs` is this process's clock. */
export function judgeDatabase(facts: DatabaseFacts, config: Pools, nowMs: number): Check[] {
  return [
    version(facts),
    encoding(facts),
    rights(facts),
    schema(facts),
    connections(facts, config),
    locks(facts),
    compression(facts, config),
    durability(facts),
    facts.autovacuum
      ? ok('autovacuum', 'on')
      : warning('autovacuum', 'off: tables grow without end', 'switch autovacuum and track_counts on'),
    pooler(facts),
    clock(facts),
    partitions(facts, nowMs),
    quarantine(facts),
  ];
}

function version({ versionNumber, version }: DatabaseFacts): Check {
  const major = Math.floor(versionNumber / 10_000);
  const found = `PostgreSQL ${version}`;
  if (major < OLDEST_MAJOR) return failure('version', found, `upgrade it to ${OLDEST_MAJOR} or later`);
  if (major > NEWEST_MAJOR)
    return warning('version', `${found} is newer than what xtrace is tested with`, `use ${NEWEST_MAJOR} if in doubt`);
  return ok('version', `${found}; no extension is needed`);
}

function encoding({ encoding, collation, hasOutdatedCollation, keysWithoutC }: DatabaseFacts): Check {
  if (encoding !== 'UTF8')
    return failure(
      'encoding',
      `${encoding}`,
      `make a database with ENCODING 'UTF8' TEMPLATE template0, and move there`,
    );
  if (keysWithoutC.length > 0)
    return failure(
      'encoding',
      `${keysWithoutC.join(', ')} do not compare bytewise, as the schema had them`,
      'ALTER TABLE … ALTER COLUMN … TYPE text COLLATE "C"',
    );
  if (hasOutdatedCollation)
    return warning(
      'encoding',
      `the system's sorting of ${collation} has changed since the database was made`,
      'REINDEX DATABASE and ALTER DATABASE … REFRESH COLLATION VERSION',
    );
  return ok('encoding', `UTF8; keys compare bytewise, whatever the collation (${collation})`);
}

function rights({ isReadOnly, canCreateTables }: DatabaseFacts): Check {
  if (isReadOnly)
    return failure('rights', 'the database is read-only', 'name the primary, not a replica, in DATABASE_URL');
  if (!canCreateTables)
    return failure('rights', 'this user may not create tables', 'make it the owner of the database, or of its schema');
  return ok('rights', 'may read, write and create tables');
}

function schema({ hasSchema, pendingMigrations, unknownMigrations }: DatabaseFacts): Check {
  if (unknownMigrations.length > 0)
    return failure(
      'schema',
      `made by a newer version of xtrace (${unknownMigrations.join(', ')})`,
      'start that version, or restore a backup',
    );
  if (!hasSchema) return warning('schema', 'no tables yet', 'start xtrace, or run xtrace migrate');
  if (pendingMigrations.length > 0)
    return warning(
      'schema',
      `lacks ${pendingMigrations.join(', ')}`,
      'back up, then start xtrace or run xtrace migrate',
    );
  return ok('schema', 'up to date');
}

function connections(facts: DatabaseFacts, { writeConnections, readConnections }: Pools): Check {
  const wanted = writeConnections + readConnections + FURTHER_CONNECTIONS;
  const free = facts.maxConnections - facts.otherConnections;
  const found = `a server opens ${wanted}; ${facts.maxConnections} allowed, ${facts.otherConnections} used by others`;
  if (free < wanted)
    return failure('connections', found, 'raise max_connections, or lower READ_CONNECTIONS or WRITE_CONNECTIONS');
  if (free < 2 * wanted)
    return warning('connections', `${found}: too few for a second server`, 'raise max_connections before you add one');
  return ok('connections', found);
}

function locks({ maxLocksPerTransaction }: DatabaseFacts): Check {
  const found = `max_locks_per_transaction is ${maxLocksPerTransaction}`;
  if (maxLocksPerTransaction >= WANTED_LOCKS) return ok('locks', found);
  return warning(
    'locks',
    `${found}: queries fail when there are some hundred partitions`,
    `set it to ${WANTED_LOCKS} and restart PostgreSQL`,
  );
}

function compression({ offersLz4 }: DatabaseFacts, { payloadCompression }: Pools): Check {
  if (offersLz4) return ok('compression', 'lz4 is there');
  if (payloadCompression === 'lz4')
    return failure('compression', 'PostgreSQL was built without lz4', 'set PAYLOAD_COMPRESSION to auto, pglz or none');
  return ok(
    'compression',
    `no lz4 in this PostgreSQL; inputs and outputs are stored ${payloadCompression === 'pglz' ? 'with pglz' : 'as they are'}`,
  );
}

function durability({ fsync, fullPageWrites, synchronousCommit }: DatabaseFacts): Check {
  const off = [
    ...(fsync ? [] : ['fsync']),
    ...(fullPageWrites ? [] : ['full_page_writes']),
    ...(synchronousCommit === 'off' ? ['synchronous_commit'] : []),
  ];
  if (off.length === 0)
    return ok('durability', `fsync and full_page_writes on, synchronous_commit ${synchronousCommit}`);
  return failure(
    'durability',
    `${off.join(' and ')} off: a crash loses what was acknowledged`,
    `switch ${off.join(' and ')} on`,
  );
}

function pooler({ pooling }: DatabaseFacts): Check {
  if (pooling === 'transaction')
    return failure(
      'pooler',
      'connections are shared between transactions: locks and limits of xtrace get lost',
      'name the database itself in DATABASE_URL, or set the pooler to session mode',
    );
  return ok('pooler', pooling === 'session' ? 'one in session mode, which is fine' : 'none');
}

function clock({ clockAheadMs, roundTripMs }: DatabaseFacts): Check {
  const apartMs = Math.max(0, Math.abs(clockAheadMs) - roundTripMs / 2);
  const direction = clockAheadMs > 0 ? 'ahead of' : 'behind';
  const found = `the database is ${(Math.abs(clockAheadMs) / 1000).toFixed(1)} s ${direction} this machine`;
  if (apartMs > MAX_STAMP_AHEAD_MS) return failure('clock', found, 'set both clocks by NTP');
  if (apartMs > NOTABLE_CLOCK_MS) return warning('clock', found, 'set both clocks by NTP');
  return ok('clock', 'the same here and in the database');
}

function partitions({ hasSchema, partitionsEndMs, serverConnections }: DatabaseFacts, nowMs: number): Check {
  if (!hasSchema) return skipped('partitions', 'no tables yet');
  const [soonest] = Object.entries(partitionsEndMs).sort(([, a], [, b]) => a - b);
  if (soonest === undefined) return warning('partitions', 'none yet', 'start xtrace, which makes them');
  const [table, endMs] = soonest;
  const until = `until ${new Date(endMs).toISOString().slice(0, 10)} (${table})`;
  if (endMs > nowMs + DAY_MS) return ok('partitions', `made ${until}`);
  if (serverConnections === 0) return warning('partitions', `made ${until}`, 'start xtrace, which makes the next ones');
  return failure(
    'partitions',
    `made ${until}, although a server runs`,
    'look for "partitions were not made" in its log',
  );
}

function quarantine({ quarantine }: DatabaseFacts): Check {
  if (!quarantine) return skipped('quarantine', 'no tables yet');
  const { rows, rowsOfLastDay } = quarantine;
  if (rowsOfLastDay > 0)
    return warning(
      'quarantine',
      `${rowsOfLastDay} messages were refused by PostgreSQL in the last day (${rows} in all)`,
      'SELECT received_at, kind, trace_id, id, reason FROM quarantine ORDER BY received_at DESC',
    );
  return ok('quarantine', rows === 0 ? 'empty' : `${rows} old messages, none of the last day`);
}
