import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation, startObservation } from '@langfuse/tracing';
import { context, trace as tracing } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY } from '../support/server-process.js';
import { Api, type JsonObject, observationNamed, startE2eServer, type TraceAnswer } from './support/api.js';
import { RecordingProxy } from './support/recording-proxy.js';

jest.setTimeout(60_000);

const OTLP_PATH = '/api/public/otel/v1/traces';

/** One conversation turn as an application would trace it. Returns the trace's id. */
async function traceATurn(sessionId: string): Promise<string> {
  const attributes = {
    sessionId,
    userId: 'user-7',
    traceName: 'chat.turn',
    tags: ['beta', 'checkout'],
    metadata: { tenant: 'acme', plan: 'pro' },
    version: '2026-01',
  };
  return propagateAttributes(attributes, () =>
    startActiveObservation(
      'support-agent',
      async (agent) => {
        agent.update({ input: { question: 'Where is my order?' }, metadata: { depth: 1, options: { fast: true } } });
        const started = new Date();
        await startActiveObservation(
          'choose-tool',
          (generation) => {
            generation.update({
              model: 'my-model-large',
              modelParameters: { temperature: 0.2, max_tokens: 64, tool_choice: 'auto' },
              input: [{ role: 'user', content: 'Where is my order?' }],
              output: { role: 'assistant', tool_calls: [{ name: 'find_order', arguments: { id: 42 } }] },
              completionStartTime: started,
              usageDetails: { input: 120, output: 30, input_cached_tokens: 80, total: 230 },
              costDetails: { input: 0.00024, output: 0.0003, total: 0.00054 },
              metadata: { 'finish.reason': 'tool_calls', retries: 0, list: [1, 'two', null] },
            });
            const tool = startObservation('find_order', { input: { id: 42 } }, { asType: 'tool' });
            tool.update({ level: 'ERROR', statusMessage: 'order service timed out', output: 'no answer' }).end();
            return Promise.resolve();
          },
          { asType: 'generation' },
        );
        agent.update({ output: { answer: 'I could not reach the order service.' } });
        agent.setTraceIO({ input: { turn: 'Where is my order?' }, output: 'apology' });
        agent.setTraceAsPublic();
        return agent.traceId;
      },
      { asType: 'agent' },
    ),
  );
}

describe('the Langfuse SDK for JavaScript', () => {
  let server: RunningServer;
  let api: Api;
  let proxy: RecordingProxy;
  let sdk: NodeSDK;
  let processor: LangfuseSpanProcessor;

  const startSdk = (exportMode: 'batched' | 'immediate') => {
    processor = new LangfuseSpanProcessor({
      publicKey: TEST_PUBLIC_KEY,
      secretKey: TEST_SECRET_KEY,
      baseUrl: proxy.url,
      environment: 'staging',
      release: 'v1.2.3',
      exportMode,
    });
    const resource = resourceFromAttributes({ 'service.name': 'support-bot' });
    sdk = new NodeSDK({ spanProcessors: [processor], autoDetectResources: false, resource });
    sdk.start();
  };

  beforeAll(async () => {
    server = await startE2eServer();
    api = new Api(server.url);
  });
  beforeEach(async () => {
    proxy = await RecordingProxy.start(server.url);
  });
  afterEach(async () => {
    await sdk.shutdown();
    // The first SDK of a process stays the global one otherwise.
    tracing.disable();
    context.disable();
    await proxy.stop();
  });
  afterAll(async () => {
    await server.stop();
  });

  const expectTheTurn = (trace: TraceAnswer, sessionId: string) => {
    expect(trace).toMatchObject({
      projectId: 'default',
      name: 'chat.turn',
      sessionId,
      userId: 'user-7',
      tags: ['beta', 'checkout'],
      public: true,
      bookmarked: false,
      release: 'v1.2.3',
      version: '2026-01',
      environment: 'staging',
      externalId: null,
      input: { turn: 'Where is my order?' },
      output: 'apology',
      totalCost: 0.00054,
      scores: [],
      metadata: { tenant: 'acme', plan: 'pro', depth: 1, options: { fast: true } },
      htmlPath: `/project/default/traces/${trace.id}`,
    });
    expect(trace.observations).toHaveLength(3);

    const agent = observationNamed(trace, 'support-agent');
    expect(agent).toMatchObject({
      traceId: trace.id,
      type: 'AGENT',
      parentObservationId: null,
      level: 'DEFAULT',
      statusMessage: null,
      input: { question: 'Where is my order?' },
      output: { answer: 'I could not reach the order service.' },
      metadata: { depth: 1, options: { fast: true } },
      model: null,
      environment: 'staging',
      version: '2026-01',
      usageDetails: {},
      costDetails: {},
    });

    const generation = observationNamed(trace, 'choose-tool');
    expect(generation).toMatchObject({
      type: 'GENERATION',
      parentObservationId: agent.id,
      model: 'my-model-large',
      modelParameters: { temperature: 0.2, max_tokens: 64, tool_choice: 'auto' },
      input: [{ role: 'user', content: 'Where is my order?' }],
      output: { role: 'assistant', tool_calls: [{ name: 'find_order', arguments: { id: 42 } }] },
      usageDetails: { input: 120, output: 30, input_cached_tokens: 80, total: 230 },
      costDetails: { input: 0.00024, output: 0.0003, total: 0.00054 },
      usage: { unit: 'TOKENS', total: 230, inputCost: 0.00024, outputCost: 0.0003, totalCost: 0.00054 },
      totalTokens: 230,
      calculatedTotalCost: 0.00054,
      metadata: { 'finish.reason': 'tool_calls', retries: 0, list: [1, 'two', null] },
      level: 'DEFAULT',
    });
    expect(Date.parse(generation['completionStartTime'] as string)).toBeGreaterThan(Date.now() - 60_000);
    expect(generation['timeToFirstToken']).toEqual(expect.any(Number));

    const tool = observationNamed(trace, 'find_order');
    expect(tool).toMatchObject({
      type: 'TOOL',
      parentObservationId: generation.id,
      level: 'ERROR',
      statusMessage: 'order service timed out',
      input: { id: 42 },
      output: 'no answer',
    });

    for (const observation of trace.observations) {
      expect(observation.id).toMatch(/^[0-9a-f]{16}$/);
      expect(observation['latency']).toEqual(expect.any(Number));
    }
    expect(trace.id).toMatch(/^[0-9a-f]{32}$/);
  };

  /** What the session says of its one trace: its sums are those of the rows. */
  const expectTheSession = (session: JsonObject, trace: TraceAnswer) => {
    expect(session).toMatchObject({ id: trace['sessionId'], projectId: 'default' });
    const traces = session['traces'] as JsonObject[];
    expect(traces.map(({ id }) => id)).toEqual([trace.id]);
    expect(traces[0]).toMatchObject({ name: 'chat.turn', userId: 'user-7', tags: ['beta', 'checkout'] });
  };

  it('gets every field of a nested turn back through the trace and through its session', async () => {
    startSdk('batched');
    const id = await traceATurn('session-batched');
    await processor.forceFlush();

    expect(proxy.requests.map(({ path, status }) => `${path} ${status}`)).toEqual([`${OTLP_PATH} 200`]);
    const trace = await api.trace(id);
    expectTheTurn(trace, 'session-batched');
    expectTheSession(await api.session('session-batched'), trace);
  });

  it('may export span by span, children before their root, and the trace is the same', async () => {
    startSdk('immediate');
    const id = await traceATurn('session-immediate');
    await processor.forceFlush();

    expect(proxy.requests.map(({ status }) => status)).toEqual([200, 200, 200]);
    const names = proxy.requests.map(
      ({ body }) => /"name":"(support-agent|choose-tool|find_order)"/.exec(String(body))?.[1],
    );
    expect(names).toEqual(['find_order', 'choose-tool', 'support-agent']);
    const trace = await api.trace(id);
    expectTheTurn(trace, 'session-immediate');
    expectTheSession(await api.session('session-immediate'), trace);
  });

  it('may send the same export again: nothing is there twice and no sum grows', async () => {
    startSdk('immediate');
    const id = await traceATurn('session-again');
    await processor.forceFlush();
    const [trace, session] = [await api.trace(id), await api.session('session-again')];

    expect(await proxy.replay()).toEqual([200, 200, 200]);
    expect(withoutUpdateTimes(await api.trace(id))).toEqual(withoutUpdateTimes(trace));
    expect(withoutUpdateTimes(await api.session('session-again'))).toEqual(withoutUpdateTimes(session));
  });

  it('sees what is finished of a trace whose root is still open', async () => {
    startSdk('immediate');
    const root = startObservation('long-running', { input: 'start' }, { asType: 'agent' });
    root.startObservation('first-step', { output: 'done' }, { asType: 'tool' }).end();
    await processor.forceFlush();
    const open = await api.trace(root.traceId);
    expect(open.observations.map(({ name }) => name)).toEqual(['first-step']);
    expect(open.observations[0]!['parentObservationId']).toBe(root.id);

    root.update({ output: 'end' }).end();
    await processor.forceFlush();
    const whole = await api.trace(root.traceId);
    // Sorted: both may have started in the same millisecond.
    expect(whole.observations.map(({ name }) => name).sort()).toEqual(['first-step', 'long-running']);
    expect(whole).toMatchObject({ name: 'long-running', input: 'start', output: 'end', environment: 'staging' });
  });
});

/** A copy in which nothing tells when it was last written. */
function withoutUpdateTimes(answer: JsonObject): unknown {
  return JSON.parse(JSON.stringify(answer, (key, value: unknown) => (key === 'updatedAt' ? undefined : value)));
}
