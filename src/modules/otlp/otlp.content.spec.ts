import fc from 'fast-check';
import { aRequest, aSpan, attributes, jsonBody } from '../../../test/fixtures/otlp/wire.js';
import { type ObservationType } from '../../domain/observation.js';
import { type Contents, readContents } from './otlp.content.js';
import { contentKeyOf, SOURCES } from './otlp.content-sources.js';
import { decodeJson } from './otlp.json.js';
import { type AttributeValue, type OtlpSpan } from './otlp.span.js';
import { MAX_LEAVES } from './otlp.unflatten.js';

type Json = Record<string, unknown>;

function spanOf(values: Json, events: readonly (readonly [name: string, values: Json])[] = []): OtlpSpan {
  const list = events.map(([name, of], i) => ({ name, timeUnixNano: String(i + 1), attributes: attributes(of) }));
  const span = aSpan({ attributes: attributes(values), events: list });
  return decodeJson(jsonBody(aRequest([span]))).resourceSpans[0]!.scopeSpans[0]!.spans[0]!;
}

function read(type: ObservationType, values: Json, events: readonly (readonly [string, Json])[] = []): Contents {
  return readContents(spanOf(values, events), type);
}

const parse = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
const USER = { role: 'user', content: 'time?' };
const ANSWER = { role: 'assistant', content: 'noon' };
const CALL = { id: 'c1', name: 'clock', arguments: { tz: 'UTC' } };
const TOOL = { type: 'function', name: 'clock', parameters: { type: 'object' } };
const OPENAI_TOOL = JSON.stringify({ type: 'function', function: { name: 'clock', parameters: { type: 'object' } } });

type Row = [convention: string, type: ObservationType, values: Json, input: unknown, output: unknown];

describe('input and output of', () => {
  it.each<Row>([
    [
      'the standard, as JSON text',
      'GENERATION',
      {
        'gen_ai.system_instructions': '[{"type":"text","content":"short"}]',
        'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"time?"}]}]',
        'gen_ai.tool.definitions': `[${JSON.stringify(TOOL)}]`,
        'gen_ai.output.messages':
          '[{"role":"assistant","parts":[{"type":"text","content":"noon"}],"finish_reason":"stop"}]',
      },
      { messages: [{ role: 'system', content: 'short' }, USER], tools: [TOOL] },
      [{ ...ANSWER, finish_reason: 'stop' }],
    ],
    [
      'the standard, structured',
      'GENERATION',
      {
        'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: 'time?' }] }],
        'gen_ai.output.messages': [{ role: 'assistant', parts: [{ type: 'tool_call', ...CALL }] }],
      },
      [USER],
      [{ role: 'assistant', tool_calls: [CALL] }],
    ],
    [
      'OpenInference, a model call',
      'GENERATION',
      {
        'input.value': '{"messages":"raw"}',
        'llm.input_messages.1.message.role': 'assistant',
        'llm.input_messages.1.message.tool_calls.0.tool_call.id': 'c1',
        'llm.input_messages.1.message.tool_calls.0.tool_call.function.name': 'clock',
        'llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments': '{"tz":"UTC"}',
        'llm.input_messages.0.message.role': 'user',
        'llm.input_messages.0.message.contents.0.message_content.type': 'text',
        'llm.input_messages.0.message.contents.0.message_content.text': 'what?',
        'llm.input_messages.0.message.contents.1.message_content.type': 'image',
        'llm.input_messages.0.message.contents.1.message_content.image.image.url': 'https://x/a.png',
        'llm.tools.0.tool.json_schema': OPENAI_TOOL,
        'llm.output_messages.0.message.role': 'assistant',
        'llm.output_messages.0.message.content': 'noon',
      },
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'what?' },
              { type: 'image', url: 'https://x/a.png' },
            ],
          },
          { role: 'assistant', tool_calls: [CALL] },
        ],
        tools: [TOOL],
      },
      [ANSWER],
    ],
    [
      'OpenInference, another span',
      'CHAIN',
      {
        'input.value': '{"q": 1.0}',
        'output.value': '[1]',
        'output.mime_type': 'text/plain',
        'llm.input_messages.0.message.role': 'user',
      },
      { q: 1 },
      '[1]',
    ],
    [
      'OpenInference, completions',
      'GENERATION',
      { 'llm.prompts.0.prompt.text': 'time?', 'llm.choices.0.completion.text': 'noon' },
      [USER],
      [ANSWER],
    ],
    [
      'OpenInference, a retriever',
      'RETRIEVER',
      {
        'input.value': 'time?',
        'retrieval.documents.0.document.id': 'd',
        'retrieval.documents.0.document.score': 0.5,
        'retrieval.documents.0.document.metadata': '{"page":1}',
        'output.value': '{}',
      },
      'time?',
      [{ id: 'd', score: 0.5, metadata: { page: 1 } }],
    ],
    [
      'OpenInference, a reranker',
      'SPAN',
      {
        'input.value': 'raw',
        'reranker.query': 'time?',
        'reranker.input_documents.0.document.content': 'a',
        'reranker.output_documents.0.document.content': 'b',
      },
      { query: 'time?', documents: [{ content: 'a' }] },
      [{ content: 'b' }],
    ],
    [
      'OpenInference, an embedding',
      'EMBEDDING',
      { 'embedding.embeddings.0.embedding.text': 'x', 'embedding.embeddings.0.embedding.vector': [0.5, 1.5, 2.5] },
      'x',
      { dimensions: 3, count: 1 },
    ],
    [
      'an embedding whose answer has vectors',
      'EMBEDDING',
      {
        'input.value': 'x',
        'output.value': JSON.stringify({ data: [{ embedding: new Array(20).fill(0.5) }], model: 'm' }),
      },
      'x',
      { data: [{ embedding: { dimensions: 20 } }], model: 'm' },
    ],
    [
      'OpenLLMetry before 0.55',
      'GENERATION',
      {
        'gen_ai.prompt.0.role': 'user',
        'gen_ai.prompt.0.content': '[{"type":"text","text":"time?"}]',
        'gen_ai.prompt.name': 'not content',
        'llm.request.functions.0.name': 'clock',
        'llm.request.functions.0.parameters': '{"type":"object"}',
        'gen_ai.completion.0.role': 'assistant',
        'gen_ai.completion.0.finish_reason': 'tool_calls',
        'gen_ai.completion.0.tool_calls.0.id': 'c1',
        'gen_ai.completion.0.tool_calls.0.name': 'clock',
        'gen_ai.completion.0.tool_calls.0.arguments': '{"tz":"UTC"}',
      },
      { messages: [USER], tools: [TOOL] },
      [{ role: 'assistant', tool_calls: [CALL], finish_reason: 'tool_calls' }],
    ],
    [
      'LiteLLM, which leaves calls out of its messages',
      'GENERATION',
      {
        'SpanAttributes.LLM_PROMPTS.0.role': 'user',
        'SpanAttributes.LLM_PROMPTS.0.content': 'time?',
        'gen_ai.output.messages': '[{"role":"assistant","parts":[],"finish_reason":"tool_calls"}]',
        'gen_ai.completion.0.function_call.name': 'clock',
        'gen_ai.completion.0.function_call.arguments': '{"tz":"UTC"}',
      },
      [USER],
      [{ role: 'assistant', tool_calls: [{ name: 'clock', arguments: { tz: 'UTC' } }] }],
    ],
    [
      'Traceloop decorators',
      'CHAIN',
      { 'traceloop.entity.input': '{"args":[],"kwargs":{"q":1}}', 'traceloop.entity.output': '"noon"' },
      { q: 1 },
      'noon',
    ],
    [
      'AI SDK, a call',
      'GENERATION',
      {
        'ai.prompt.messages': '[{"role":"user","content":[{"type":"text","text":"time?"}]}]',
        'ai.prompt.tools': [JSON.stringify(TOOL)],
        'ai.response.text': '',
        'ai.response.reasoning': 'look',
        'ai.response.toolCalls':
          '[{"toolCallType":"function","toolCallId":"c1","toolName":"clock","args":"{\\"tz\\":\\"UTC\\"}"}]',
        'ai.response.finishReason': 'tool-calls',
      },
      { messages: [USER], tools: [TOOL] },
      [
        {
          role: 'assistant',
          content: [{ type: 'reasoning', text: 'look' }],
          tool_calls: [{ ...CALL, toolCallType: 'function' }],
          finish_reason: 'tool-calls',
        },
      ],
    ],
    [
      'AI SDK, the outer span',
      'SPAN',
      { 'ai.prompt': '{"system":"short","prompt":"time?"}', 'ai.response.text': '{"noon":1}' },
      [{ role: 'system', content: 'short' }, USER],
      '{"noon":1}',
    ],
    ['AI SDK, an object', 'GENERATION', { 'ai.response.object': '{"noon":1}' }, undefined, { noon: 1 }],
    [
      'AI SDK, embeddings',
      'EMBEDDING',
      { 'ai.values': ['"a"', '"b"'], 'ai.embeddings': ['[1,2]', '[3,4]'] },
      ['a', 'b'],
      { dimensions: 2, count: 2 },
    ],
    ['AI SDK, one embedding', 'EMBEDDING', { 'ai.value': '"[1] a"' }, '[1] a', undefined],
    [
      'AI SDK, reranking',
      'RETRIEVER',
      { 'ai.documents': ['"a"', '{"b":1}'], 'ai.ranking': ['{"index":1}', '{"index":0}'] },
      ['a', { b: 1 }],
      [{ index: 1 }, { index: 0 }],
    ],
    [
      'a tool (standard)',
      'TOOL',
      { 'gen_ai.tool.call.arguments': '{"tz":1}', 'gen_ai.tool.call.result': 'x' },
      { tz: 1 },
      'x',
    ],
    ['a tool (AI SDK)', 'TOOL', { 'ai.toolCall.args': '{"tz":1}', 'ai.toolCall.result': '"x"' }, { tz: 1 }, 'x'],
    ['a tool (AI SDK), cut off', 'TOOL', { 'ai.toolCall.args': '{"tz":', 'ai.toolCall.result': '"x' }, '{"tz":', '"x'],
    [
      'Google ADK without content capture',
      'GENERATION',
      { 'gcp.vertex.agent.llm_request': '{}', 'gcp.vertex.agent.tool_call_args': '{}' },
      undefined,
      undefined,
    ],
    [
      'Google ADK',
      'GENERATION',
      {
        'gcp.vertex.agent.llm_request': '{"model":"m","contents":[{"role":"user","parts":[{"text":"time?"}]}]}',
        'gcp.vertex.agent.llm_response':
          '{"content":{"role":"model","parts":[{"text":"noon"}]},"finish_reason":"STOP"}',
      },
      { messages: [USER], model: 'm' },
      [{ ...ANSWER, finish_reason: 'STOP' }],
    ],
    [
      'Pydantic AI, first version',
      'GENERATION',
      {
        events: JSON.stringify([
          { ...USER, 'event.name': 'gen_ai.user.message' },
          { 'event.name': 'gen_ai.choice', index: 0, message: ANSWER },
        ]),
      },
      [USER],
      [ANSWER],
    ],
    [
      'an agent of Pydantic AI',
      'AGENT',
      { 'pydantic_ai.all_messages': JSON.stringify([USER]), final_result: 'noon' },
      [USER],
      'noon',
    ],
    [
      'MLflow',
      'GENERATION',
      { 'mlflow.spanInputs': JSON.stringify({ messages: [USER], n: 1 }), 'mlflow.spanOutputs': '"noon"' },
      { messages: [USER], n: 1 },
      'noon',
    ],
    [
      'LangSmith',
      'GENERATION',
      {
        'gen_ai.prompt':
          '{"messages":[[{"lc":1,"type":"constructor","id":["m","HumanMessage"],"kwargs":{"content":"time?"}}]]}',
        'gen_ai.completion': JSON.stringify({
          generations: [[{ text: 'noon', message: { lc: 1, id: ['AIMessage'], kwargs: ANSWER } }]],
        }),
      },
      [USER],
      [ANSWER],
    ],
    [
      'Genkit',
      'GENERATION',
      { 'genkit:input': '{"messages":[{"role":"user","content":[{"text":"time?"}]}]}' },
      [USER],
      undefined,
    ],
    [
      'LiveKit',
      'GENERATION',
      { 'lk.chat_ctx': '{"items":[{"type":"message","role":"user","content":["time?"]}]}', 'lk.response.text': 'noon' },
      [USER],
      'noon',
    ],
    [
      'Flue, a turn',
      'GENERATION',
      { 'flue.turn.input': '[{"role":"user","content":"time?"}]', 'flue.turn.output': 'noon' },
      [USER],
      'noon',
    ],
    ['Flue, a tool', 'TOOL', { 'flue.tool.arguments': '{"a":1}', 'flue.tool.result': 'x' }, { a: 1 }, 'x'],
    ['Flue, a task', 'AGENT', { 'flue.task.prompt': 'time?', 'flue.task.result': 'noon' }, 'time?', 'noon'],
    ['Laminar', 'CHAIN', { 'lmnr.span.input': '{"a":1}', 'lmnr.span.output': 'x' }, { a: 1 }, 'x'],
    ['CrewAI', 'CHAIN', { crew_output: 'done' }, undefined, 'done'],
  ])('%s', (_, type, values, input, output) => {
    const contents = read(type, values);
    expect(parse(contents.input)).toEqual(input);
    expect(parse(contents.output)).toEqual(output);
  });

  it('span events: messages in order of time, a choice as output; the events keep only the rest', () => {
    const contents = read('GENERATION', {}, [
      ['gen_ai.system.message', { content: 'short' }],
      ['gen_ai.user.message', { content: '[{"text":"time?"}]', 'gen_ai.system': 'x' }],
      ['gen_ai.choice', { index: 0, finish_reason: 'stop', message: '[{"text":"noon"}]' }],
      ['other', { content: 'x' }],
    ]);
    expect(parse(contents.input)).toEqual([{ role: 'system', content: 'short' }, USER]);
    expect(parse(contents.output)).toEqual([{ ...ANSWER, finish_reason: 'stop' }]);
    expect([...contents.takenEvents].map(({ name }) => name)).toEqual([
      'gen_ai.system.message',
      'gen_ai.user.message',
      'gen_ai.choice',
    ]);
    expect(contents.inputSources).toEqual(['event gen_ai.system.message', 'event gen_ai.user.message']);
  });

  it.each<[string, Json, unknown]>([
    ['gen_ai.content.prompt', { 'gen_ai.prompt': 'time?' }, [USER]],
    ['gen_ai.client.inference.operation.details', { 'gen_ai.input.messages': JSON.stringify([USER]) }, [USER]],
  ])('the event %s', (name, values, input) => {
    expect(parse(read('GENERATION', {}, [[name, values]]).input)).toEqual(input);
  });

  it('a query of a vector database: its hits are documents', () => {
    const hit = {
      'db.query.result.id': 'd',
      'db.query.result.document': 'text',
      'db.query.result.metadata': '{"a":1}',
    };
    expect(parse(read('RETRIEVER', {}, [['db.query.result', hit]]).output)).toEqual([
      { id: 'd', content: 'text', metadata: { a: 1 } },
    ]);
  });
});

describe('content is kept as it was sent', () => {
  it.each<[string, ObservationType, string, string]>([
    ['when Langfuse states it', 'GENERATION', 'langfuse.observation.input', '[{"role": "human", "parts": []}]'],
    ['when its shape is unknown', 'GENERATION', 'input.value', '{"a": [1, 2.50], "big": 12345678901234567890}'],
    [
      'when messages are in form already',
      'GENERATION',
      'gen_ai.input.messages',
      '[{"role": "user", "content": "x"}]\n',
    ],
    ['when the span is no model call', 'CHAIN', 'input.value', '{"messages": [{"role": "human", "content": "x"}]}'],
  ])('%s', (_, type, key, text) => {
    expect(read(type, { [key]: text }).input).toBe(text);
  });

  it('when it was cut off: it stays text, and what belongs to it stays an attribute', () => {
    const cut = '[{"role":"user","parts":[{"type":"te';
    const contents = read('GENERATION', { 'gen_ai.input.messages': cut, 'gen_ai.system_instructions': 'short' });
    expect(parse(contents.input)).toBe(cut);
    expect([...contents.takenKeys.keys()]).toEqual(['gen_ai.input.messages']);
  });
});

describe('what became content', () => {
  it('is named with its keys, and taken from the raw attributes', () => {
    const contents = read('GENERATION', {
      'llm.input_messages.0.message.role': 'user',
      'llm.input_messages.0.message.content': 'x',
      'llm.tools.0.tool.json_schema': '{}',
      'input.value': 'raw',
    });
    expect(contents.inputSources).toEqual(['llm.input_messages.*', 'llm.tools.*']);
    expect([...contents.takenKeys.keys()]).toEqual([
      'llm.input_messages.0.message.role',
      'llm.input_messages.0.message.content',
      'llm.tools.0.tool.json_schema',
    ]);
  });

  it('of a tool of LangChain is taken out of its envelope where OpenLLMetry says that it is one', () => {
    const given = '{"input_str":"{}","tags":["t"],"inputs":{"city":"Oslo"},"kwargs":{}}';
    const gave = '{"output":"rain","kwargs":{"name":"get_weather"}}';
    const conventional = { 'gen_ai.tool.call.arguments': given, 'gen_ai.tool.call.result': gave };
    const twins = { 'traceloop.entity.input': given, 'traceloop.entity.output': gave };
    expect(read('TOOL', { ...conventional, ...twins })).toMatchObject({ input: '{"city":"Oslo"}', output: '"rain"' });
    // Of any other client they are what the tool was given and gave.
    expect(read('TOOL', conventional)).toMatchObject({ input: given, output: gave });
    const { input } = read('TOOL', { 'traceloop.entity.input': '{"input_str":"Oslo","metadata":{}}' });
    expect(input).toBe('"Oslo"');
  });

  it('leaves what stood beside it in an envelope', () => {
    const { input, takenKeys } = read('CHAIN', {
      'traceloop.entity.input': '{"inputs":{"q":1},"tags":["t"],"metadata":{}}',
    });
    expect(input).toBe('{"q":1}');
    expect(takenKeys.get('traceloop.entity.input')).toBe('{"tags":["t"]}');
  });

  it('is bounded: leaves beyond the limit stay attributes', () => {
    const leaves = Array.from({ length: MAX_LEAVES + 5 }, (_, i) => [`llm.input_messages.${i}.message.content`, 'x']);
    expect(read('GENERATION', Object.fromEntries(leaves) as Json).takenKeys.size).toBe(MAX_LEAVES);
  });
});

it('any attributes are read without failing, into JSON that can be stored', () => {
  const keys = SOURCES.flatMap(({ keys: own, lists }) => [...own, ...lists.map((list) => `${list}0.message.content`)]);
  const parts = [
    'role',
    'content',
    'parts',
    'messages',
    'tool_calls',
    'type',
    'text',
    'kwargs',
    'lc',
    '__proto__',
    'id',
  ];
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom('user', 'text', 'tool_call', null, 1, 'x\0\ud800'),
      tie('list'),
      tie('map'),
    ),
    list: fc.array(tie('value'), { maxLength: 3 }),
    map: fc.dictionary(fc.constantFrom(...parts), tie('value'), { maxKeys: 4 }),
  })).value;
  const value = fc.oneof(
    fc.string(),
    json.map((item) => JSON.stringify(item)),
    json.map(toAttribute),
  );
  const types = fc.constantFrom<ObservationType>('GENERATION', 'TOOL', 'EMBEDDING', 'SPAN');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...keys), value), { maxLength: 6 }), types, (entries, type) => {
      const { input, output } = readContents({ ...spanOf({}), attributes: new Map(entries) }, type);
      for (const text of [input, output]) {
        if (text === undefined) continue;
        JSON.parse(text);
        expect(/\0|\\u0000|\\ud[89a-f]/i.test(text.replaceAll('\\\\', ''))).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});

function toAttribute(value: unknown): AttributeValue {
  if (Array.isArray(value)) return value.map(toAttribute);
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([key, item]) => [key, toAttribute(item)]));
  return value as AttributeValue;
}

it('every source can be found by its keys', () => {
  for (const { keys, lists } of SOURCES) {
    for (const key of [...keys, ...lists.map((list) => `${list}0.x`)]) expect(contentKeyOf(key)).not.toBeNull();
  }
});
