import { Langfuse as Langfuse3, LangfuseMedia } from 'langfuse';
import { Langfuse as Langfuse2 } from 'langfuse2';
import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY } from '../support/server-process.js';
import { Api, observationNamed, startE2eServer, uniqueId } from './support/api.js';
import { RecordingProxy } from './support/recording-proxy.js';

jest.setTimeout(60_000);

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
afterAll(async () => {
  await server.stop();
});

describe.each([
  ['2', Langfuse2 as unknown as typeof Langfuse3],
  ['3', Langfuse3],
])('the SDK langfuse %s for JavaScript', (version, Langfuse) => {
  let proxy: RecordingProxy;
  let client: Langfuse3;

  const open = (baseUrl: string): Langfuse3 =>
    new Langfuse({
      ...{ publicKey: TEST_PUBLIC_KEY, secretKey: TEST_SECRET_KEY, baseUrl, release: 'r1', flushAt: 1000 },
      ...(version === '3' ? { environment: 'staging' } : {}),
    });

  beforeAll(async () => {
    proxy = await RecordingProxy.start(server.url);
    client = open(proxy.url);
  });
  afterAll(async () => {
    await client.shutdownAsync();
    await proxy.stop();
  });

  it('writes, completes and reads back a conversation turn', async () => {
    const id = uniqueId('turn');
    const trace = client.trace({
      ...{ id, name: 'chat.turn', userId: 'ada', sessionId: 'conversation', tags: ['beta'], metadata: { plan: 'pro' } },
      ...{ input: { question: 'Where is my order?' }, version: 'v1', public: true },
    });
    const span = trace.span({ name: 'agent', input: 'go', metadata: { step: 1 } });
    const generation = span.generation({
      ...{ name: 'call', model: 'my-model', modelParameters: { temperature: 0.2, stop: ['a'] } },
      ...{ input: [{ role: 'user', content: 'Where?' }], startTime: new Date('2026-11-20T09:30:00.000Z') },
    });
    generation.end({
      ...{ output: { role: 'assistant', content: 'Here.' }, completionStartTime: new Date('2026-11-20T09:30:01.000Z') },
      usage: { promptTokens: 12, completionTokens: 3, totalTokens: 15 },
    });
    span.event({ name: 'handed over', level: 'WARNING', statusMessage: 'slow' });
    // Everything so far and what follows are batches of their own.
    await client.flushAsync();
    span.end({ output: 'done', metadata: { steps: 2 } });
    trace.update({ output: { answer: 'Here.' }, tags: ['alpha'] });
    trace.score({ name: 'helpful', value: 1, comment: 'yes' });
    await client.flushAsync();

    const seen = await api.trace(id);
    expect(seen).toMatchObject({
      ...{ name: 'chat.turn', userId: 'ada', sessionId: 'conversation', tags: ['alpha', 'beta'], release: 'r1' },
      ...{ input: { question: 'Where is my order?' }, output: { answer: 'Here.' }, metadata: { plan: 'pro' } },
      ...{ version: 'v1', public: true, environment: version === '3' ? 'staging' : 'default' },
    });
    expect(observationNamed(seen, 'agent')).toMatchObject({
      ...{ type: 'SPAN', input: 'go', output: 'done', metadata: { step: 1, steps: 2 }, parentObservationId: null },
      endTime: expect.any(String),
    });
    expect(observationNamed(seen, 'call')).toMatchObject({
      ...{ type: 'GENERATION', parentObservationId: span.id, model: 'my-model', timeToFirstToken: 1 },
      ...{ modelParameters: { temperature: 0.2, stop: ['a'] }, output: { role: 'assistant', content: 'Here.' } },
      usageDetails: { input: 12, output: 3, total: 15 },
    });
    expect(observationNamed(seen, 'handed over')).toMatchObject({ level: 'WARNING', statusMessage: 'slow' });

    // A single request each: nothing was refused, so that nothing was sent again.
    const sent = proxy.requests.filter(({ path }) => path === '/api/public/ingestion');
    expect(sent.map(({ status }) => status)).toEqual([207, 207]);
  });

  it('reads back every field of what it wrote, and null for what it left out', async () => {
    const own = open(server.url);
    const id = uniqueId('fields');
    const at = (seconds: number) => new Date(Date.UTC(2026, 10, 20, 9, 30, seconds));
    const trace = own.trace({ id, timestamp: at(0), name: 'turn', input: 'in', metadata: { n: 1, list: [true] } });
    const span = trace.span({ id: `${id}-span`, name: 'step', startTime: at(1), endTime: at(3), version: '7' });
    span.generation({
      ...{ id: `${id}-call`, name: 'call', startTime: at(2), completionStartTime: at(3), endTime: at(3) },
      ...{ model: 'gpt-4o', modelParameters: { temperature: 0.5 }, input: [{ role: 'user', content: 'hi' }] },
      ...{ output: { content: 'hi' }, level: 'WARNING', statusMessage: 'slow', metadata: { k: null } },
      usage: {
        input: 1000,
        output: 100,
        total: 1100,
        unit: 'TOKENS',
        inputCost: 0.25,
        outputCost: 0.5,
        totalCost: 0.75,
      },
    });
    trace.event({ id: `${id}-event`, name: 'noted', startTime: at(4), output: ['x'] });
    const of = { traceId: id, observationId: `${id}-call` };
    own.score({ id: `${id}-score`, ...of, name: 'good', value: 0.6000000000000001, comment: 'c' });
    own.score({ id: `${id}-label`, traceId: id, name: 'label', value: 'fine' });
    await own.flushAsync();
    await own.shutdownAsync();

    const time = (seconds: number) => at(seconds).toISOString();
    const arrival = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;
    const environment = version === '3' ? 'staging' : 'default';
    const common = { projectId: 'default', environment, createdAt: arrival, updatedAt: arrival };
    const observation = {
      ...{ traceId: id, parentObservationId: null, version: null, level: 'DEFAULT', statusMessage: null, ...common },
      ...{ endTime: null, completionStartTime: null, latency: null, timeToFirstToken: null, metadata: {} },
      ...{ input: null, output: null, model: null, modelId: null, modelParameters: {} },
      ...{ promptId: null, promptName: null, promptVersion: null, usageDetails: {}, costDetails: {}, unit: 'TOKENS' },
      usage: { unit: 'TOKENS', input: 0, output: 0, total: 0, inputCost: null, outputCost: null, totalCost: null },
      ...{
        promptTokens: 0,
        completionTokens: 0,
        totalTokens: 0,
        inputPrice: null,
        outputPrice: null,
        totalPrice: null,
      },
      ...{ calculatedInputCost: null, calculatedOutputCost: null, calculatedTotalCost: null },
      ...{ usagePricingTierId: null, usagePricingTierName: null, requestedModel: null, provider: null },
      ...{ finishReason: null, toolName: null, toolNames: [], calledToolNames: [], agentName: null, turnId: null },
      ...{ runId: null, runState: null, stepId: null, parentStepId: null, attemptIndex: null },
    };
    const score = {
      ...{ traceId: id, observationId: null, sessionId: null, datasetRunId: null, configId: null, queueId: null },
      ...{ authorUserId: null, executionTraceId: null, comment: null, source: 'API', metadata: {}, timestamp: arrival },
      ...common,
    };
    const { latency, ...seen } = await api.trace(id);
    expect(latency).toBe(3);
    expect(seen).toEqual({
      ...{ id, name: 'turn', timestamp: time(0), input: 'in', output: null, metadata: { n: 1, list: [true] } },
      ...{ userId: null, sessionId: null, release: 'r1', version: null, tags: [], public: false, bookmarked: false },
      ...{ externalId: null, htmlPath: `/project/default/traces/${id}`, totalCost: 0.75, ...common },
      observations: [
        {
          ...{ ...observation, id: `${id}-span`, type: 'SPAN', name: 'step', startTime: time(1), endTime: time(3) },
          ...{ version: '7', latency: 2, stepType: null },
        },
        {
          ...{ ...observation, id: `${id}-call`, type: 'GENERATION', name: 'call', parentObservationId: `${id}-span` },
          ...{ startTime: time(2), completionStartTime: time(3), endTime: time(3), latency: 1, timeToFirstToken: 1 },
          ...{ model: 'gpt-4o', modelParameters: { temperature: 0.5 }, level: 'WARNING', statusMessage: 'slow' },
          ...{ input: [{ role: 'user', content: 'hi' }], output: { content: 'hi' }, metadata: { k: null } },
          ...{ promptTokens: 1000, completionTokens: 100, totalTokens: 1100, stepType: 'llm_call' },
          ...{ usageDetails: { input: 1000, output: 100, total: 1100 } },
          ...{ costDetails: { input: 0.25, output: 0.5, total: 0.75 } },
          usage: {
            ...observation.usage,
            ...{ input: 1000, output: 100, total: 1100 },
            ...{ inputCost: 0.25, outputCost: 0.5, totalCost: 0.75 },
          },
          ...{ calculatedInputCost: 0.25, calculatedOutputCost: 0.5, calculatedTotalCost: 0.75 },
        },
        {
          ...{ ...observation, id: `${id}-event`, type: 'EVENT', name: 'noted', startTime: time(4), output: ['x'] },
          stepType: null,
        },
      ],
      scores: expect.any(Array) as unknown[],
    });
    const byId = [...(seen['scores'] as { id: string }[])].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(byId).toEqual([
      { ...score, id: `${id}-label`, name: 'label', dataType: 'CATEGORICAL', value: 0, stringValue: 'fine' },
      {
        ...{ ...score, id: `${id}-score`, ...of, name: 'good', comment: 'c' },
        ...{ dataType: 'NUMERIC', value: 0.6000000000000001, stringValue: null },
      },
    ]);
  });

  it('links a generation with the prompt it was made with', async () => {
    const own = open(server.url);
    const name = `of langfuse ${version}`;
    // Version 2 knows no labels.
    const isActive = version === '2' ? { isActive: true } : { labels: ['production'] };
    await own.createPrompt({ name, prompt: 'Hello {{who}}!', ...isActive });
    const prompt = await own.getPrompt(name);
    const id = uniqueId('linked');
    own.trace({ id }).generation({ name: 'call', prompt, input: prompt.compile({ who: 'Ada' }) });
    await own.flushAsync();
    const call = observationNamed(await api.trace(id), 'call');
    expect(call).toMatchObject({ promptName: name, promptVersion: 1, input: 'Hello Ada!' });
    await own.shutdownAsync();
  });

  it('makes a dataset, runs it and reads the run', async () => {
    const own = open(server.url);
    const datasetName = `of langfuse ${version}`;
    // Version 2 takes the name alone.
    await own.createDataset(version === '3' ? { name: datasetName, description: 'old' } : datasetName);
    await own.createDatasetItem({
      datasetName,
      id: `${version}-item`,
      input: { city: 'Oslo' },
      expectedOutput: 'rain',
    });
    const { items } = await own.getDataset(datasetName);
    expect(items).toMatchObject([{ id: `${version}-item`, input: { city: 'Oslo' }, expectedOutput: 'rain' }]);
    const trace = own.trace({ id: uniqueId('run'), name: 'answer', output: 'rain' });
    const [item] = items;
    const about = { description: 'by hand', metadata: { model: 'a' } };
    // Version 2 names the observation alone, and has nothing to say about the run.
    const generation = trace.generation({ name: 'call', output: 'rain' });
    await item!.link(version === '3' ? trace : generation, 'first', about);
    trace.score({ name: 'exact', value: 1 });
    await own.flushAsync();
    expect(await own.getDatasetRun({ datasetName, runName: 'first' })).toMatchObject({
      ...{ name: 'first', ...(version === '3' && about) },
      datasetRunItems: [{ datasetItemId: item!.id, traceId: trace.id }],
    });
    const results = `/api/public/datasets/${encodeURIComponent(datasetName)}/runs/first/results`;
    expect(JSON.stringify((await api.get(results)).json())).toContain('"exact"');
    await own.shutdownAsync();
  });

  it('sends the same once more when it has to, and nothing changes', async () => {
    const id = uniqueId('again');
    client
      .trace({ id, name: 'again' })
      .generation({ name: 'call', usage: { input: 1, output: 2 } })
      .end({ output: 1 });
    await client.flushAsync();
    const before = await api.trace(id);
    expect(new Set(await proxy.replay())).toEqual(new Set([207]));
    expect(await api.trace(id)).toEqual({
      ...before,
      updatedAt: expect.any(String),
      observations: before.observations.map((seen) => ({ ...seen, updatedAt: expect.any(String) })),
    });
  });
});

it('the SDK langfuse 3 moves files out of a trace, and finds them again by their references', async () => {
  const client = new Langfuse3({ publicKey: TEST_PUBLIC_KEY, secretKey: TEST_SECRET_KEY, baseUrl: server.url });
  const id = uniqueId('seen');
  const uri = `data:text/plain;base64,${Buffer.from('a small file').toString('base64')}`;
  const metadata = { file: new LangfuseMedia({ base64DataUri: uri }) };
  client.trace({ id, input: { question: 'what is this?', image: uri }, metadata });
  await client.flushAsync();
  const { input, metadata: stored } = await api.trace(id);
  const tag = /^@@@langfuseMedia:type=text\/plain\|id=[\w-]{22}\|source=base64_data_uri@@@$/;
  expect(input).toEqual({ question: 'what is this?', image: expect.stringMatching(tag) as string });
  expect(stored['file']).toMatch(tag);
  const obj = input as object;
  expect(await client.resolveMediaReferences({ obj, resolveWith: 'base64DataUri' })).toEqual({
    question: 'what is this?',
    image: uri,
  });
  await client.shutdownAsync();
});

it('the SDK langfuse 3 reads through its own methods what it wrote', async () => {
  const client = new Langfuse3({ publicKey: TEST_PUBLIC_KEY, secretKey: TEST_SECRET_KEY, baseUrl: server.url });
  const id = uniqueId('own');
  client.trace({ id, name: 'own' }).generation({ name: 'call', model: 'm' });
  await client.flushAsync();
  const { data } = await client.fetchTrace(id);
  expect(data).toMatchObject({ id, name: 'own' });
  expect(data.observations.map(({ name }) => name)).toEqual(['call']);
  await client.shutdownAsync();
});
