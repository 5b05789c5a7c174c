import {
  aRequest,
  aSpan,
  attributes,
  fixture,
  jsonBody,
  NOW_MS,
  SPAN_ID,
  START_MICROS,
  START_NANOS,
  TRACE_ID,
} from '../../../test/fixtures/otlp/wire.js';
import { InvalidInput } from '../../domain/errors.js';
import { type ObservationPatch } from '../../domain/observation.js';
import { eventStamp, inheritedStamp } from '../../domain/time.js';
import { type TracePatch } from '../../domain/trace.js';
import { decodeJson } from './otlp.json.js';
import { mapExport, type MappedExport } from './otlp.map.js';
import { decodeProtobuf } from '../../../test/support/decode-protobuf.js';

const CONTEXT = { project: { no: 1, id: 'p' }, nowMs: NOW_MS, bytes: 1000 };
const END_MICROS = START_MICROS + 1_000_000;
const STAMP = eventStamp(END_MICROS, true, NOW_MS);
const PARENT_ID = '00f067aa0ba902b7';

type Json = Record<string, unknown>;

const mapRequest = (request: unknown): MappedExport => mapExport(decodeJson(jsonBody(request)), CONTEXT);

interface MappedSpan {
  readonly observation: ObservationPatch;
  readonly stated: TracePatch | undefined;
  readonly inherited: TracePatch | undefined;
  /** The observation's metadata, parsed. */
  readonly metadata: Json;
  /** Raw attributes that were kept. */
  readonly kept: Json;
}

/** One span with these attributes; `more` overrides its other fields. */
function mapSpan(values: Json, more: Json = {}, scope: Json = { name: 'test-scope' }, resource?: Json): MappedSpan {
  const span = aSpan({ attributes: attributes(values), ...more });
  const request = aRequest([span], scope, resource && { attributes: attributes(resource) });
  const { observations, traces } = mapRequest(request).batch;
  const metadata = parse(observations[0]!.metadata);
  return {
    observation: observations[0]!,
    stated: traces.find((trace) => trace.stamp > 0),
    inherited: traces.find((trace) => trace.stamp < 0),
    metadata,
    kept: (metadata['attributes'] ?? {}) as Json,
  };
}

function parse(metadata: ReadonlyMap<string, string> | undefined): Json {
  return Object.fromEntries([...(metadata ?? [])].map(([key, text]) => [key, JSON.parse(text) as unknown]));
}

const LANGFUSE = { name: 'langfuse-sdk', version: '5.11.1' };

describe('a span of the Langfuse JS SDK', () => {
  const request = aRequest(
    [
      {
        traceId: 'b61d23164373c56952c90d4f88da5932',
        spanId: '03a82fb378f737e7',
        parentSpanId: '7cb5ff3d41e88faf',
        name: 'nested-llm-call',
        kind: 1,
        startTimeUnixNano: '1769851800900000000',
        endTimeUnixNano: '1769851800900345004',
        attributes: attributes({
          'user.id': 'test-user-123',
          'session.id': 'test-session-456',
          'langfuse.trace.name': 'demo-trace',
          'langfuse.trace.tags': ['demo', 'test'],
          'langfuse.trace.metadata.testRun': 'server-export',
          'langfuse.trace.public': true,
          'langfuse.observation.type': 'generation',
          'langfuse.observation.model.name': 'gpt-4',
          'langfuse.observation.metadata.temperature': '0.7',
          'langfuse.observation.input': '{"messages":[]}',
          'langfuse.observation.usage_details': '{"prompt_tokens":15,"completion_tokens":25,"total_tokens":40}',
        }),
        events: [],
        links: [],
        status: { code: 0 },
        flags: 257,
        droppedAttributesCount: 0,
      },
    ],
    LANGFUSE,
    { attributes: attributes({ 'process.pid': 13945, 'process.command_args': ['/usr/bin/node'] }) },
  );

  it('becomes the generation, the stated trace and the inherited trace that Langfuse shows', () => {
    const { batch, spanCount, rejected } = mapRequest(request);
    const start = 1_769_851_800_900_000;
    const stamp = eventStamp(start + 345, true, NOW_MS);
    const key = { index: 0, traceId: 'b61d23164373c56952c90d4f88da5932' };
    const resourceAttributes = '{"process.pid":13945,"process.command_args":["/usr/bin/node"]}';
    const scope = '{"name":"langfuse-sdk","version":"5.11.1"}';

    expect({ spanCount, rejected, bytes: batch.bytes }).toEqual({ spanCount: 1, rejected: [], bytes: 1000 });
    expect(batch.observations).toEqual([
      {
        ...key,
        kind: 'observation',
        id: '03a82fb378f737e7',
        stamp,
        parentObservationId: '7cb5ff3d41e88faf',
        startTime: start,
        endTime: start + 345,
        type: 'GENERATION',
        name: 'nested-llm-call',
        model: 'gpt-4',
        usage: { input: 15, output: 25, total: 40 },
        input: '{"messages":[]}',
        metadata: new Map([
          ['temperature', '0.7'],
          ['resourceAttributes', resourceAttributes],
          ['scope', scope],
          ['kind', '"INTERNAL"'],
          ['flags', '257'],
        ]),
      },
    ]);
    expect(batch.traces).toEqual([
      {
        ...key,
        kind: 'trace',
        stamp,
        name: 'demo-trace',
        public: true,
        tags: ['demo', 'test'],
        metadata: new Map([['testRun', '"server-export"']]),
      },
      {
        ...key,
        kind: 'trace',
        stamp: inheritedStamp(start, false),
        name: 'nested-llm-call',
        userId: 'test-user-123',
        sessionId: 'test-session-456',
        input: '{"messages":[]}',
        metadata: new Map([
          ['resourceAttributes', resourceAttributes],
          ['scope', scope],
        ]),
      },
    ]);
  });

  it('keeps attributes that are not known, and none that have found a field', () => {
    const { kept } = mapSpan(
      { 'langfuse.observation.type': 'tool', 'user.id': 'u', 'langfuse.experiment.id': 'e-1', 'my.key': 1 },
      {},
      LANGFUSE,
    );
    expect(kept).toEqual({ 'langfuse.experiment.id': 'e-1', 'my.key': 1 });
  });

  it.each([
    ['3.3.0', 'GENERATION'],
    ['3.4.0', 'SPAN'],
  ])('of Python %s that calls itself a span but names a model is a %s', (version, type) => {
    const values = { 'langfuse.observation.type': 'span', 'langfuse.observation.model.name': 'gpt-4' };
    const python = { 'telemetry.sdk.language': 'python' };
    expect(mapSpan(values, {}, { name: 'langfuse-sdk', version }, python).observation.type).toBe(type);
  });
});

describe('a recorded export', () => {
  it('of @langfuse/otel 5.11.1 gives its generation, tool and root', () => {
    const body = fixture('langfuse-otel-5.11.1.json');
    const recordedAt = 1_795_407_580_000;
    const { batch, rejected } = mapExport(decodeJson(body), { ...CONTEXT, nowMs: recordedAt });
    expect(rejected).toEqual([]);
    expect(batch.observations).toMatchObject([
      {
        type: 'GENERATION',
        name: 'answer',
        model: 'gpt-4o-mini',
        modelParameters: '{"temperature":0.7,"max_tokens":100}',
        usage: { input: 15, output: 25, total: 40 },
        statedCost: { input: 0.0001, output: 0.0002 },
        promptName: 'qa',
        promptVersion: '3',
        environment: 'production',
        version: '1.4.2',
        completionStartTime: 1_795_407_576_282_000,
        input: '[{"role":"user","content":"Wie spät ist es?"}]',
        output: '{"role":"assistant","content":"Es ist 12 Uhr. 🕛"}',
      },
      { type: 'TOOL', level: 'WARNING', statusMessage: 'clock is slow', input: '{"tz":"UTC"}', output: '"12:00"' },
      { type: 'SPAN', name: 'handle-question', parentObservationId: undefined, output: '"Es ist 12 Uhr. 🕛"' },
    ]);
    expect(parse(batch.observations[2]!.metadata)).toMatchObject({ channel: 'web', retries: 2, nested: { a: [1, 2] } });

    const stated = batch.traces.filter((trace) => trace.stamp > 0);
    const common = { name: 'support-chat', release: 'v2.0.1', environment: 'production', tags: ['demo', 'test'] };
    expect(stated).toMatchObject([common, common, { ...common, public: true }]);
    const inherited = batch.traces.filter((trace) => trace.stamp < 0).sort((a, b) => b.stamp - a.stamp);
    expect(inherited[0]).toMatchObject({ name: 'handle-question', userId: 'user-123', sessionId: 'session-456' });
    expect(parse(inherited[0]!.metadata)).toMatchObject({ channel: 'web', scope: { name: 'langfuse-sdk' } });
  });

  it('of the OTel JS exporters 0.223.0 is the same in protobuf and JSON', () => {
    const context = { ...CONTEXT, nowMs: 1_795_407_580_000 };
    const fromProtobuf = mapExport(decodeProtobuf(fixture('otel-js-proto-0.223.0.bin')), context);
    const fromJson = mapExport(decodeJson(fixture('otel-js-http-0.223.0.json')), context);
    expect(fromProtobuf).toEqual(fromJson);

    const [chat, query, agent] = fromProtobuf.batch.observations;
    expect(chat).toMatchObject({
      type: 'GENERATION',
      model: 'gpt-4o-2024-08-06',
      modelParameters: '{"temperature":0.2,"stop_sequences":["END"]}',
      usage: { input: 20, input_cached_tokens: 100, output: 30, total: 150 },
      level: 'ERROR',
      statusMessage: 'rate limited',
      environment: 'staging',
      version: '3.1.0',
    });
    expect(parse(chat!.metadata)).toMatchObject({
      attributes: { 'gen_ai.provider.name': 'openai', 'app.ratio': 0.5, 'app.flag': true, 'app.list': [1, 2, 3] },
      events: [{ name: 'first token', attributes: { 'app.position': 1 } }, { name: 'exception' }],
      links: [{ traceId: TRACE_ID, spanId: SPAN_ID, attributes: { why: 'retry' } }],
      kind: 'CLIENT',
    });
    expect(query).toMatchObject({ type: 'SPAN', level: undefined });
    expect(parse(query!.metadata)).toMatchObject({ status: { code: 'OK' } });
    expect(agent).toMatchObject({ type: 'AGENT', usage: { input: 120, total: 120 } });
    expect(parse(agent!.metadata)['attributes']).toMatchObject({ 'gen_ai.usage.input_tokens': 120 });
  });
});

describe('the type of an observation', () => {
  it.each<[Json, string]>([
    [{ 'langfuse.observation.type': 'Guardrail', 'openinference.span.kind': 'LLM' }, 'GUARDRAIL'],
    [{ 'langfuse.observation.type': 'sorcery', 'openinference.span.kind': 'LLM' }, 'GENERATION'],
    [{ 'openinference.span.kind': 'RERANKER', 'gen_ai.request.model': 'm' }, 'RETRIEVER'],
    [{ 'openinference.span.kind': 'AGENT', 'gen_ai.operation.name': 'chat' }, 'AGENT'],
    [{ 'gen_ai.operation.name': 'embeddings' }, 'EMBEDDING'],
    [{ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.request.model': 'm' }, 'TOOL'],
    [{ 'gen_ai.operation.name': 'unheard_of', 'gen_ai.request.model': 'm' }, 'GENERATION'],
    [{ 'gen_ai.tool.name': 'search', 'gen_ai.request.model': 'm' }, 'TOOL'],
    [{ 'flue.tool.call_id': 'c' }, 'TOOL'],
    [{ 'flue.task.id': 't', 'gen_ai.request.model': 'm' }, 'AGENT'],
    [{ 'flue.task.agent': 'planner' }, 'AGENT'],
    [{ 'llm.response.model': 'm' }, 'GENERATION'],
    [{ 'gen_ai.response.model': 'm' }, 'GENERATION'],
    [{ 'http.method': 'GET' }, 'SPAN'],
  ])('of a span with %j is %s', (values, type) => {
    expect(mapSpan(values).observation.type).toBe(type);
  });
});

describe('attributes that compete for a field', () => {
  it.each<[keyof ObservationPatch, Json, unknown]>([
    ['model', { 'gen_ai.request.model': 'asked', 'gen_ai.response.model': 'got' }, 'got'],
    ['model', { 'gen_ai.response.model': 'got', 'langfuse.observation.model.name': 'named' }, 'named'],
    ['model', { 'langfuse.observation.model.name': '', 'gen_ai.request.model': 'asked' }, 'asked'],
    ['input', { 'input.value': 'b', 'gen_ai.input.messages': '["a"]' }, '["a"]'],
    ['input', { 'langfuse.observation.input': '{}', 'input.value': 'said' }, '"said"'],
    ['input', { 'langfuse.observation.input': '{}' }, '{}'],
    ['output', { 'output.value': 'None', 'gen_ai.completion': 'c' }, '"c"'],
    ['level', { 'langfuse.observation.level': 'warn' }, 'WARNING'],
    ['level', { 'langfuse.observation.level': 'loud' }, undefined],
    ['environment', { 'deployment.environment': 'a', 'langfuse.environment': 'Langfuse-Prod' }, 'prod'],
    ['environment', { 'langfuse.environment': 'not valid!' }, undefined],
    ['version', { 'langfuse.version': 3 }, '3'],
  ])('%s of %j is the first in order that says something', (field, values, expected) => {
    expect(mapSpan(values).observation[field]).toBe(expected);
  });

  it('are looked for on the span first and then on its resource, key by key', () => {
    const resource = { 'langfuse.environment': 'from-resource', 'service.version': '9', 'langfuse.release': 'r1' };
    const { observation, stated } = mapSpan({ 'deployment.environment.name': 'weaker' }, {}, undefined, resource);
    expect(observation).toMatchObject({ environment: 'from-resource', version: '9' });
    expect(stated).toMatchObject({ environment: 'from-resource', version: '9', release: 'r1', stamp: STAMP });
  });

  it('stay among the raw attributes when they lose, or when they are not content', () => {
    const { kept } = mapSpan({
      'gen_ai.input.messages': '["a"]',
      'input.value': 'loser',
      'gen_ai.prompt': '["a"]',
      'session.id': 's',
      'gen_ai.usage.input_tokens': 3,
    });
    expect(kept).toEqual({ 'input.value': 'loser', 'session.id': 's', 'gen_ai.usage.input_tokens': 3 });
  });
});

describe('tokens and cost', () => {
  const usage = (values: Json) => mapSpan({ 'gen_ai.request.model': 'm', ...values }).observation.usage;
  const details = (value: unknown) => usage({ 'langfuse.observation.usage_details': JSON.stringify(value) });

  it('of @langfuse/openai 4 takes parts out of the whole where the total says that they are in it', () => {
    const parts = { input_cached_tokens: 64, output_reasoning_tokens: 5 };
    expect(details({ input: 100, output: 8, total: 108, ...parts })).toEqual({
      ...{ input: 36, output: 3, total: 108 },
      ...parts,
    });
    const beside = { input: 36, output: 3, total: 108, ...parts };
    expect(details(beside)).toEqual(beside);
  });

  it('bring OpenAI usage to classes that add up, and keep the keys of any other map', () => {
    const chat = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };
    expect(
      details({
        ...chat,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 30 },
      }),
    ).toEqual({
      input: 6,
      input_cached_tokens: 4,
      output: 0,
      output_reasoning_tokens: 30,
      total: 30,
    });
    expect(details({ input_tokens: 1, output_tokens: 2, total_tokens: 3 })).toEqual({ input: 1, output: 2, total: 3 });
    expect(details({ prompt_tokens: 10, completion_tokens: 20 })).toEqual({
      prompt_tokens: 10,
      completion_tokens: 20,
      total: 30,
    });
    expect(details({ promptTokens: 1, completionTokens: 2, totalTokens: 3 })).toEqual({
      input: 1,
      output: 2,
      total: 3,
    });
  });

  it('are whole, non-negative numbers; others are left out of the map and kept raw', () => {
    expect(details({ input: 5, output: '7', a: 1.5, b: -1, c: null, d: {}, e: 2 ** 53 })).toEqual({
      input: 5,
      output: 7,
      total: 12,
    });
    const { observation, kept } = mapSpan({ 'gen_ai.usage.input_tokens': -3, 'gen_ai.usage.output_tokens': 1.5 });
    expect(observation.usage).toBeUndefined();
    expect(kept).toEqual({ 'gen_ai.usage.input_tokens': -3, 'gen_ai.usage.output_tokens': 1.5 });
  });

  it('count cached and reasoning tokens once, and take them as extra where they exceed the whole', () => {
    expect(
      usage({
        'gen_ai.usage.prompt_tokens': 100,
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.output_tokens': 50,
        'gen_ai.usage.cache_read.input_tokens': 60,
        'gen_ai.usage.cache_creation_input_tokens': 10,
        'gen_ai.usage.reasoning_tokens': 20,
      }),
    ).toEqual({
      input: 30,
      input_cached_tokens: 60,
      input_cache_creation: 10,
      output: 30,
      output_reasoning_tokens: 20,
      total: 150,
    });
    expect(usage({ 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.cache_read_input_tokens': 90 })).toEqual({
      input: 5,
      input_cached_tokens: 90,
      total: 95,
    });
    expect(usage({ 'gen_ai.usage.input_tokens': '5', 'gen_ai.usage.total_tokens': 9 })).toEqual({ input: 5, total: 9 });
  });

  it('take a key such as __proto__ for a class like any other', () => {
    const stated = usage({ 'langfuse.observation.usage_details': '{"__proto__":7,"input":1}' })!;
    expect(Object.entries(stated)).toEqual([
      ['__proto__', 7],
      ['input', 1],
      ['total', 8],
    ]);
    expect(Object.getPrototypeOf(stated)).toBe(Object.prototype);
  });

  it('keep stated costs that are numbers', () => {
    const cost = (values: Json) => mapSpan({ 'gen_ai.request.model': 'm', ...values }).observation.statedCost;
    expect(cost({ 'langfuse.observation.cost_details': '{"input":0.5,"output":-1,"x":"1e-3"}' })).toEqual({
      input: 0.5,
      x: 0.001,
    });
    expect(cost({ 'gen_ai.usage.cost': 0.25 })).toEqual({ total: 0.25 });
    expect(cost({ 'gen_ai.usage.cost': 1e300 })).toBeUndefined();
  });

  // Storage decides whether they count: what is below the agent may come later.
  it('of an agent, which may repeat those below it, are kept', () => {
    const values = { 'gen_ai.request.model': 'm', 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.cost': 1 };
    for (const operation of ['invoke_agent', 'agent_step']) {
      const { observation, kept } = mapSpan({ ...values, 'gen_ai.operation.name': operation });
      expect(observation).toMatchObject({ model: 'm', usage: { input: 9, total: 9 }, statedCost: { total: 1 } });
      expect(kept).toMatchObject(values);
    }
  });
});

describe('input and output', () => {
  it.each<[unknown, string]>([
    ['{"a": [1, 2.50]}\n', '{"a": [1, 2.50]}\n'],
    ['{"big":12345678901234567890}', '{"big":12345678901234567890}'],
    ['{not json}', '"{not json}"'],
    ['42', '"42"'],
    ['[1,2', '"[1,2"'],
    [['a', { b: null }], '["a",{"b":null}]'],
    [7, '7'],
    [false, 'false'],
  ])('%j is stored as %s', (value, text) => {
    expect(mapSpan({ 'input.value': value }).observation.input).toBe(text);
  });

  it('lose nothing but what PostgreSQL cannot hold', () => {
    const { observation, kept } = mapSpan({
      'input.value': '{"a\\u0000":"\\ud800","b":"\\\\u0000","c":"\\ud83d\\ude00"}',
      'output.value': 'nul \0, lone \ud800, literal \\u0000',
      'k\0ey': 'v\udfff',
    });
    expect(observation.input).toBe('{"a\ufffd":"\ufffd","b":"\\\\u0000","c":"\\ud83d\\ude00"}');
    expect(JSON.parse(observation.output!)).toBe('nul \ufffd, lone \ufffd, literal \\u0000');
    expect(kept).toEqual({ 'k\ufffdey': 'v\ufffd' });
  });

  it('that nest deeper than the server reads are kept as text', () => {
    const deep = '['.repeat(201) + ']'.repeat(201);
    expect(mapSpan({ 'input.value': deep }).observation.input).toBe(JSON.stringify(deep));
    const legal = '['.repeat(200) + ']'.repeat(200);
    expect(mapSpan({ 'input.value': legal }).observation.input).toBe(legal);
  });

  it('of integers beyond 2^53 and of numbers that JSON has no word for are text', () => {
    const values = [
      { key: 'int', value: { intValue: '9007199254740993' } },
      { key: 'nan', value: { doubleValue: 'NaN' } },
      { key: 'inf', value: { doubleValue: '-Infinity' } },
    ];
    expect(mapSpan({}, { attributes: values }).kept).toEqual({ int: '9007199254740993', nan: 'NaN', inf: '-Infinity' });
  });
});

describe('metadata', () => {
  it('of Langfuse is read as JSON where the SDK wrote JSON', () => {
    const { metadata, stated } = mapSpan(
      {
        'langfuse.observation.metadata': '{"from":"bare","both":1,"none":null}',
        'langfuse.observation.metadata.both': '2',
        'langfuse.observation.metadata.yes': 'true',
        'langfuse.observation.metadata.version': '1.0.0',
        'langfuse.observation.metadata.release': '3.10',
        'langfuse.observation.metadata.big': '9007199254740993',
        'langfuse.observation.metadata.a.b': '{"c":[1]}',
        'langfuse.observation.metadata.gone': 'null',
        'langfuse.metadata.shared': 's',
        'langfuse.trace.metadata': 'just text',
      },
      {},
      LANGFUSE,
    );
    expect(metadata).toMatchObject({
      from: 'bare',
      both: 2,
      yes: true,
      version: '1.0.0',
      release: '3.10',
      big: '9007199254740993',
      'a.b': { c: [1] },
      shared: 's',
    });
    expect(Object.keys(metadata)).not.toEqual(expect.arrayContaining(['gone']));
    expect(Object.keys(metadata)).not.toEqual(expect.arrayContaining(['none']));
    expect(metadata['attributes']).toBeUndefined();
    expect(parse(stated!.metadata)).toEqual({ metadata: 'just text', shared: 's' });
  });

  it.each([
    ['1.0', 1],
    ['-0.5', -0.5],
    ['1.2e-07', 1.2e-7],
    ['1e-05', 1e-5],
    ['1e-7', 1e-7],
    ['1e+16', 1e16],
    ['100000.0', 1e5],
    ['12345678901234.0', 12345678901234],
    // No SDK writes a number so.
    ['1.00', '1.00'],
    ['1e5', '1e5'],
    ['007', '007'],
    ['+1', '+1'],
    ['-0.0', '-0.0'],
    ['0.1000000000000000001', '0.1000000000000000001'],
    ['1e+400', '1e+400'],
  ])('of Langfuse reads %s as SDKs in Python and JavaScript write numbers', (text, read) => {
    const { metadata } = mapSpan({ 'langfuse.observation.metadata.value': text }, {}, LANGFUSE);
    expect(metadata).toMatchObject({ value: read });
  });

  it('takes keys such as __proto__ for data', () => {
    const { observation } = mapSpan({
      'langfuse.observation.metadata.__proto__': 'own',
      'langfuse.observation.metadata': '{"constructor":1}',
      hasOwnProperty: 'x',
    });
    expect(observation.metadata!.get('__proto__')).toBe('"own"');
    expect(observation.metadata!.get('constructor')).toBe('1');
    expect(observation.metadata!.get('attributes')).toBe('{"hasOwnProperty":"x"}');
  });

  it('keeps everything of a span that has no field of its own', () => {
    const { metadata } = mapSpan(
      { 'http.method': 'GET' },
      {
        kind: 3,
        flags: 0x101,
        traceState: 'a=b',
        droppedAttributesCount: 4,
        droppedEventsCount: 5,
        droppedLinksCount: 6,
        status: { code: 1, message: 'fine' },
        events: [
          {
            timeUnixNano: String(START_NANOS + 1n),
            name: 'e',
            attributes: attributes({ x: 1 }),
            droppedAttributesCount: 2,
          },
        ],
        links: [
          { traceId: TRACE_ID, spanId: PARENT_ID, traceState: 'c=d', attributes: attributes({ y: 2 }), flags: 1 },
        ],
      },
      { name: 'lib', version: '1', attributes: attributes({ z: 3 }) },
      { 'service.name': 'bot' },
    );
    expect(metadata).toEqual({
      attributes: { 'http.method': 'GET' },
      resourceAttributes: { 'service.name': 'bot' },
      scope: { name: 'lib', version: '1', attributes: { z: 3 } },
      events: [{ name: 'e', timeUnixNano: String(START_NANOS + 1n), attributes: { x: 1 }, droppedAttributesCount: 2 }],
      links: [{ traceId: TRACE_ID, spanId: PARENT_ID, traceState: 'c=d', attributes: { y: 2 }, flags: 1 }],
      kind: 'CLIENT',
      flags: 257,
      traceState: 'a=b',
      status: { code: 'OK', message: 'fine' },
      droppedAttributesCount: 4,
      droppedEventsCount: 5,
      droppedLinksCount: 6,
    });
  });

  it('keeps the whole of a name that is too long for one', () => {
    const long = 'n'.repeat(5000);
    const { name, metadata } = mapRequest(aRequest([aSpan({ name: long })])).batch.observations[0]!;
    expect([name!.length < long.length, metadata!.get('spanName')]).toEqual([true, JSON.stringify(long)]);
  });

  it('of the client keeps its key where ours has the same name', () => {
    const { metadata } = mapSpan({ 'langfuse.observation.metadata.kind': 'mine', other: 1 });
    expect(metadata).toMatchObject({ kind: 'mine', 'otel.kind': 'INTERNAL' });
  });
});

describe('what a span says about its trace', () => {
  it('is inherited by class: a root span before any other, the earlier first', () => {
    const root = mapSpan({ 'user.id': 'u', 'input.value': 'q' });
    expect(root.inherited).toMatchObject({
      name: 'work',
      userId: 'u',
      input: '"q"',
      stamp: inheritedStamp(START_MICROS, true),
    });
    expect(root.stated).toBeUndefined();

    const child = mapSpan({ 'session.id': 's' }, { parentSpanId: PARENT_ID });
    expect(child.observation.parentObservationId).toBe(PARENT_ID);
    expect(child.inherited).toMatchObject({ name: 'work', sessionId: 's', stamp: inheritedStamp(START_MICROS, false) });
  });

  it.each<[string, Json, Json]>([
    ['no parent', {}, {}],
    ['an all-zero parent', {}, { parentSpanId: '0000000000000000' }],
    ['the mark of Langfuse that it acts as root', { 'langfuse.internal.as_root': 'true' }, { parentSpanId: PARENT_ID }],
    [
      'the mark that it is the topmost exported one',
      { 'langfuse.internal.is_app_root': true },
      { parentSpanId: PARENT_ID },
    ],
  ])('comes from a root when it has %s', (_, values, more) => {
    expect(mapSpan(values, more).inherited!.stamp).toBe(inheritedStamp(START_MICROS, true));
  });

  it('is stated by langfuse.trace.*, at the time of the span', () => {
    const { stated, inherited, observation } = mapSpan({
      'langfuse.trace.name': 'stated',
      'langfuse.trace.input': '{"q":1}',
      'langfuse.trace.output': 'done',
      'langfuse.trace.metadata.k': '[1]',
      'langfuse.observation.metadata.own': 'o',
      'langfuse.public': 'false',
      'langfuse.tags': 'a, b,,a',
      'my.key': 1,
    });
    expect(stated).toEqual({
      kind: 'trace',
      index: 0,
      traceId: TRACE_ID,
      stamp: STAMP,
      name: 'stated',
      input: '{"q":1}',
      output: '"done"',
      public: false,
      tags: ['a', 'b'],
      metadata: new Map([['k', '[1]']]),
    });
    expect(observation).toMatchObject({ input: undefined, output: undefined });
    expect(parse(inherited!.metadata)).toMatchObject({
      own: 'o',
      attributes: { 'my.key': 1 },
      scope: { name: 'test-scope' },
    });
  });

  it.each<[unknown, string[]]>([
    [
      ['x', 'y,z', ''],
      ['x', 'y,z'],
    ],
    ['["x","y,z"]', ['x', 'y,z']],
    ['x,y', ['x', 'y']],
    ['x', ['x']],
  ])('gives the tags of %j', (tags, expected) => {
    expect(mapSpan({ 'langfuse.trace.tags': tags }).stated!.tags).toEqual(expected);
  });

  it('is nothing when it says nothing', () => {
    const { batch } = mapRequest(aRequest([aSpan({ name: '', parentSpanId: PARENT_ID })]));
    expect(batch.traces).toEqual([]);
    expect(batch.observations[0]!.name).toBeUndefined();
  });

  it('keeps a session or user id that cannot be one among the raw attributes', () => {
    const long = 's'.repeat(801);
    const { inherited, kept } = mapSpan({ 'session.id': long, 'user.id': 'a\0b' }, {}, LANGFUSE);
    expect(inherited).toMatchObject({ sessionId: undefined, userId: undefined });
    expect(kept).toEqual({ 'session.id': long, 'user.id': 'a\ufffdb' });
  });
});

describe('the times of a span', () => {
  const times = (start: bigint | number, end: bigint | number) =>
    mapSpan({}, { startTimeUnixNano: String(start), endTimeUnixNano: String(end) });

  it('are cut to microseconds', () => {
    const { observation } = times(START_NANOS + 1999n, START_NANOS + 2001n);
    expect(observation).toMatchObject({ startTime: START_MICROS + 1, endTime: START_MICROS + 2 });
  });

  it('leave an unfinished span open, and a span without start begin where it ends', () => {
    expect(times(START_NANOS, 0).observation).toMatchObject({
      startTime: START_MICROS,
      endTime: undefined,
      stamp: eventStamp(START_MICROS, false, NOW_MS),
    });
    expect(times(0, START_NANOS).observation).toMatchObject({ startTime: START_MICROS, endTime: START_MICROS });
    expect(times(0, 0).observation).toMatchObject({
      startTime: undefined,
      endTime: undefined,
      stamp: eventStamp(NOW_MS * 1000, false, NOW_MS),
    });
  });

  it.each<[string, bigint]>([
    ['seconds', 1_769_851_800n],
    ['milliseconds', 1_769_851_800_000n],
    ['microseconds', 1_769_851_800_000_000n],
  ])('given in %s are understood, with a note', (readAs, raw) => {
    const { observation, metadata } = times(raw, START_NANOS);
    expect(observation.startTime).toBe(START_MICROS);
    expect(metadata['clock']).toEqual({ startTimeUnixNano: { raw: String(raw), readAs } });
  });

  it('far from the clock are moved into range, and the raw value is kept', () => {
    const tooLate = 18_446_744_073_709_551_615n;
    const { observation, metadata } = times(START_NANOS, tooLate);
    expect(observation.endTime).toBe((NOW_MS + 86_400_000) * 1000);
    // A wrong clock must not win every later merge.
    expect(observation.stamp).toBe((NOW_MS + 300_000) * 2000 + 1);
    expect(metadata['clock']).toEqual({ endTimeUnixNano: { raw: String(tooLate), clamped: true } });
    expect(times(10n ** 17n, START_NANOS).observation.startTime).toBe((NOW_MS - 10 * 365.25 * 86_400_000) * 1000);
  });

  it('include when the first token came, as ISO text once or twice quoted', () => {
    const first = (text: string) =>
      mapSpan({ 'langfuse.observation.completion_start_time': text }).observation.completionStartTime;
    expect(first('2026-01-31T09:30:00.250Z')).toBe(START_MICROS + 250_000);
    expect(first('"2026-01-31T09:30:00.250Z"')).toBe(START_MICROS + 250_000);
    expect(first('soon')).toBeUndefined();
  });
});

describe('level and status message', () => {
  it('come from the status of the span unless Langfuse says otherwise', () => {
    const failed = { status: { code: 2, message: 'boom' } };
    expect(mapSpan({}, failed).observation).toMatchObject({ level: 'ERROR', statusMessage: 'boom' });
    const { observation, metadata } = mapSpan(
      { 'langfuse.observation.level': 'WARNING', 'langfuse.observation.status_message': 'meh' },
      failed,
    );
    expect(observation).toMatchObject({ level: 'WARNING', statusMessage: 'meh' });
    expect(metadata['status']).toEqual({ code: 'ERROR', message: 'boom' });
  });
});

describe('spans that cannot be stored', () => {
  it.each<[Json, string]>([
    [{ traceId: '' }, 'traceId'],
    [{ traceId: '0'.repeat(32) }, 'traceId'],
    [{ traceId: 'xyz' }, 'traceId'],
    [{ spanId: undefined }, 'spanId'],
    [{ spanId: '0'.repeat(16) }, 'spanId'],
    [{ spanId: 'b7ad6b71692033' }, 'spanId'],
    [{ spanId: 'b7ad6b716920333g' }, 'spanId'],
    [{ startTimeUnixNano: 'x' }, 'startTimeUnixNano'],
  ])('%j: harm only themselves', (overrides, field) => {
    const good = (i: number) => aSpan({ spanId: `00000000000000${10 + i}` });
    const spans = [good(0), aSpan(overrides), ...Array.from({ length: 50 }, (_, i) => good(i + 1))];
    const { batch, rejected, spanCount } = mapRequest(aRequest(spans));
    expect(spanCount).toBe(52);
    expect(batch.observations).toHaveLength(51);
    expect(batch.observations.map(({ index }) => index)).not.toContain(1);
    expect(rejected).toEqual([
      expect.objectContaining({ kind: 'observation', index: 1, field, code: 'INVALID_FIELD' }),
    ]);
  });

  it('are counted across resources and scopes', () => {
    const request = {
      resourceSpans: [
        aRequest([aSpan(), aSpan({ spanId: '' })]).resourceSpans,
        aRequest([aSpan({ traceId: '' }), aSpan()]).resourceSpans,
      ].flat(),
    };
    expect(mapRequest(request).rejected.map(({ index }) => index)).toEqual([1, 2]);
  });

  it('make the request invalid when there is no other, with the path of the first', () => {
    const request = aRequest([aSpan({ startTimeUnixNano: 'x' })]);
    expect(() => mapRequest(request)).toThrow(InvalidInput);
    expect(() => mapRequest(request)).toThrow('resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano must be');
  });

  it('without ids may be another signal in protobuf, and are what their key says in JSON', () => {
    const request = decodeJson(jsonBody(aRequest([aSpan({ spanId: 'ab' }), aSpan({ spanId: 'ab' })])));
    const messageIn = (encoding: 'protobuf' | 'json'): string => {
      try {
        mapExport(request, { ...CONTEXT, encoding });
      } catch (error) {
        return (error as Error).message;
      }
      return 'taken';
    };
    const path = 'resourceSpans[0].scopeSpans[0].spans[0].spanId';
    const told = `${path} must be 8 bytes (16 hex digits in JSON), not all zero. None of the 2 spans can be stored: `;
    expect(messageIn('json')).toContain(told);
    expect(messageIn('json')).not.toContain('payload');
    expect(messageIn('protobuf')).toMatch(/Is this a logs or metrics payload\? Those belong to/);
  });

  it('are none in an empty request', () => {
    expect(mapRequest({}).spanCount).toBe(0);
    expect(mapRequest(aRequest([])).batch).toMatchObject({ traces: [], observations: [] });
  });
});
