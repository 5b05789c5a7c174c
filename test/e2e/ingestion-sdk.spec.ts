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
