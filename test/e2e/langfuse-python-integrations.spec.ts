import { type RunningServer } from '../support/server-process.js';
import { Api, type JsonObject, observationNamed, startE2eServer, type TraceAnswer } from './support/api.js';
import { type Replayed, sendRecording } from './support/replay.js';

// What is built on Langfuse's SDK for Python, as test/interop/record.ts recorded it with the fake model.

jest.setTimeout(60_000);

const ANSWERED_MODEL = 'gpt-4o-mini-2024-07-18';
const NOON = { role: 'assistant', content: 'It is noon.' };
/** 15 tokens in, 8 out of which 5 were thought, at the prices of gpt-4o-mini. */
const COST = 0.00000705;

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
afterAll(() => server.stop());

/** Replays a recording and gives the traces of its session by name; of two with one name, a list. */
function recorded(version: string) {
  const state = {} as { answers: Replayed[]; traces: Map<string, TraceAnswer[]> };
  beforeAll(async () => {
    state.answers = await sendRecording(server, `langfuse-integrations-python-${version}`);
    const { data } = await api.read(
      `/api/public/traces?sessionId=integration-${version.slice(0, 1)}&limit=50&fields=core`,
    );
    state.traces = new Map();
    for (const { id, name } of data as { id: string; name: string }[])
      state.traces.set(name, [...(state.traces.get(name) ?? []), await api.trace(id)]);
  });

  it('gets the status of each of its calls, and every event is taken', () => {
    for (const { request, status, json } of state.answers) {
      expect(`${status} ${request.path}`).toBe(`${request.status} ${request.path}`);
      if (request.path === '/api/public/ingestion') expect(json['errors']).toEqual([]);
    }
  });
  return (name: string): TraceAnswer => {
    const found = state.traces.get(name) ?? [];
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ userId: 'ada', tags: ['python'] });
    return found[0]!;
  };
}

const typesOf = (trace: TraceAnswer): string[] =>
  trace.observations.map(({ type, name }) => `${String(type)} ${String(name)}`).sort();

const TOKENS = { input: 15, output: 3, total: 23 };

describe('what is built on the Langfuse SDK for Python 2.60.10, as recorded', () => {
  const traceNamed = recorded('2.60.10');

  it('leaves the calls of decorated functions, with what failed in them', () => {
    const trace = traceNamed('decorator');
    expect(trace).toMatchObject({ metadata: { tenant: 'acme' }, output: { answer: 'WHAT?' } });
    expect(typesOf(trace)).toEqual(['GENERATION think', 'SPAN lose']);
    expect(observationNamed(trace, 'think')).toMatchObject({
      ...{
        model: 'gpt-4o-mini',
        usageDetails: { input: 3, output: 4, total: 7 },
        output: 'WHAT?',
        metadata: { ratio: 1 },
      },
    });
    expect(observationNamed(trace, 'lose')).toMatchObject({ level: 'ERROR', statusMessage: 'no way' });
    expect((trace['scores'] as JsonObject[]).map(({ name, value }) => [name, value])).toEqual([['quality', 0.5]]);
  });

  it('leaves the calls of the OpenAI client, plain, streamed and refused', () => {
    expect(observationNamed(traceNamed('openai'), 'openai')).toMatchObject({
      ...{ type: 'GENERATION', model: ANSWERED_MODEL, output: NOON, promptName: 'integrations/ask', promptVersion: 1 },
      ...{ usageDetails: { ...TOKENS, output_reasoning_tokens: 5 }, calculatedTotalCost: COST },
    });
    expect(observationNamed(traceNamed('openai-stream'), 'openai-stream')).toMatchObject({
      ...{ output: 'It is noon.', completionStartTime: expect.any(String), calculatedTotalCost: COST },
    });
    expect(observationNamed(traceNamed('openai-refused'), 'openai-refused')).toMatchObject({
      level: 'ERROR',
      output: null,
    });
  });

  it('leaves the chain of LangChain', () => {
    const trace = traceNamed('langchain');
    expect(trace).toMatchObject({ metadata: { tenant: 'acme' }, output: 'It is noon.' });
    expect(typesOf(trace)).toEqual([
      ...['GENERATION ChatOpenAI', 'SPAN ChatPromptTemplate', 'SPAN RunnableSequence', 'SPAN StrOutputParser'],
    ]);
    expect(observationNamed(trace, 'ChatOpenAI')).toMatchObject({
      ...{ parentObservationId: observationNamed(trace, 'RunnableSequence').id, model: ANSWERED_MODEL },
      ...{ usageDetails: { ...TOKENS, output_reasoning: 5 }, calculatedTotalCost: COST },
      ...{ input: [{ role: 'user', content: 'Ask time' }] },
    });
  });

  it('leaves the query of LlamaIndex', async () => {
    const { data } = await api.read('/api/public/traces?name=llama-index&userId=ada&fields=core,io');
    expect((data as JsonObject[]).map(({ input }) => input)).toContain('What time is it?');
    const { data: calls } = await api.read('/api/public/observations?name=MockLLM&type=GENERATION');
    expect(calls).toMatchObject([{ endTime: expect.any(String), output: expect.anything() }]);
  });

  it('leaves the calls of LiteLLM in the trace whose id they were given', () => {
    const trace = traceNamed('litellm');
    expect(trace.id).toBe('litellm/trace:1 ü');
    expect(trace).toMatchObject({
      metadata: { tenant: 'acme' },
      input: { messages: [{ content: 'What time is it?' }] },
    });
    expect(observationNamed(trace, 'call')).toMatchObject({
      ...{ id: 'litellm-generation', type: 'GENERATION', model: 'gpt-4o-mini', output: NOON },
      ...{ usageDetails: { input: 15, output: 8, total: 23 }, calculatedTotalCost: COST },
    });
    expect(observationNamed(trace, 'second').id).toBe('litellm-second');
  });
});

describe.each(['3.15.0', '5.0.4'])('what is built on the Langfuse SDK for Python %s, as recorded', (version) => {
  const traceNamed = recorded(version);

  it('leaves the calls of decorated functions, with what failed in them', () => {
    const trace = traceNamed('decorator');
    expect(trace).toMatchObject({ metadata: { tenant: 'acme' }, output: { answer: 'WHAT?' } });
    expect(typesOf(trace)).toEqual(['GENERATION think', 'SPAN count', 'SPAN decorator', 'SPAN lose']);
    expect(observationNamed(trace, 'think')).toMatchObject({
      ...{
        model: 'gpt-4o-mini',
        usageDetails: { input: 3, output: 4, total: 7 },
        output: 'WHAT?',
        metadata: { ratio: 1 },
      },
    });
    expect(observationNamed(trace, 'lose')).toMatchObject({ level: 'ERROR', statusMessage: 'no way' });
    expect(observationNamed(trace, 'count')['output']).toBe('one two');
    expect((trace['scores'] as JsonObject[]).map(({ name, value }) => [name, value])).toEqual([['quality', 0.5]]);
  });

  it('leaves the calls of the OpenAI client of every kind', () => {
    expect(observationNamed(traceNamed('openai'), 'openai')).toMatchObject({
      ...{ type: 'GENERATION', model: ANSWERED_MODEL, output: NOON, promptName: 'integrations/ask', promptVersion: 1 },
      ...{ usageDetails: { ...TOKENS, output_reasoning_tokens: 5 }, calculatedTotalCost: COST, metadata: { ratio: 1 } },
    });
    for (const name of ['openai-async', 'openai-responses', 'openai-stream'])
      expect(observationNamed(traceNamed(name), name)).toMatchObject({ type: 'GENERATION', calculatedTotalCost: COST });
    expect(observationNamed(traceNamed('openai-stream'), 'openai-stream')['completionStartTime']).not.toBeNull();
    expect(observationNamed(traceNamed('openai-embeddings'), 'openai-embeddings')).toMatchObject({
      ...{ type: 'EMBEDDING', usageDetails: { input: 6, total: 6 }, output: { dimensions: 3, count: 1 } },
    });
    expect(observationNamed(traceNamed('openai-refused'), 'openai-refused')).toMatchObject({
      level: 'ERROR',
      output: null,
    });
  });

  it('leaves the chain and the agent of LangChain, the prompt linked', () => {
    expect(observationNamed(traceNamed('langchain'), 'ChatOpenAI')).toMatchObject({
      ...{ type: 'GENERATION', model: ANSWERED_MODEL, promptName: 'integrations/ask', promptVersion: 1 },
      ...{ usageDetails: { ...TOKENS, output_reasoning: 5 }, modelParameters: { temperature: 0.5 } },
    });
    const agent = traceNamed('langchain-agent');
    expect(typesOf(agent)).toEqual(
      expect.arrayContaining(['GENERATION ChatOpenAI', 'TOOL get_weather', 'AGENT langchain-agent']),
    );
    // The callback of version 3 sends what Python prints.
    const input = version === '3.15.0' ? "{'city': 'Oslo'}" : { city: 'Oslo' };
    expect(observationNamed(agent, 'get_weather')['input']).toEqual(input);
  });
});
