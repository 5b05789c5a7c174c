import { type DatabaseFacts } from '../../storage/database-facts.js';
import { judgeDatabase } from './judge-database.js';

const NOW_MS = Date.parse('2026-11-23T09:00:00Z');
const DAY_MS = 86_400_000;
const POOLS = { writeConnections: 2, readConnections: 4, payloadCompression: 'auto' } as const;

const FINE: DatabaseFacts = {
  versionNumber: 180_004,
  version: '18.4',
  encoding: 'UTF8',
  collation: 'C.UTF-8',
  hasOutdatedCollation: false,
  keysWithoutC: [],
  isReadOnly: false,
  canCreateTables: true,
  pendingMigrations: [],
  unknownMigrations: [],
  hasSchema: true,
  maxConnections: 97,
  otherConnections: 3,
  serverConnections: 7,
  maxLocksPerTransaction: 256,
  offersLz4: true,
  fsync: true,
  fullPageWrites: true,
  synchronousCommit: 'on',
  autovacuum: true,
  pooling: 'none',
  clockAheadMs: 3,
  roundTripMs: 1,
  databaseBytes: 1e6,
  partitionsEndMs: { observations: NOW_MS + 30 * DAY_MS, metric_points: NOW_MS + 3 * DAY_MS },
  quarantine: { rows: 0, rowsOfLastDay: 0 },
};

describe('the judgement of a database', () => {
  const judge = (facts: Partial<DatabaseFacts>, pools: Partial<typeof POOLS> = {}) =>
    judgeDatabase({ ...FINE, ...facts }, { ...POOLS, ...pools }, NOW_MS);

  it('finds nothing where all is well', () => {
    for (const check of judge({})) expect(check).toMatchObject({ status: 'ok' });
  });

  it.each<[name: string, status: string, next: RegExp, facts: Partial<DatabaseFacts>]>([
    ['version', 'failure', /upgrade/, { versionNumber: 130_012, version: '13.12' }],
    ['version', 'warning', /18/, { versionNumber: 190_000, version: '19.0' }],
    ['encoding', 'failure', /UTF8/, { encoding: 'LATIN1' }],
    ['encoding', 'failure', /COLLATE "C"/, { keysWithoutC: ['traces.trace_id'] }],
    ['encoding', 'warning', /REINDEX/, { hasOutdatedCollation: true }],
    ['rights', 'failure', /primary/, { isReadOnly: true }],
    ['rights', 'failure', /owner/, { canCreateTables: false }],
    ['schema', 'failure', /start that version/, { unknownMigrations: ['AddFuture1'] }],
    ['schema', 'warning', /migrate/, { pendingMigrations: ['AddFuture1'] }],
    ['schema', 'warning', /migrate/, { hasSchema: false, pendingMigrations: ['CreateCore1'] }],
    ['connections', 'failure', /max_connections/, { maxConnections: 9 }],
    ['connections', 'warning', /second server|before/, { maxConnections: 12 }],
    ['locks', 'warning', /256/, { maxLocksPerTransaction: 64 }],
    ['durability', 'failure', /switch fsync on/, { fsync: false }],
    ['durability', 'failure', /full_page_writes/, { fullPageWrites: false }],
    ['durability', 'failure', /synchronous_commit/, { synchronousCommit: 'off' }],
    ['autovacuum', 'warning', /autovacuum/, { autovacuum: false }],
    ['pooler', 'failure', /session mode/, { pooling: 'transaction' }],
    ['clock', 'warning', /NTP/, { clockAheadMs: -2600 }],
    ['clock', 'failure', /NTP/, { clockAheadMs: 301_000 }],
    ['partitions', 'failure', /log/, { partitionsEndMs: { observations: NOW_MS + DAY_MS / 2 } }],
    ['partitions', 'warning', /start/, { partitionsEndMs: { observations: NOW_MS - DAY_MS }, serverConnections: 0 }],
    ['partitions', 'warning', /start/, { partitionsEndMs: {} }],
    ['quarantine', 'warning', /SELECT/, { quarantine: { rows: 5, rowsOfLastDay: 2 } }],
  ])('%s is a %s and says %s', (name, status, next, facts) => {
    const found = judge(facts).filter((check) => check.status === 'warning' || check.status === 'failure');
    expect(found).toEqual([expect.objectContaining({ name, status, next: expect.stringMatching(next) })]);
  });

  it('takes a slow network for no wrong clock, old refusals for no news, and synchronous_commit local for durable', () => {
    for (const check of judge({
      clockAheadMs: 2600,
      roundTripMs: 1500,
      quarantine: { rows: 5, rowsOfLastDay: 0 },
      synchronousCommit: 'local',
      pooling: 'session',
      offersLz4: false,
    }))
      expect(check).toMatchObject({ status: 'ok' });
  });

  it('minds a missing lz4 where it was asked for', () => {
    const found = judgeDatabase({ ...FINE, offersLz4: false }, { ...POOLS, payloadCompression: 'lz4' }, NOW_MS);
    expect(found.filter((check) => check.status !== 'ok')).toEqual([
      expect.objectContaining({ name: 'compression', status: 'failure' }),
    ]);
  });
});
