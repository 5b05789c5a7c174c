import { type ObservationPatch } from '../../src/domain/observation.js';
import { type TracePatch } from '../../src/domain/trace.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { type TestDatabase } from '../support/database.js';
import { type Contents, emptyTables, storedContents, wrongSums } from '../support/fold.js';
import { batchOf, NOW_MS, type Patch } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

const HOUR = 3_600_000_000;
const NOW = NOW_MS * 1000;
/** A full hour, so that hours and minutes can be read off. */
const T0 = NOW - (NOW % HOUR) - 10 * HOUR;
const MINUTE = 60_000_000;

const trace = (stamp: number, fields: Partial<TracePatch> = {}): TracePatch => ({
  kind: 'trace',
  index: 0,
  traceId: 't',
  stamp,
  ...fields,
});
const observation = (id: string, stamp: number, fields: Partial<ObservationPatch> = {}): ObservationPatch => ({
  kind: 'observation',
  index: 0,
  traceId: 't',
  id,
  stamp,
  ...fields,
});

describe('sums', () => {
  let database: TestDatabase;
  let queue: WriteQueue;
  beforeAll(async () => {
    database = await createWriteDatabase();
    queue = openQueue(database.connection);
  });
  afterEach(() => emptyTables(database.pool));
  afterAll(async () => {
    await queue.stop();
    await database.drop();
  });

  /** Each list is a delivery of its own. What is stored after the last one. */
  async function afterwards(...deliveries: Patch[][]): Promise<Contents> {
    for (const patches of deliveries) {
      await queue.submit(batchOf(1, patches));
      expect(await wrongSums(database.pool)).toEqual({});
    }
    return storedContents(database.pool, 1);
  }

  it('of a trace and its session follow a late observation', async () => {
    const usage = { input: 3, output: 4 };
    const stored = await afterwards(
      [
        trace(2, { sessionId: 's', timestamp: T0 }),
        observation('a', 2, { startTime: T0, endTime: T0 + MINUTE, usage }),
      ],
      [
        observation('late', 2, {
          startTime: T0 + MINUTE,
          endTime: T0 + 5 * MINUTE,
          type: 'GENERATION',
          level: 'ERROR',
          usage,
        }),
      ],
    );
    expect(stored.traces).toMatchObject([
      { observation_count: 2, generation_count: 1, error_count: 1, total_tokens: 14, last_end: T0 + 5 * MINUTE },
    ]);
    expect(stored.sessions).toMatchObject([
      { trace_count: 1, observation_count: 2, total_tokens: 14, first_time: T0, last_time: T0 + 5 * MINUTE },
    ]);
  });

  it('take back what an update corrects: tokens, cost, type, level', async () => {
    const stored = await afterwards(
      [
        observation('a', 2, {
          startTime: T0,
          type: 'GENERATION',
          level: 'ERROR',
          model: 'm',
          usage: { input: 9 },
          statedCost: { total: 1 },
        }),
      ],
      [
        observation('a', 4, {
          type: 'EMBEDDING',
          level: 'DEFAULT',
          usage: { input: 1, output: 1 },
          statedCost: { total: 0.5 },
        }),
      ],
    );
    const corrected = {
      observation_count: 1,
      generation_count: 0,
      error_count: 0,
      input_tokens: 1,
      output_tokens: 1,
      cost_nano_usd: 5e8,
    };
    expect(stored.traces).toMatchObject([corrected]);
    const { generation_count: _generations, error_count: _errors, ...kept } = corrected;
    expect(stored.traceModels).toMatchObject([{ model: 'm', ...kept }]);
    expect(stored.usageHourly).toMatchObject([{ hour: T0, model: 'm', ...corrected }]);
  });

  it('take back tokens that are cleared', async () => {
    const stored = await afterwards(
      [observation('a', 2, { startTime: T0, usage: { input: 9 }, statedCost: { total: 1 } })],
      [observation('a', 4, { usage: null, statedCost: null })],
    );
    expect(stored.traces).toMatchObject([{ observation_count: 1, input_tokens: 0, cost_nano_usd: 0 }]);
    expect(stored.observations).toMatchObject([{ input_tokens: null, cost_nano_usd: null }]);
  });

  it('move to another model, and to an earlier hour, with what belongs to them', async () => {
    const stored = await afterwards(
      [observation('a', 2, { startTime: T0 + 2 * HOUR, model: 'm1', usage: { input: 9 } })],
      [observation('a', 4, { startTime: T0 + HOUR - 1, model: 'm2' })],
    );
    expect(stored.usageHourly).toMatchObject([{ hour: T0, model: 'm2', observation_count: 1, input_tokens: 9 }]);
    expect(stored.traceModels).toMatchObject([{ model: 'm2', observation_count: 1, input_tokens: 9 }]);
  });

  it('count by arrival while no start is known, and by the start once it is', async () => {
    const unknown = await afterwards([observation('a', 2)]);
    expect(unknown.usageHourly).toMatchObject([{ hour: NOW - (NOW % HOUR), model: '', observation_count: 1 }]);
    expect(unknown.traces).toMatchObject([{ ts: NOW, first_start: null, last_end: null }]);
    const known = await afterwards([observation('a', 3, { startTime: T0 + 1 })]);
    expect(known.usageHourly).toMatchObject([{ hour: T0, observation_count: 1 }]);
    expect(known.traces).toMatchObject([{ ts: T0 + 1, first_start: T0 + 1, last_end: T0 + 1 }]);
  });

  it('move with the trace to another session, and leave it when the session is cleared', async () => {
    const one = [trace(2, { sessionId: 's1' }), observation('a', 2, { startTime: T0, usage: { input: 9 } })];
    const two = [
      trace(2, { sessionId: 's1', traceId: 'u' }),
      observation('a', 2, { traceId: 'u', startTime: T0 + HOUR, usage: { input: 1 } }),
    ];
    const moved = await afterwards([...one, ...two], [trace(4, { sessionId: 's2' })]);
    expect(moved.sessions).toMatchObject([
      { session_id: 's1', trace_count: 1, input_tokens: 1, first_time: T0 + HOUR },
      { session_id: 's2', trace_count: 1, input_tokens: 9, first_time: T0 },
    ]);
    const cleared = await afterwards([trace(6, { sessionId: null })]);
    expect(cleared.sessions).toMatchObject([{ session_id: 's1', trace_count: 1, input_tokens: 1 }]);
    const back = await afterwards([trace(8, { sessionId: 's1' })]);
    expect(back.sessions).toMatchObject([{ session_id: 's1', trace_count: 2, input_tokens: 10, first_time: T0 }]);
  });

  it('change sessions in one delivery together with their observations', async () => {
    const stored = await afterwards(
      [trace(2, { sessionId: 's1' }), observation('a', 2, { startTime: T0, usage: { input: 9 } })],
      [
        trace(4, { sessionId: 's2' }),
        observation('a', 4, { usage: { input: 1 } }),
        observation('b', 2, { usage: { input: 5 } }),
      ],
    );
    expect(stored.sessions).toMatchObject([
      { session_id: 's2', trace_count: 1, observation_count: 2, input_tokens: 6 },
    ]);
  });

  describe('know the end of a trace', () => {
    const end = (minutes: number): Partial<ObservationPatch> => ({ startTime: T0, endTime: T0 + minutes * MINUTE });

    it('that moves to an earlier time when the last observation is corrected', async () => {
      const stored = await afterwards(
        [trace(2, { sessionId: 's' }), observation('a', 2, end(50)), observation('b', 2, end(20))],
        [observation('a', 4, { endTime: T0 + 10 * MINUTE })],
      );
      expect(stored.traces).toMatchObject([{ last_end: T0 + 20 * MINUTE }]);
      expect(stored.sessions).toMatchObject([{ last_time: T0 + 20 * MINUTE }]);
    });

    it('when one observation moves back and another forward in the same delivery', async () => {
      const stored = await afterwards(
        [observation('a', 2, end(50)), observation('b', 2, end(20))],
        [
          observation('a', 4, { endTime: T0 + 10 * MINUTE }),
          observation('b', 4, { endTime: T0 + 30 * MINUTE }),
          observation('c', 2, end(25)),
        ],
      );
      expect(stored.traces).toMatchObject([{ last_end: T0 + 30 * MINUTE }]);
    });

    it('when the end of the last observation is cleared', async () => {
      const stored = await afterwards(
        [trace(2, { sessionId: 's' }), observation('a', 2, end(50)), observation('b', 2, end(20))],
        [observation('a', 4, { endTime: null })],
      );
      expect(stored.traces).toMatchObject([{ last_end: T0 + 20 * MINUTE }]);
      expect(stored.sessions).toMatchObject([{ last_time: T0 + 20 * MINUTE }]);
    });

    it('when an earlier start takes an observation without an end back', async () => {
      const stored = await afterwards(
        [observation('a', 2, { startTime: T0 + 50 * MINUTE }), observation('b', 2, end(20))],
        [observation('a', 3, { startTime: T0 })],
      );
      expect(stored.traces).toMatchObject([{ first_start: T0, last_end: T0 + 20 * MINUTE }]);
    });

    it('never before its start, whatever the clocks of the clients said', async () => {
      const stored = await afterwards([observation('a', 2, { startTime: T0, endTime: T0 - HOUR })]);
      expect(stored.traces).toMatchObject([{ first_start: T0, last_end: T0 }]);
      expect(stored.observations).toMatchObject([{ end_time: T0 - HOUR }]);
    });
  });

  describe('know the bounds of a session', () => {
    it('that narrow when a trace turns out to have begun later', async () => {
      const stored = await afterwards(
        [trace(2, { sessionId: 's' }), observation('a', 2, { startTime: T0 })],
        [trace(3, { timestamp: T0 + MINUTE })],
      );
      expect(stored.sessions).toMatchObject([{ first_time: T0 + MINUTE, last_time: T0 + MINUTE }]);
    });

    it('of traces without any observation: their own times', async () => {
      const stored = await afterwards([
        trace(2, { sessionId: 's', timestamp: T0 }),
        trace(2, { sessionId: 's', timestamp: T0 + HOUR, traceId: 'u' }),
      ]);
      expect(stored.sessions).toMatchObject([
        { trace_count: 2, observation_count: 0, first_time: T0, last_time: T0 + HOUR },
      ]);
    });

    it('that narrow when the first and the last trace leave', async () => {
      const at = (traceId: string, timestamp: number): Patch => trace(2, { sessionId: 's', timestamp, traceId });
      const stored = await afterwards(
        [at('a', T0), at('b', T0 + HOUR), at('c', T0 + 2 * HOUR)],
        [trace(4, { traceId: 'a', sessionId: 'other' }), trace(4, { traceId: 'c', sessionId: null })],
      );
      expect(stored.sessions).toMatchObject([
        { session_id: 'other', trace_count: 1 },
        { session_id: 's', trace_count: 1, first_time: T0 + HOUR, last_time: T0 + HOUR },
      ]);
    });
  });

  it('of different projects never mix', async () => {
    const patches = [
      trace(2, { sessionId: 's' }),
      observation('a', 2, { startTime: T0, model: 'm', usage: { input: 9 } }),
    ];
    await Promise.all([1, 2].map((no) => queue.submit(batchOf(no, patches))));
    await queue.submit(batchOf(2, [observation('b', 2, { startTime: T0, model: 'm', usage: { input: 1 } })]));
    expect((await storedContents(database.pool, 1)).sessions).toMatchObject([{ input_tokens: 9 }]);
    const second = await storedContents(database.pool, 2);
    expect(second.sessions).toMatchObject([{ input_tokens: 10 }]);
    expect(second.usageHourly).toMatchObject([{ input_tokens: 10 }]);
    expect(await wrongSums(database.pool)).toEqual({});
  });
});
