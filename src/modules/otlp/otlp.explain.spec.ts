import { aRequest, aSpan, attributes, jsonBody, NOW_MS } from '../../../test/fixtures/otlp/wire.js';
import { type ObservationPatch, type ObservationWithPayload } from '../../domain/observation.js';
import { type Trace } from '../../domain/trace.js';
import { decodeJson } from './otlp.json.js';
import { type Explanation, explainMapping, type FieldExplanation } from './otlp.explain.js';
import { mapExport } from './otlp.map.js';

type Json = Record<string, unknown>;

const NO_TRACE = {
  name: null,
  sessionId: null,
  userId: null,
  release: null,
  public: null,
  tags: [],
} as unknown as Trace;

const bytes = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));

/** What is stored of an observation that one message states. */
function stored(patch: ObservationPatch): ObservationWithPayload {
  const metadata = [...(patch.metadata ?? [])].map(([key, text]) => `${JSON.stringify(key)}:${text}`);
  return {
    stepType: null,
    type: null,
    name: null,
    ...patch,
    input: bytes(patch.input),
    output: bytes(patch.output),
    metadata: bytes(`{${metadata.join(',')}}`),
  } as unknown as ObservationWithPayload;
}

function explain(values: Json, more: Json = {}, trace: Partial<Trace> = {}, scope = 'some-scope', resource: Json = {}) {
  const span = aSpan({ attributes: attributes(values), ...more });
  const request = aRequest([span], { name: scope, version: '5.0' }, { attributes: attributes(resource) });
  const { observations } = mapExport(decodeJson(jsonBody(request)), {
    project: { no: 1, id: 'p' },
    nowMs: NOW_MS,
    bytes: 1,
  }).batch;
  return explainMapping(stored(observations[0]!), { ...NO_TRACE, ...trace });
}

const field = ({ fields }: Explanation, name: string): FieldExplanation => fields.find((one) => one.field === name)!;

describe('the mapping of a span', () => {
  it('names the attribute that won, and those that lost with the reason', () => {
    const mapping = explain({ 'gen_ai.request.model': 'asked', 'gen_ai.response.model': 'got', 'my.key': 1 });
    expect(mapping.source).toBe('otlp');
    expect(field(mapping, 'model')).toEqual({
      field: 'model',
      value: 'got',
      filledBy: 'gen_ai.response.model',
      lost: [{ key: 'gen_ai.request.model', value: 'asked', reason: 'gen_ai.response.model goes before it' }],
      wouldBeFilledBy: [],
    });
    expect(field(mapping, 'requestedModel')).toMatchObject({
      value: 'asked',
      filledBy: 'gen_ai.request.model',
      lost: [],
    });
    expect(mapping.attributesWithoutField).toEqual(['my.key']);
  });

  it('says of an empty field what would fill it, in the order in which it wins', () => {
    const { value, filledBy, lost, wouldBeFilledBy } = field(explain({ 'my.session': 's' }), 'trace.sessionId');
    expect({ value, filledBy, lost }).toEqual({ value: null, filledBy: null, lost: [] });
    expect(wouldBeFilledBy.slice(0, 3)).toEqual(['langfuse.session.id', 'session.id', 'gen_ai.conversation.id']);
    expect(wouldBeFilledBy).not.toContain('langsmith.trace.session_id');
    expect(wouldBeFilledBy).not.toContain('mcp.session.id');
  });

  it('tells a value that is none of its list', () => {
    const mapping = explain({ 'langfuse.environment': 'not valid!' }, {}, {}, 's', {
      'deployment.environment': 'prod',
    });
    expect(field(mapping, 'environment')).toMatchObject({
      value: 'prod',
      filledBy: 'deployment.environment',
      lost: [{ key: 'langfuse.environment', value: 'not valid!', reason: 'its value is none that this field knows' }],
    });
  });

  it.each<[string, Json, string, string]>([
    ['content', { 'input.value': 'hi' }, 'input', 'input.value'],
    [
      'metadata',
      { 'traceloop.association.properties.turn_id': 't' },
      'turnId',
      'traceloop.association.properties.turn_id',
    ],
    ['an object', { metadata: '{"run_id":"r"}' }, 'runId', 'metadata → run_id'],
    [
      'a pair in metadata',
      { 'langsmith.metadata.langgraph_step': 3, 'langsmith.metadata.langgraph_node': 'agent' },
      'stepId',
      'langsmith.metadata.langgraph_step + langsmith.metadata.langgraph_node',
    ],
    [
      'a pair in an object',
      { metadata: '{"langgraph_step":3,"langgraph_node":"agent"}' },
      'stepId',
      'metadata → langgraph_step + langgraph_node',
    ],
  ])('knows the source also where the attribute has become %s', (_, values, name, key) => {
    expect(field(explain(values), name)).toMatchObject({ filledBy: key, lost: [] });
  });

  it.each([
    ['gen_ai.response.time_to_first_chunk', 0.001],
    ['ai.response.msToFirstChunk', 1],
    ['ttfb', 0.001],
  ])('knows %s as the source of a time that is counted from it', (key, value) => {
    expect(field(explain({ [key]: value }), 'completionStartTime')).toMatchObject({ filledBy: key, lost: [] });
  });

  it('of a Langfuse SDK names its keys although they are not kept raw', () => {
    const values = {
      'langfuse.observation.model.name': 'gpt-4',
      'session.id': 's',
      'langfuse.observation.output': 'o',
    };
    const mapping = explain(values, {}, { sessionId: 's' }, 'langfuse-sdk');
    expect(field(mapping, 'model').filledBy).toBe('langfuse.observation.model.name');
    expect(field(mapping, 'output').filledBy).toBe('langfuse.observation.output');
    expect(field(mapping, 'trace.sessionId').filledBy).toBe('session.id, on this or another span of the trace');
  });

  it('names both attributes of a pair that is kept raw', () => {
    const mapping = explain({ langgraph_step: 3, langgraph_node: 'agent' });
    expect(field(mapping, 'stepId')).toMatchObject({
      value: '3:agent',
      filledBy: 'langgraph_step + langgraph_node',
      lost: [],
    });
    expect(mapping.attributesWithoutField).toEqual([]);
  });

  it('says that the visit of a page makes no session, and what would', () => {
    const scope = '@opentelemetry/instrumentation-document-load';
    const { value, filledBy, lost } = field(explain({ 'session.id': 'visit' }, {}, {}, scope), 'trace.sessionId');
    expect({ value, filledBy }).toEqual({ value: null, filledBy: null });
    expect(lost).toMatchObject([{ key: 'session.id', value: 'visit' }]);
    expect(lost[0]!.reason).toMatch(
      /visit of a page in a browser .*document-load.* makes no session.*conversation\.id/,
    );
  });

  it('says when another message decided', () => {
    const mapping = explain({ 'session.id': 'mine' }, {}, { sessionId: 'theirs' });
    expect(field(mapping, 'trace.sessionId')).toMatchObject({
      value: 'theirs',
      filledBy: 'another span or message of the trace',
      lost: [{ key: 'session.id', value: 'mine' }],
    });
  });

  it('names what is no attribute, and all attributes that make up a field together', () => {
    const values = { 'gen_ai.usage.input_tokens': 1, 'gen_ai.usage.output_tokens': 2, 'gen_ai.request.model': 'm' };
    const mapping = explain(values, { name: 'chat', status: { code: 2, message: 'boom' } });
    expect(field(mapping, 'name').filledBy).toBe('the name of the span');
    expect(field(mapping, 'level').filledBy).toBe('the status of the span, or its last exception');
    expect(field(mapping, 'usage').filledBy).toBe('gen_ai.usage.input_tokens, gen_ai.usage.output_tokens');
    expect(mapping.attributesWithoutField).toEqual([]);
  });

  it('names token counts and costs of every convention, and lists none of them as filling nothing', () => {
    const mapping = explain({
      'llm.token_count.prompt': 3,
      'llm.token_count.completion': 4,
      'llm.cost.total': 0.5,
      'my.tokens': 5,
    });
    expect(field(mapping, 'usage').filledBy).toBe('llm.token_count.prompt, llm.token_count.completion');
    expect(field(mapping, 'cost')).toMatchObject({ filledBy: 'llm.cost.total', value: '{"total":0.5}' });
    expect(mapping.attributesWithoutField).toEqual(['my.tokens']);
  });

  it('does not count what is left of an attribute as lost to itself', () => {
    const mapping = explain({ 'traceloop.entity.input': '{"inputs":{"q":1},"tags":["t"]}' });
    expect(field(mapping, 'input')).toMatchObject({ filledBy: 'traceloop.entity.input', lost: [] });
  });

  it('warns of attributes that the sender dropped, and of agents that sum up their children', () => {
    const { notes } = explain({ 'gen_ai.operation.name': 'invoke_agent' }, { droppedAttributesCount: 3 });
    expect(notes).toEqual([
      expect.stringContaining('dropped 3 attributes'),
      expect.stringContaining('invoke_agent sums up its children'),
    ]);
  });
});

it('an observation that is no span has no mapping, and the answer says so', () => {
  const observation = {
    id: 'o-1',
    traceId: 't-1',
    metadata: bytes('{"scope":{}}'),
  } as unknown as ObservationWithPayload;
  expect(explainMapping(observation, NO_TRACE)).toMatchObject({ source: 'other', fields: [] });
  expect(explainMapping(observation, NO_TRACE).notes[0]).toMatch(/did not come as an OpenTelemetry span/);
});
