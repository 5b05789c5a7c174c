import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { type IngestReceipt } from '../../src/domain/ingest-batch.js';
import { type ObservationPatch } from '../../src/domain/observation.js';
import { type TracePatch } from '../../src/domain/trace.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { type TestDatabase } from '../support/database.js';
import { emptyTables, wrongSums } from '../support/fold.js';
import { batchOf, NOW_MS, type Patch } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

const BATCH = 1000;
const TRACES = 50;

/** Refuses names with the word poison, as a constraint of the table would. */
const POISON = `
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.name LIKE '%poison%' THEN
      RAISE EXCEPTION 'poison in %', TG_ARGV[0] USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON observations FOR EACH ROW EXECUTE FUNCTION refuse('observations');
  CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON traces FOR EACH ROW EXECUTE FUNCTION refuse('traces');`;

const observation = (index: number, fields: Partial<ObservationPatch> = {}): ObservationPatch => ({
  kind: 'observation',
  index,
  traceId: `trace-${index % TRACES}`,
  id: `obs-${index}`,
  stamp: 2,
  startTime: NOW_MS * 1000 + index,
  type: 'GENERATION',
  model: 'm',
  usage: { input: 1, output: 2 },
  input: '"in"',
  metadata: new Map([['k', '1']]),
  ...fields,
});

const trace = (index: number, fields: Partial<TracePatch> = {}): TracePatch => ({
  kind: 'trace',
  index,
  traceId: `trace-${index}`,
  stamp: 2,
  sessionId: `session-${index % 3}`,
  ...fields,
});

/** A batch of a thousand observations; those that `isPoisoned` picks are refused. */
function observations(isPoisoned: (index: number) => boolean): ObservationPatch[] {
  return Array.from({ length: BATCH }, (_, index) =>
    observation(index, { name: isPoisoned(index) ? 'poison' : 'fine' }),
  );
}

const refusedIndexes = (receipt: IngestReceipt): number[] =>
  receipt.rejected.map(({ index }) => index).sort((a, b) => a - b);

describe('an item that PostgreSQL refuses', () => {
  let database: TestDatabase;
  let queue: WriteQueue;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    database = await createWriteDatabase();
    await database.pool.query(POISON);
    queue = openQueue(database.connection, { connections: 1, deadlineMs: 30_000 });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await emptyTables(database.pool);
  });
  afterAll(async () => {
    await queue.stop();
    await database.drop();
  });

  async function storedIds(table: 'traces' | 'observations', column: string): Promise<string[]> {
    const { rows } = await database.pool.query<{ id: string }>(
      `SELECT ${column} AS id FROM ${table} ORDER BY ${column} COLLATE "C"`,
    );
    return rows.map((row) => row.id);
  }

  it('is the only one of a thousand that is missing, and its caller is told which and why', async () => {
    const receipt = await queue.submit(
      batchOf(
        1,
        observations((index) => index === 617),
      ),
    );
    expect(receipt.rejected).toEqual([
      {
        kind: 'observation',
        index: 617,
        id: 'obs-617',
        code: 'NOT_STORABLE',
        message: 'the database refuses it: poison in observations',
      },
    ]);
    const ids = await storedIds('observations', 'id');
    expect(ids).toHaveLength(BATCH - 1);
    expect(ids).not.toContain('obs-617');
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it.each([
    [10, 'one transaction'],
    [100, 'several transactions'],
    [BATCH, 'several transactions'],
  ])('may be one of many: %i of a thousand, in %s', async (count, transactions) => {
    const commits = countStatements(/^COMMIT/);
    const isPoisoned = (index: number): boolean => index % (BATCH / count) === 0;
    const batch = observations(isPoisoned);
    const receipt = await queue.submit(batchOf(1, batch));
    const poisoned = batch.map((patch) => patch.index).filter(isPoisoned);
    expect(refusedIndexes(receipt)).toEqual(poisoned);
    expect(await storedIds('observations', 'id')).toHaveLength(BATCH - count);
    expect(await wrongSums(database.pool)).toEqual({});
    if (transactions === 'one transaction') expect(commits()).toBe(1);
    else expect(commits()).toBeGreaterThan(1);
  });

  it('never makes a transaction with more than 64 subtransactions', async () => {
    const statements: string[] = [];
    spyOnStatements((text) => statements.push(text));
    await queue.submit(
      batchOf(
        1,
        observations((index) => index % 5 === 0),
      ),
    );
    const perTransaction = statements
      .join('\n')
      .split('COMMIT')
      .map((transaction) => transaction.match(/^SAVEPOINT|; SAVEPOINT/gm)?.length ?? 0);
    expect(perTransaction.length).toBeGreaterThan(3);
    expect(Math.max(...perTransaction)).toBeLessThanOrEqual(64);
  });

  it('does not concern other callers, even when they write about the same trace and observation', async () => {
    const own = [observation(1, { name: 'poison', stamp: 8 }), trace(1, { name: 'poison', stamp: 8 })];
    const other = [observation(1, { name: 'fine', index: 4 }), trace(1, { name: 'fine', index: 5 })];
    const third = [observation(1, { level: 'ERROR', index: 9 }), observation(51), trace(1, { userId: 'u' })];
    const receipts = await Promise.all([own, other, third].map((patches) => queue.submit(batchOf(1, patches))));
    expect(receipts.map((receipt) => receipt.rejected.map(({ kind, index }) => [kind, index]))).toEqual([
      [
        ['trace', 1],
        ['observation', 1],
      ],
      [],
      [],
    ]);
    const stored = await database.pool.query('SELECT id, name, level FROM observations ORDER BY id');
    expect(stored.rows).toEqual([
      { id: 'obs-1', name: 'fine', level: 'ERROR' },
      { id: 'obs-51', name: null, level: null },
    ]);
    const traces = await database.pool.query('SELECT name, user_id FROM traces');
    expect(traces.rows).toEqual([{ name: 'fine', user_id: 'u' }]);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('as a trace does not take its observations with it', async () => {
    const receipt = await queue.submit(
      batchOf(1, [
        trace(7, { name: 'poison' }),
        trace(8, { name: 'fine' }),
        observation(7),
        observation(57),
        observation(8),
      ]),
    );
    expect(receipt.rejected).toMatchObject([{ kind: 'trace', index: 7, id: 'trace-7' }]);
    expect(await storedIds('observations', 'id')).toEqual(['obs-57', 'obs-7', 'obs-8']);
    const { rows } = await database.pool.query(
      'SELECT trace_id, name, observation_count FROM traces ORDER BY trace_id',
    );
    expect(rows).toEqual([
      { trace_id: 'trace-7', name: null, observation_count: '2' },
      { trace_id: 'trace-8', name: 'fine', observation_count: '1' },
    ]);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('as an update leaves what is stored as it was', async () => {
    await queue.submit(batchOf(1, [observation(1, { name: 'fine' }), trace(1)]));
    const receipt = await queue.submit(
      batchOf(1, [observation(1, { name: 'poison', stamp: 9, model: 'other', usage: { input: 50 } }), observation(51)]),
    );
    expect(refusedIndexes(receipt)).toEqual([1]);
    const { rows } = await database.pool.query('SELECT id, name, model, input_tokens FROM observations ORDER BY id');
    expect(rows).toEqual([
      { id: 'obs-1', name: 'fine', model: 'm', input_tokens: '1' },
      { id: 'obs-51', name: null, model: 'm', input_tokens: '1' },
    ]);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  const incompressible = (bytes: number): string =>
    Array.from({ length: bytes / 8 }, (_, i) =>
      Math.imul(i + 1, 0x9e3779b1)
        .toString(16)
        .slice(-8)
        .padStart(8, '0'),
    ).join('');

  // What the mappers in front keep out; here, what happens to a value that gets past them.
  it.each<[string, string, Patch]>([
    ['U+0000 in an observation’s name', '22021', observation(3, { name: 'a\0' })],
    ['U+0000 in an input', '22021', observation(3, { input: '"\0"' })],
    ['the escape of U+0000 in a trace’s metadata', '22P05', trace(3, { metadata: new Map([['k', '"\\u0000"']]) })],
    ['U+0000 in a tag', '22P05', trace(3, { tags: ['a\0'] })],
    [
      'the escape of a lone surrogate in a trace’s metadata',
      '22P02',
      trace(3, { metadata: new Map([['k', '"\\ud800"']]) }),
    ],
    ['a trace’s metadata that is no JSON', '22P02', trace(3, { metadata: new Map([['k', '{']]) })],
    ['a number beyond numeric in a trace’s metadata', '22003', trace(3, { metadata: new Map([['k', '1e200000']]) })],
    [
      'metadata nested 100,000 levels deep',
      '54001',
      trace(3, { metadata: new Map([['k', '['.repeat(1e5) + ']'.repeat(1e5)]]) }),
    ],
    ['a name too long for an index', '54000', trace(3, { name: incompressible(10_000) })],
    ['a token count beyond 2^53', '', observation(3, { usage: { input: 2 ** 60 } })],
    ['a cost that is no number', '', observation(3, { statedCost: { total: NaN } })],
    ['a time that is no number', '', observation(3, { endTime: NaN })],
    ['a latency that is infinite', '', trace(3, { statedLatencySeconds: Infinity })],
    ['a name that is no text', '', observation(3, { name: 5 as unknown as string })],
  ])('is refused alone for %s', async (_case, sqlState, poisoned) => {
    const healthy = [observation(103), trace(3, { index: 1, userId: 'u' }), observation(4), trace(4)];
    const [own, other] = await Promise.all([
      queue.submit(batchOf(1, [poisoned, observation(53)])),
      queue.submit(batchOf(1, healthy)),
    ]);
    expect(own.rejected).toEqual([
      {
        kind: poisoned.kind,
        index: 3,
        id: poisoned.kind === 'trace' ? 'trace-3' : 'obs-3',
        code: 'NOT_STORABLE',
        message: expect.stringContaining('the database refuses it: '),
      },
    ]);
    expect(other.rejected).toEqual([]);
    expect(await storedIds('observations', 'id')).toEqual(['obs-103', 'obs-4', 'obs-53']);
    expect(await storedIds('traces', 'trace_id')).toEqual(['trace-3', 'trace-4']);
    expect(await wrongSums(database.pool)).toEqual({});
    const { rows } = await database.pool.query('SELECT kind, trace_id, sqlstate FROM quarantine');
    expect(rows).toEqual([{ kind: poisoned.kind, trace_id: 'trace-3', sqlstate: sqlState }]);
  });

  it('may be sums that no longer fit: those that came before stay', async () => {
    const huge = Number.MAX_SAFE_INTEGER - 5;
    await queue.submit(batchOf(1, [observation(1, { usage: { total: huge } })]));
    const receipt = await queue.submit(
      batchOf(1, [observation(51, { usage: { total: huge } }), observation(101), observation(2)]),
    );
    expect(refusedIndexes(receipt)).toEqual([51]);
    expect(await storedIds('observations', 'id')).toEqual(['obs-1', 'obs-101', 'obs-2']);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  describe('in quarantine', () => {
    it('is kept with its project, its reason and all that was said', async () => {
      const poisoned = observation(617, {
        name: 'poison',
        input: '"a\\u0000"',
        metadata: new Map([['__proto__', '1']]),
      });
      await queue.submit(batchOf(5, [poisoned, trace(1, { name: 'poison' }), observation(1)]));
      const { rows } = await database.pool.query<{ content: Buffer; bytes: number }>(
        `SELECT project_no, kind, trace_id, id, sqlstate, reason, bytes, content, received_at > now() - interval '1 minute' AS recent
         FROM quarantine ORDER BY kind`,
      );
      expect(rows).toMatchObject([
        {
          project_no: 5,
          kind: 'observation',
          trace_id: 'trace-17',
          id: 'obs-617',
          sqlstate: '23514',
          reason: 'poison in observations',
          recent: true,
        },
        {
          project_no: 5,
          kind: 'trace',
          trace_id: 'trace-1',
          id: 'trace-1',
          sqlstate: '23514',
          reason: 'poison in traces',
        },
      ]);
      expect(rows[0]!.bytes).toBe(rows[0]!.content.length);
      expect(JSON.parse(rows[0]!.content.toString())).toEqual({ ...poisoned, metadata: [['__proto__', '1']] });
    });

    it('is kept once per id, the newest', async () => {
      for (const name of ['poison one', 'poison two']) await queue.submit(batchOf(1, [observation(1, { name })]));
      const { rows } = await database.pool.query<{ content: Buffer }>('SELECT content FROM quarantine');
      expect(rows).toHaveLength(1);
      expect(rows[0]!.content.toString()).toContain('poison two');
    });

    it('gives way to newer ones beyond ten thousand', async () => {
      await database.pool.query(
        `INSERT INTO quarantine SELECT 1, 'trace', 'old', i::text, now() - interval '1 day' - i * interval '1 second', '22021', 'r', 1, 'x'
         FROM generate_series(1, 10000) i`,
      );
      await queue.submit(batchOf(1, [observation(1, { name: 'poison' }), observation(2, { name: 'poison' })]));
      const { rows } = await database.pool.query(
        `SELECT count(*)::int AS kept, max(id::int) FILTER (WHERE trace_id = 'old') AS oldest FROM quarantine WHERE id ~ '^\\d+$'`,
      );
      expect(rows).toEqual([{ kept: 9998, oldest: 9998 }]);
    });

    it('gives way to newer ones beyond 64 MiB', async () => {
      await database.pool.query(
        `INSERT INTO quarantine SELECT 1, 'trace', 'old', i::text, now() - i * interval '1 minute', '22021', 'r', 32 * 1024 * 1024, 'x'
         FROM generate_series(1, 3) i`,
      );
      await queue.submit(batchOf(1, [observation(1, { name: 'poison' })]));
      const { rows } = await database.pool.query('SELECT id FROM quarantine ORDER BY received_at DESC');
      expect(rows).toEqual([{ id: 'obs-1' }, { id: '1' }]);
    });

    it('is kept even when it is its id that cannot be stored', async () => {
      const receipt = await queue.submit(
        batchOf(1, [observation(1, { id: 'a\0' }), observation(2, { name: 'poison' }), observation(3)]),
      );
      expect(refusedIndexes(receipt)).toEqual([1, 2]);
      expect(await storedIds('observations', 'id')).toEqual(['obs-3']);
      const { rows } = await database.pool.query<{ id: string; content: Buffer }>(
        'SELECT id, content FROM quarantine ORDER BY id',
      );
      expect(rows.map((row) => row.id)).toEqual(['a\ufffd', 'obs-2']);
      expect(JSON.parse(rows[0]!.content.toString())).toMatchObject({ id: 'a\0' });
    });
  });

  function spyOnStatements(see: (text: string) => void): void {
    const query = Object.getOwnPropertyDescriptor(Client.prototype, 'query')!.value as (...args: unknown[]) => unknown;
    jest.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...args: unknown[]) {
      const [first] = args;
      see(typeof first === 'string' ? first : ((first as { text?: string }).text ?? ''));
      return query.apply(this, args);
    });
  }

  function countStatements(pattern: RegExp): () => number {
    let count = 0;
    spyOnStatements((text) => (count += pattern.test(text) ? 1 : 0));
    return () => count;
  }
});
