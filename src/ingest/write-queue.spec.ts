import { Logger } from '@nestjs/common';
import { OverCapacity, Unavailable } from '../domain/errors.js';
import { type IngestBatch } from '../domain/ingest-batch.js';
import { type ObservationPatch } from '../domain/observation.js';
import { type TracePatch } from '../domain/trace.js';
import { laneOf } from '../storage/lane.js';
import { type TraceWork } from '../storage/trace-writer.js';
import { type RefusedPatch, type WriteConnection } from '../storage/write-connection.js';
import { type FlushAttempt } from './flush-loop.js';
import { WriteQueue, type WriteQueueOptions } from './write-queue.js';

type Answer = RefusedPatch[] | Error;

/** A connection whose every flush waits until the test answers it. */
class ScriptedConnection {
  readonly flushed: { works: readonly TraceWork[]; answer: (answer: Answer) => void }[] = [];
  isEnded = false;

  flush(works: readonly TraceWork[]): Promise<RefusedPatch[]> {
    return new Promise((resolve, reject) => {
      this.flushed.push({
        works,
        answer: (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)),
      });
    });
  }

  end(): Promise<void> {
    this.isEnded = true;
    return Promise.resolve();
  }

  get last() {
    return this.flushed.at(-1)!;
  }
}

function queueOf(connections: readonly ScriptedConnection[], options: Partial<WriteQueueOptions> = {}): WriteQueue {
  return new WriteQueue(connections as unknown as WriteConnection[], {
    maxBytes: 1000,
    deadlineMs: 4000,
    onRefused: () => Promise.resolve(),
    onMissingPartition: () => Promise.resolve(),
    nowMs: Date.now,
    ...options,
  });
}

const project = { no: 1, id: 'p' };
const observationOf = (id: string, traceId = 't', index = 0): ObservationPatch => ({
  kind: 'observation',
  index,
  traceId,
  id,
  stamp: 1,
});
const traceOf = (traceId: string, index = 0): TracePatch => ({ kind: 'trace', index, traceId, stamp: 1 });
const batchOf = (patches: readonly (TracePatch | ObservationPatch)[], bytes = 100): IngestBatch => ({
  project,
  traces: patches.filter((patch) => patch.kind === 'trace'),
  observations: patches.filter((patch) => patch.kind === 'observation'),
  bytes,
});

const withCode = (code: string, message = 'message'): Error => Object.assign(new Error(message), { code });

/** Lets everything run that does not wait for a timer. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Two trace ids that belong to different writers out of two. */
const even = ['t0', 't1', 't2', 't3', 't4'].find((id) => laneOf(1, id) % 2 === 0)!;
const odd = ['t0', 't1', 't2', 't3', 't4'].find((id) => laneOf(1, id) % 2 === 1)!;

describe('the write queue', () => {
  let connection: ScriptedConnection;
  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    connection = new ScriptedConnection();
  });
  afterEach(() => jest.useRealTimers());

  it('answers a caller only once its data is committed', async () => {
    const queue = queueOf([connection]);
    let receipt: unknown;
    const submitted = queue.submit(batchOf([observationOf('a')])).then((r) => (receipt = r));
    await settle();
    expect(connection.flushed).toHaveLength(1);
    expect(receipt).toBeUndefined();
    expect(queue.status.bytes).toBe(100);
    connection.last.answer([]);
    await submitted;
    expect(receipt).toEqual({ rejected: [] });
    expect(queue.status.bytes).toBe(0);
  });

  it('has nothing to do for an empty batch', async () => {
    const queue = queueOf([connection]);
    await expect(queue.submit(batchOf([]))).resolves.toEqual({ rejected: [] });
    await settle();
    expect(connection.flushed).toHaveLength(0);
  });

  it('puts requests that arrive together into one transaction, and those that arrive during it into the next', async () => {
    const queue = queueOf([connection]);
    const first = [queue.submit(batchOf([observationOf('a')])), queue.submit(batchOf([observationOf('b', 't2')]))];
    await settle();
    expect(connection.flushed).toHaveLength(1);
    expect(connection.last.works.map((work) => work.traceId)).toEqual(['t', 't2']);
    const second = [queue.submit(batchOf([observationOf('c')])), queue.submit(batchOf([observationOf('d')]))];
    await settle();
    expect(connection.flushed).toHaveLength(1);
    connection.last.answer([]);
    await Promise.all(first);
    await settle();
    expect(connection.flushed).toHaveLength(2);
    expect([...connection.last.works[0]!.observations.keys()]).toEqual(['c', 'd']);
    connection.last.answer([]);
    await Promise.all(second);
  });

  it('waits for the end of the turn in which requests arrive, because each has a callback of its own', async () => {
    const queue = queueOf([connection]);
    const submitted = await Promise.all(
      ['a', 'b', 'c'].map(
        (id) =>
          // All three run in one turn, with their microtasks in between.
          new Promise<{ receipt: Promise<unknown> }>((resolve) =>
            setImmediate(() => resolve({ receipt: queue.submit(batchOf([observationOf(id)])) })),
          ),
      ),
    );
    await settle();
    expect([...connection.last.works[0]!.observations.keys()]).toEqual(['a', 'b', 'c']);
    expect(connection.flushed).toHaveLength(1);
    connection.last.answer([]);
    await Promise.all(submitted.map(({ receipt }) => receipt));
  });

  it('gathers what several requests say about one observation', async () => {
    const queue = queueOf([connection]);
    const patches = [observationOf('a'), observationOf('a')];
    const submitted = patches.map((patch) => queue.submit(batchOf([patch, traceOf('t')])));
    await settle();
    const [work] = connection.last.works;
    expect(work!.patches).toHaveLength(2);
    expect(work!.observations.get('a')).toEqual(patches);
    connection.last.answer([]);
    await Promise.all(submitted);
  });

  it('keeps transactions short: about four thousand patches each, but never less than one request', async () => {
    const queue = queueOf([connection], { maxBytes: 1_000_000 });
    const large = (name: string, count: number): Promise<unknown> =>
      queue.submit(batchOf(Array.from({ length: count }, (_, i) => observationOf(`${name}${i}`))));
    const submitted = [large('a', 3000), large('b', 1000), large('c', 1), large('d', 9000), large('e', 1)];
    const sizes: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      await settle();
      sizes.push(connection.last.works.reduce((sum, work) => sum + work.observations.size, 0));
      connection.last.answer([]);
    }
    await Promise.all(submitted);
    expect(sizes).toEqual([4000, 1, 9000, 1]);
  });

  it('writes all that concerns a trace over one connection', async () => {
    const connections = [new ScriptedConnection(), new ScriptedConnection()];
    const queue = queueOf(connections);
    const submitted = Array.from({ length: 40 }, (_, i) =>
      queue.submit(batchOf([traceOf(`t${i % 20}`), observationOf(`o${i}`, `t${i % 20}`)], 1)),
    );
    await settle();
    const ids = connections.map((c) => c.last.works.map((work) => work.traceId));
    expect(ids[0]!.length + ids[1]!.length).toBe(20);
    expect(ids[0]!.length).toBeGreaterThan(0);
    expect(ids[1]!.length).toBeGreaterThan(0);
    connections.forEach((c) => c.last.answer([]));
    await Promise.all(submitted);
  });

  describe('when it is full', () => {
    it('refuses before it takes anything, and takes again once there is room', async () => {
      const queue = queueOf([connection], { maxBytes: 250 });
      const first = queue.submit(batchOf([observationOf('a')], 200));
      await expect(queue.submit(batchOf([observationOf('b')], 51))).rejects.toBeInstanceOf(OverCapacity);
      const second = queue.submit(batchOf([observationOf('c')], 50));
      expect(queue.status.bytes).toBe(250);
      await settle();
      expect([...connection.last.works[0]!.observations.keys()]).toEqual(['a', 'c']);
      connection.last.answer([]);
      await Promise.all([first, second]);
      expect(queue.status.bytes).toBe(0);
      const third = queue.submit(batchOf([observationOf('b')], 250));
      await settle();
      connection.last.answer([]);
      await third;
    });

    it('lets a single batch pass that is larger than the whole queue', async () => {
      const queue = queueOf([connection], { maxBytes: 10 });
      const submitted = queue.submit(batchOf([observationOf('a')], 10_000));
      await settle();
      connection.last.answer([]);
      await expect(submitted).resolves.toEqual({ rejected: [] });
    });
  });

  describe('while somebody listens', () => {
    it('tells of every attempt how many items it had, how long it took and what failed', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] });
      const attempts: FlushAttempt[] = [];
      const queue = queueOf([connection], { onFlush: (attempt) => attempts.push(attempt) });
      const submitted = queue.submit(batchOf([observationOf('a'), traceOf('t')]));
      await settle();
      connection.last.answer(withCode('40P01'));
      await jest.advanceTimersByTimeAsync(1000);
      await settle();
      connection.last.answer([]);
      await submitted;
      expect(attempts).toEqual([
        { items: 2, durationMs: expect.any(Number), fault: 'transient' },
        { items: 2, durationMs: expect.any(Number) },
      ]);
      expect(attempts.every(({ durationMs }) => durationMs >= 0)).toBe(true);
    });

    it('says how many of its writers are at work', async () => {
      const connections = [new ScriptedConnection(), new ScriptedConnection()];
      const queue = queueOf(connections);
      expect(queue.status.writers.busy).toBe(0);
      const submitted = queue.submit(batchOf([observationOf('a', even)]));
      await settle();
      expect(queue.status.writers.busy).toBe(1);
      connections[0]!.last.answer([]);
      await submitted;
      await settle();
      expect(queue.status.writers.busy).toBe(0);
    });
  });

  describe('when it stops', () => {
    it('refuses new batches and finishes accepted ones before it closes the connections', async () => {
      const queue = queueOf([connection]);
      const running = queue.submit(batchOf([observationOf('a')]));
      await settle();
      const waiting = queue.submit(batchOf([observationOf('b')]));
      let hasStopped = false;
      const stopped = queue.stop().then(() => (hasStopped = true));
      await expect(queue.submit(batchOf([observationOf('c')]))).rejects.toBeInstanceOf(Unavailable);
      await settle();
      expect([hasStopped, connection.isEnded]).toEqual([false, false]);
      connection.last.answer([]);
      await running;
      await settle();
      expect([hasStopped, connection.isEnded]).toEqual([false, false]);
      connection.last.answer([]);
      await Promise.all([waiting, stopped]);
      expect([hasStopped, connection.isEnded]).toEqual([true, true]);
      expect(connection.flushed).toHaveLength(2);
    });

    it('also finishes what was accepted in the same moment', async () => {
      const queue = queueOf([connection]);
      const submitted = queue.submit(batchOf([observationOf('a')]));
      const stopped = queue.stop();
      await settle();
      connection.last.answer([]);
      await expect(submitted).resolves.toEqual({ rejected: [] });
      await stopped;
    });
  });

  describe('when the database fails for a moment', () => {
    it.each(['40P01', '57P01', '53100', 'ECONNREFUSED', 'EPIPE', '57014'])('tries again after %s', async (code) => {
      jest.useFakeTimers({ doNotFake: ['setImmediate'] });
      const queue = queueOf([connection]);
      const submitted = queue.submit(batchOf([observationOf('a')]));
      await settle();
      connection.last.answer(withCode(code));
      await jest.advanceTimersByTimeAsync(1000);
      await settle();
      expect(connection.flushed).toHaveLength(2);
      connection.last.answer([]);
      await expect(submitted).resolves.toEqual({ rejected: [] });
    });

    it('waits longer each time, and a second when the disk is full', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate'] });
      const queue = queueOf([connection], { deadlineMs: 60_000 });
      const submitted = queue.submit(batchOf([observationOf('a')]));
      await settle();
      const waits: number[] = [];
      for (const code of ['40P01', '40P01', '40P01', '40P01', '40P01', '40P01', '40P01', '53100']) {
        const attempts = connection.flushed.length;
        const since = Date.now();
        connection.last.answer(withCode(code));
        while (connection.flushed.length === attempts) await jest.advanceTimersByTimeAsync(10);
        waits.push(Date.now() - since);
      }
      expect(waits).toEqual([20, 40, 80, 160, 320, 500, 500, 1000]);
      connection.last.answer([]);
      await submitted;
    });

    it('tells the caller Unavailable at its deadline, forgets the data and goes on', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate'] });
      const queue = queueOf([connection]);
      let failure: unknown;
      const submitted = queue.submit(batchOf([observationOf('a')])).catch((error: unknown) => (failure = error));
      const since = Date.now();
      await settle();
      while (failure === undefined) {
        connection.last.answer(withCode('57P03'));
        await jest.advanceTimersByTimeAsync(10);
        await settle();
      }
      await submitted;
      expect(failure).toBeInstanceOf(Unavailable);
      expect(Date.now() - since).toBeLessThanOrEqual(4000);
      expect(queue.status.bytes).toBe(0);
      const next = queue.submit(batchOf([observationOf('b')]));
      await settle();
      expect([...connection.last.works[0]!.observations.keys()]).toEqual(['b']);
      connection.last.answer([]);
      await expect(next).resolves.toEqual({ rejected: [] });
    });

    it('gives every caller its own deadline', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate'] });
      let nowMs = 0;
      const queue = queueOf([connection], { nowMs: () => nowMs });
      const early = queue.submit(batchOf([observationOf('early')]));
      nowMs = 3900;
      const late = queue.submit(batchOf([observationOf('late')]));
      await settle();
      nowMs = 3990;
      connection.last.answer(withCode('57P03'));
      await expect(early).rejects.toBeInstanceOf(Unavailable);
      await jest.advanceTimersByTimeAsync(20);
      await settle();
      expect([...connection.last.works[0]!.observations.keys()]).toEqual(['late']);
      connection.last.answer([]);
      await expect(late).resolves.toEqual({ rejected: [] });
    });

    it('makes a missing partition and tries again', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate'] });
      const onMissingPartition = jest.fn(() => Promise.resolve());
      const queue = queueOf([connection], { onMissingPartition });
      const submitted = queue.submit(batchOf([observationOf('a')]));
      await settle();
      connection.last.answer(Object.assign(withCode('23514'), { routine: 'ExecFindPartition' }));
      await jest.advanceTimersByTimeAsync(20);
      await settle();
      expect(onMissingPartition).toHaveBeenCalledTimes(1);
      expect(connection.flushed).toHaveLength(2);
      connection.last.answer([]);
      await expect(submitted).resolves.toEqual({ rejected: [] });
    });

    it('survives that the partition cannot be made', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate'] });
      const queue = queueOf([connection], { onMissingPartition: () => Promise.reject(new Error('no right to')) });
      const submitted = queue.submit(batchOf([observationOf('a')]));
      await settle();
      connection.last.answer(Object.assign(withCode('23514'), { routine: 'ExecFindPartition' }));
      await jest.advanceTimersByTimeAsync(20);
      await settle();
      connection.last.answer([]);
      await expect(submitted).resolves.toEqual({ rejected: [] });
    });
  });

  describe('when the fault is our own', () => {
    it.each([withCode('42P01'), withCode('XX000'), new TypeError('x is not a function')])(
      'does not try again: %p',
      async (defect) => {
        const queue = queueOf([connection]);
        const submitted = queue.submit(batchOf([observationOf('a')]));
        await settle();
        connection.last.answer(defect);
        await expect(submitted).rejects.toBe(defect);
        expect(connection.flushed).toHaveLength(1);
        expect(queue.status.bytes).toBe(0);
      },
    );

    it('fails a batch over two connections once both are done', async () => {
      const connections = [new ScriptedConnection(), new ScriptedConnection()];
      const queue = queueOf(connections);
      let outcome: unknown;
      const submitted = queue.submit(batchOf([observationOf('a', even), observationOf('b', odd)])).then(
        (receipt) => (outcome = receipt),
        (error: unknown) => (outcome = error),
      );
      await settle();
      const defect = withCode('42P01');
      connections[0]!.last.answer(defect);
      await settle();
      expect(outcome).toBeUndefined();
      connections[1]!.last.answer([]);
      await submitted;
      expect(outcome).toBe(defect);
    });
  });

  describe('when PostgreSQL refuses an item for good', () => {
    const refusal = (patch: TracePatch | ObservationPatch): RefusedPatch => ({
      projectNo: 1,
      patch,
      sqlState: '22021',
      reason: 'invalid byte sequence',
    });

    it('tells its own caller which one and why, and other callers nothing', async () => {
      const queue = queueOf([connection]);
      const bad = observationOf('bad', 't', 7);
      const badTrace = traceOf('t', 3);
      const other = queue.submit(batchOf([observationOf('bad', 't', 0)]));
      const owner = queue.submit(batchOf([observationOf('good', 't', 6), bad, badTrace]));
      await settle();
      connection.last.answer([refusal(bad), refusal(badTrace)]);
      const told = { code: 'NOT_STORABLE', message: 'the database refuses it: invalid byte sequence' };
      await expect(owner).resolves.toEqual({
        rejected: [
          { kind: 'observation', index: 7, id: 'bad', ...told },
          { kind: 'trace', index: 3, id: 't', ...told },
        ],
      });
      await expect(other).resolves.toEqual({ rejected: [] });
    });

    it('answers even when the refused item cannot be kept', async () => {
      const onRefused = jest.fn(() => Promise.reject(new Error('no quarantine')));
      const queue = queueOf([connection], { onRefused });
      const bad = observationOf('bad');
      const submitted = queue.submit(batchOf([bad]));
      await settle();
      connection.last.answer([refusal(bad)]);
      await expect(submitted).resolves.toMatchObject({ rejected: [{ id: 'bad' }] });
      expect(onRefused).toHaveBeenCalledTimes(1);
    });
  });
});
