import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, type JsonObject, observationNamed, startE2eServer, uniqueId } from './support/api.js';

jest.setTimeout(60_000);

/** A worker of an application that speaks xtrace's own batch protocol, as its Rust and Python clients do. */
class Worker {
  constructor(private readonly api: Api) {}

  send(trace: JsonObject | null, ...observations: JsonObject[]): Promise<void> {
    // The Rust client writes what is not set as null.
    return this.api.write(BATCH, { trace, observations });
  }
}

describe('clients of the xtrace batch protocol', () => {
  let server: RunningServer;
  let api: Api;
  let supervisor: Worker;
  let worker: Worker;
  let traceId: string;

  beforeAll(async () => {
    server = await startE2eServer();
    api = new Api(server.url);
    supervisor = new Worker(api);
    worker = new Worker(api);
  });
  beforeEach(() => {
    traceId = uniqueId('run');
  });
  afterAll(async () => {
    await server.stop();
  });

  it('get every documented field back', async () => {
    const trace = {
      id: traceId,
      timestamp: '2026-01-31T09:30:00.123Z',
      name: 'chat.turn',
      input: { text: 'hi' },
      output: ['a', 1, null],
      session_id: 'batch-session',
      release: 'r1',
      version: 'v1',
      userId: 'u1',
      metadata: { run_id: 'r-1', nested: { deep: [1, { x: true }] } },
      tags: ['b', 'a'],
      public: true,
      environment: 'prod',
      externalId: 'ext-1',
      bookmarked: true,
    };
    const observation = {
      id: 'step-1',
      traceId,
      type: 'GENERATION',
      name: 'chat.generation',
      startTime: '2026-01-31T09:30:01Z',
      endTime: '2026-01-31T09:30:03.5Z',
      completionStartTime: '2026-01-31T09:30:01.250Z',
      model: 'my-model',
      modelParameters: { temperature: 1, stop: ['x'] },
      input: 'plain text',
      output: { choices: [] },
      usage: { input: 10, output: 5, total: 15, unit: 'TOKENS' },
      level: 'WARNING',
      statusMessage: 'slow',
      parentObservationId: 'step-0',
      promptId: 'p-1',
      promptName: 'greeting',
      promptVersion: '3',
      modelId: 'm-1',
      inputPrice: 0.001,
      outputPrice: 0.002,
      totalPrice: 0.003,
      calculatedInputCost: 0.01,
      calculatedOutputCost: 0.02,
      calculatedTotalCost: 0.03,
      metadata: { attempt_index: 0 },
      environment: 'prod',
    };
    await supervisor.send(trace, observation);

    const read = await api.trace(traceId);
    const { session_id, ...sameNames } = trace;
    expect(read).toMatchObject({
      ...sameNames,
      sessionId: session_id,
      tags: ['a', 'b'],
      projectId: 'default',
      latency: 2.5,
      totalCost: 0.03,
    });
    expect(read.metadata).toEqual(trace.metadata);
    expect(read.observations).toHaveLength(1);
    expect(read.observations[0]).toMatchObject({
      ...observation,
      startTime: '2026-01-31T09:30:01.000Z',
      endTime: '2026-01-31T09:30:03.500Z',
      promptVersion: 3,
      usage: { input: 10, output: 5, total: 15, unit: 'TOKENS', inputCost: 0.01, outputCost: 0.02, totalCost: 0.03 },
      usageDetails: { input: 10, output: 5, total: 15 },
      promptTokens: 10,
      completionTokens: 5,
      totalTokens: 15,
      latency: 2.5,
      timeToFirstToken: 0.25,
    });
    expect(read.observations[0]!.metadata).toEqual(observation.metadata);
  });

  it('let a supervisor begin a trace and a worker continue it later under the same id', async () => {
    await supervisor.send({
      id: traceId,
      name: 'job',
      userId: 'u',
      sessionId: 'jobs',
      input: 'do it',
      tags: ['queued'],
    });
    await worker.send(null, { id: 'work', traceId, name: 'work', type: 'TOOL', startTime: '2026-01-31T10:00:00Z' });
    await worker.send(
      { id: traceId, output: 'done', tags: ['finished'] },
      { id: 'work', traceId, endTime: '2026-01-31T10:00:02Z', output: { ok: true }, level: 'ERROR' },
    );

    const trace = await api.trace(traceId);
    expect(trace).toMatchObject({
      name: 'job',
      userId: 'u',
      sessionId: 'jobs',
      input: 'do it',
      output: 'done',
      tags: ['finished', 'queued'],
      latency: 2,
    });
    expect(trace.observations).toHaveLength(1);
    expect(trace.observations[0]).toMatchObject({
      name: 'work',
      type: 'TOOL',
      startTime: '2026-01-31T10:00:00.000Z',
      endTime: '2026-01-31T10:00:02.000Z',
      output: { ok: true },
      level: 'ERROR',
    });
  });

  it('change by a partial update only what it states; null and what is absent leave the stored value', async () => {
    const whole = {
      id: 'call',
      traceId,
      name: 'call',
      model: 'my-model',
      input: 'question',
      output: 'first answer',
      usage: { input: 1, output: 2 },
      level: 'WARNING',
      statusMessage: 'slow',
      parentObservationId: 'root',
      modelParameters: { temperature: 0 },
      metadata: { a: 1 },
    };
    await worker.send(
      { id: traceId, name: 'kept', userId: 'kept', release: 'kept', input: 'kept', public: true },
      whole,
    );
    const nothing = Object.fromEntries(Object.keys(whole).map((key) => [key, null]));
    await worker.send(
      { id: traceId, name: null, userId: null, release: null, input: null, public: null, sessionId: null, tags: null },
      { ...nothing, id: 'call', traceId, output: 'second answer' },
    );

    const trace = await api.trace(traceId);
    expect(trace).toMatchObject({
      name: 'kept',
      userId: 'kept',
      release: 'kept',
      input: 'kept',
      public: true,
      tags: [],
    });
    expect(observationNamed(trace, 'call')).toMatchObject({
      model: 'my-model',
      input: 'question',
      output: 'second answer',
      usageDetails: { input: 1, output: 2, total: 3 },
      level: 'WARNING',
      statusMessage: 'slow',
      parentObservationId: 'root',
      modelParameters: { temperature: 0 },
      metadata: { a: 1 },
    });
  });

  it('merge metadata by key, where a value that is an object or a list is replaced whole', async () => {
    const write = (metadata: unknown) =>
      worker.send({ id: traceId, metadata }, { id: 'step', traceId, name: 'step', metadata });
    await write({ kept: 1, replaced: { a: 1, b: 2 }, list: [1, 2, 3], text: 'x' });
    await write({ replaced: { c: 3 }, list: [4], added: false });
    await write('a note that is no object');

    const expected = {
      kept: 1,
      replaced: { c: 3 },
      list: [4],
      text: 'x',
      added: false,
      metadata: 'a note that is no object',
    };
    const trace = await api.trace(traceId);
    expect(trace.metadata).toEqual(expected);
    expect(observationNamed(trace, 'step').metadata).toEqual(expected);
  });

  it('unite tags, sorted and each once', async () => {
    await supervisor.send({ id: traceId, tags: ['b', 'a,with comma', 'b'] });
    await worker.send({ id: traceId, tags: ['c', 'b', '{"json":1}'] });
    expect((await api.trace(traceId))['tags']).toEqual(['a,with comma', 'b', 'c', '{"json":1}']);
  });

  it('make a stub of a trace that only observations have named, which its own message fills in later', async () => {
    await worker.send(null, { id: 'early', traceId, name: 'early', startTime: '2026-01-31T11:00:00Z' });
    expect(await api.trace(traceId)).toMatchObject({
      name: null,
      userId: null,
      sessionId: null,
      tags: [],
      metadata: {},
      timestamp: '2026-01-31T11:00:00.000Z',
      environment: 'default',
    });
    await supervisor.send({ id: traceId, name: 'late', sessionId: 'stubs' });
    const trace = await api.trace(traceId);
    expect(trace).toMatchObject({ name: 'late', sessionId: 'stubs', timestamp: '2026-01-31T11:00:00.000Z' });
    expect(trace.observations).toHaveLength(1);
    expect(((await api.session('stubs'))['traces'] as JsonObject[]).map(({ id }) => id)).toEqual([traceId]);
  });

  it('may move a trace to another session, which takes its sums along', async () => {
    const usage = { input: 100, output: 10 };
    await worker.send(
      { id: traceId, sessionId: 'from' },
      { id: 'a', traceId, model: 'm', usage, calculatedTotalCost: 0.5 },
    );
    await worker.send({ id: uniqueId('run'), sessionId: 'from' });
    expect(await api.session('from')).toMatchObject({
      countTraces: 2,
      countObservations: 1,
      totalTokens: 110,
      totalCost: 0.5,
    });
    await worker.send({ id: traceId, sessionId: 'to' });
    expect(await api.session('from')).toMatchObject({
      countTraces: 1,
      countObservations: 0,
      totalTokens: 0,
      totalCost: 0,
    });
    expect(await api.session('to')).toMatchObject({
      countTraces: 1,
      countObservations: 1,
      totalTokens: 110,
      totalCost: 0.5,
    });
  });

  it('never leave the project of their credentials, whatever projectId they send', async () => {
    await worker.send({ id: traceId, projectId: 'other' }, { id: 'a', traceId, projectId: 'other' });
    expect(await api.trace(traceId)).toMatchObject({ projectId: 'default', observations: [{ projectId: 'default' }] });
  });

  it('may write one trace from twenty workers at once: everything is there and every sum is right', async () => {
    const workers = Array.from({ length: 20 }, (_, n) =>
      worker.send(
        { id: traceId, sessionId: 'crowd', tags: [`worker-${n}`], metadata: { [`key-${n}`]: n } },
        { id: `step-${n}`, traceId, name: `step-${n}`, model: 'm', usage: { input: n, output: 1 } },
        { id: 'shared', traceId, name: 'shared', metadata: { [`key-${n}`]: n } },
      ),
    );
    await Promise.all(workers);
    const trace = await api.trace(traceId);
    expect(trace.observations).toHaveLength(21);
    expect(trace['tags']).toHaveLength(20);
    expect(Object.keys(trace.metadata)).toHaveLength(20);
    expect(Object.keys(observationNamed(trace, 'shared').metadata)).toHaveLength(20);
    expect(await api.session('crowd')).toMatchObject({ countTraces: 1, countObservations: 21, totalTokens: 210 });
  });
});
