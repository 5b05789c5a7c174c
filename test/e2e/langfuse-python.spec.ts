import { type RunningServer } from '../support/server-process.js';
import { Api, type JsonObject, observationNamed, startE2eServer } from './support/api.js';
import { type Replayed, sendRecording } from './support/replay.js';

// What the SDKs themselves make of the answers is test/interop/record.ts: they raise where a key is missing.

jest.setTimeout(60_000);

const TRACE_ID = '9b473845f684444f80a26586ae298d2b';
const NUMERIC_SCORE = { name: 'accuracy', dataType: 'NUMERIC', value: 0.75, stringValue: null, comment: 'close' };

const statuses = (answers: readonly Replayed[], of: (answer: Replayed) => number) =>
  answers.map((answer) => `${of(answer)} ${answer.request.method} ${answer.request.path}`);

const named = (items: unknown, key = 'name') => (items as JsonObject[]).map((item) => item[key]).sort();

const scoresByName = async (api: Api) => {
  const { data } = await api.read('/api/public/v2/scores?limit=100');
  return new Map((data as JsonObject[]).map((score) => [score['name'], score]));
};

/** One server for each recording, since they use the same ids. */
function replayed(name: string, upload: string) {
  const state = {} as { server: RunningServer; api: Api; answers: Replayed[] };
  beforeAll(async () => {
    state.server = await startE2eServer();
    state.api = new Api(state.server.url);
    state.answers = await sendRecording(state.server, name, Buffer.from(`\x89PNG\r\n\x1a\n ${upload}`, 'latin1'));
  });
  afterAll(() => state.server.stop());

  it('gets the status of each of its calls, and every event of its batches is taken', () => {
    expect(statuses(state.answers, ({ status }) => status)).toEqual(
      statuses(state.answers, ({ request }) => request.status),
    );
    const batches = state.answers.filter(({ request }) => request.path === '/api/public/ingestion');
    const lists = state.answers.filter(({ request }) => request.method + request.path === 'POST/api/public/scores');
    expect(batches.length + lists.length).toBeGreaterThan(0);
    for (const { json } of batches) expect(json['errors']).toEqual([]);
  });
  return state;
}

describe('the Langfuse SDK for Python 2.60.10, as recorded', () => {
  const state = replayed('langfuse-sdk-python-2.60.10', 'of version 2');

  it('leaves a trace with what it traced, the prompt linked and updates merged', async () => {
    const trace = await state.api.trace('v2-trace');
    expect(trace).toMatchObject({
      ...{ name: 'chat.turn', userId: 'ada', sessionId: 'v2-session', release: 'r1', version: '7', public: true },
      ...{ input: { turn: 1 }, output: 'noon', metadata: { tenant: 'acme', ratio: 1 } },
    });
    expect([...(trace['tags'] as string[])].sort()).toEqual(['late', 'python', 'v2']);
    expect(named(trace.observations)).toEqual(['cache.miss', 'chat.generation', 'old', 'retrieve']);
    expect(observationNamed(trace, 'chat.generation')).toMatchObject({
      ...{
        type: 'GENERATION',
        parentObservationId: 'v2-span',
        model: 'gpt-4o-mini',
        latency: 1,
        timeToFirstToken: 0.3,
      },
      ...{ promptName: 'v2-greeting', promptVersion: 1, usageDetails: { input: 12, output: 5, total: 17 } },
      ...{ calculatedTotalCost: 0.0000048, metadata: { step: 1 }, modelParameters: { temperature: '0.2' } },
    });
    expect(observationNamed(trace, 'old')['usageDetails']).toEqual({ input: 3, output: 4, total: 7 });
    expect(observationNamed(trace, 'retrieve')).toMatchObject({ level: 'ERROR', statusMessage: 'stale' });
  });

  it('leaves its scores but for the deleted one', async () => {
    const scores = await scoresByName(state.api);
    expect(scores.get('accuracy')).toMatchObject(NUMERIC_SCORE);
    expect(scores.get('tone')).toMatchObject({
      dataType: 'CATEGORICAL',
      stringValue: 'good',
      observationId: 'v2-generation',
    });
    expect(scores.get('solved')).toMatchObject({ dataType: 'BOOLEAN', value: 1 });
    expect(scores.get('api')).toMatchObject({ id: 'v2-api', value: 2 });
  });

  it('leaves its file, its prompts and its runs', async () => {
    const picture = ((await state.api.trace('v2-media'))['input'] as { picture: string }).picture;
    const [, mediaId] = /^@@@langfuseMedia:type=image\/png\|id=([\w-]+)\|/.exec(picture)!;
    expect(await state.api.read(`/api/public/media/${mediaId}`)).toMatchObject({ contentLength: 21 });
    expect(await state.api.read('/api/public/v2/prompts/v2-greeting?label=canary')).toMatchObject({ version: 2 });
    const runs = await state.api.read('/api/public/datasets/v2%20set/runs');
    expect(named(runs['data'])).toEqual(['run a']);
    const run = await state.api.read('/api/public/datasets/v2%20set/runs/run%20a');
    expect(named(run['datasetRunItems'], 'datasetItemId')).toEqual(['v2-item-1', 'v2-item-2']);
  });

  it('sees nothing of the traces that it deleted', async () => {
    expect(await state.api.read('/api/public/traces?name=deleted')).toMatchObject({ data: [] });
  });
});

describe.each(['3.15.0', '4.18.0', '5.0.4'])('the Langfuse SDK for Python %s, as recorded', (version) => {
  const major = version.slice(0, 1);
  const state = replayed(`langfuse-sdk-python-${version}`, `of version ${major}`);

  it('leaves a trace with observations of every type, and the prompt linked', async () => {
    const trace = await state.api.trace(TRACE_ID);
    expect(trace).toMatchObject({
      ...{ userId: 'ada', sessionId: 'py-session', tags: ['python'], version: '7', public: true },
      ...{ output: 'noon', name: major === '3' ? 'chat.turn' : 'support-agent', metadata: { tenant: 'acme' } },
      // Version 5 knows no input of traces but that of their root.
      input: major === '5' ? { question: '何時ですか。' } : { turn: 1 },
    });
    expect(named(trace.observations, 'type')).toEqual([
      ...['AGENT', 'CHAIN', 'EMBEDDING', 'EVALUATOR', 'EVENT', 'GENERATION', 'GUARDRAIL', 'RETRIEVER', 'SPAN', 'TOOL'],
    ]);
    expect(observationNamed(trace, 'chat.generation')).toMatchObject({
      ...{ model: 'gpt-4o-mini', promptName: 'py/greeting', promptVersion: 1, modelParameters: { temperature: 0.2 } },
      ...{ usageDetails: { input: 12, output: 5, total: 17 }, calculatedTotalCost: 0.0000048 },
    });
    expect(observationNamed(trace, 'a chain')).toMatchObject({ metadata: { kind: 'chain' } });
    expect(observationNamed(trace, 'clock')).toMatchObject({ level: 'ERROR', statusMessage: 'no clock' });
    expect(observationNamed(trace, 'clock')['metadata']).toMatchObject({ ratio: 1, tiny: 1.2e-7, digits: '12.50' });
  });

  it('leaves scores of every type, on trace, observation and session', async () => {
    const scores = await scoresByName(state.api);
    const generation = observationNamed(await state.api.trace(TRACE_ID), 'chat.generation').id;
    expect(scores.get('accuracy')).toMatchObject({ ...NUMERIC_SCORE, traceId: TRACE_ID, metadata: { by: 'hand' } });
    expect(scores.get('tone')).toMatchObject({
      dataType: 'CATEGORICAL',
      stringValue: 'good',
      observationId: generation,
    });
    expect(scores.get('mood')).toMatchObject({ dataType: 'CATEGORICAL', stringValue: 'bad', value: 0 });
    expect(scores.get('solved')).toMatchObject({ dataType: 'BOOLEAN', value: 1 });
    expect(scores.get('remark')).toMatchObject({ dataType: 'TEXT', stringValue: 'a long remark' });
    expect(scores.get('session')).toMatchObject({ sessionId: 'py-session', traceId: null, value: 3 });
    expect(scores.has('gone')).toBe(false);
    // Of `run_batched_evaluation`, which the others are not asked for.
    expect(scores.has('length')).toBe(major === '5');
  });

  it('leaves its file, its prompts, the rest of its dataset and the traces of its experiment', async () => {
    const { data } = await state.api.read('/api/public/traces?name=media');
    const [{ input }] = data as [{ input: { picture: string } }];
    const [, mediaId] = /^@@@langfuseMedia:type=image\/png\|id=([\w-]+)\|/.exec(input.picture)!;
    expect(await state.api.read(`/api/public/media/${mediaId}`)).toMatchObject({ contentLength: 21 });
    expect(await state.api.read('/api/public/v2/prompts/py%2Fgreeting?label=canary')).toMatchObject({ version: 2 });
    expect((await state.api.get('/api/public/v2/prompts/py-gone')).status).toBe(404);
    const items = await state.api.read('/api/public/dataset-items?datasetName=py%20set%2Fa');
    expect(named(items['data'], 'id')).toEqual(['py-item-1']);
    const runs = await state.api.read('/api/public/datasets/py%20set%2Fa/runs');
    expect(named(runs['data'])).toEqual(major === '3' ? ['run b'] : []);
    const doubled = await state.api.read('/api/public/observations?name=double&limit=100');
    expect((doubled['data'] as JsonObject[]).map(({ output }) => output)).toEqual(
      expect.arrayContaining([{ n: 2 }, { n: 4 }, { n: 6 }]),
    );
    expect(await state.api.read('/api/public/traces?name=deleted')).toMatchObject({ data: [] });
  });
});
