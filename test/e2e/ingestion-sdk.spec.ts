import { Langfuse as Langfuse3 } from 'langfuse';
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
