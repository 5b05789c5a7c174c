import { readUsageAttributes } from './otlp.usage.js';
import { type AttributeValue } from './otlp.span.js';

const read = (attributes: Record<string, AttributeValue>, scopeName = '') =>
  readUsageAttributes(new Map(Object.entries(attributes)), scopeName);
const usage = (attributes: Record<string, AttributeValue>, scopeName?: string) => read(attributes, scopeName).usage;

describe('token counts', () => {
  it.each<[string, Record<string, AttributeValue>, Record<string, number>]>([
    [
      'OpenInference',
      {
        'llm.token_count.prompt': 100,
        'llm.token_count.completion': 20,
        'llm.token_count.total': 120,
        'llm.token_count.prompt_details.cache_read': 60,
        'llm.token_count.prompt_details.cache_write': 10,
        'llm.token_count.completion_details.reasoning': 5,
      },
      {
        input: 30,
        input_cached_tokens: 60,
        input_cache_creation: 10,
        output: 15,
        output_reasoning_tokens: 5,
        total: 120,
      },
    ],
    [
      'a bridge of the AI SDK',
      {
        'streamText.usage.inputTokens': 100,
        'streamText.usage.outputTokens': 20,
        'streamText.usage.totalTokens': 120,
        'streamText.usage.reasoningTokens': 5,
        'streamText.usage.cachedInputTokens': 60,
      },
      { input: 40, input_cached_tokens: 60, output: 15, output_reasoning_tokens: 5, total: 120 },
    ],
    [
      'kinds of input in a draft of the standard, which are inside of it',
      {
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.output_tokens': 20,
        'gen_ai.usage.image.input_tokens': 30,
        'gen_ai.usage.text.input_tokens': 70,
        'gen_ai.usage.text.output_tokens': 20,
      },
      { input: 70, input_image_tokens: 30, output: 20, total: 120 },
    ],
    [
      'OpenLLMetry',
      {
        'gen_ai.usage.prompt_tokens': 7,
        'gen_ai.usage.completion_tokens': 3,
        'llm.usage.total_tokens': 10,
        'llm.usage.reasoning_tokens': 1,
      },
      { input: 7, output: 2, output_reasoning_tokens: 1, total: 10 },
    ],
    [
      'the Vercel AI SDK 6',
      {
        'ai.usage.inputTokens': 50,
        'ai.usage.outputTokens': 9,
        'ai.usage.inputTokenDetails.cacheReadTokens': 20,
        'ai.usage.outputTokenDetails.reasoningTokens': 4,
      },
      { input: 30, input_cached_tokens: 20, output: 5, output_reasoning_tokens: 4, total: 59 },
    ],
    ['an embedding of the Vercel AI SDK', { 'ai.usage.tokens': 12 }, { input: 12, total: 12 }],
    [
      'MLflow',
      {
        'mlflow.chat.tokenUsage': '{"input_tokens":10,"output_tokens":2,"total_tokens":12,"cache_read_input_tokens":4}',
      },
      { input: 6, input_cached_tokens: 4, output: 2, total: 12 },
    ],
    [
      'LangSmith',
      {
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.output_tokens': 5,
        'gen_ai.usage.total_tokens': 105,
        'gen_ai.usage.input_token_details': '{"cache_read":40,"audio":1}',
        'gen_ai.usage.output_token_details': '{"reasoning":2}',
      },
      {
        input: 59,
        input_cached_tokens: 40,
        input_audio_tokens: 1,
        output: 3,
        output_reasoning_tokens: 2,
        total: 105,
      },
    ],
    [
      'Pydantic AI',
      {
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 6,
        'gen_ai.usage.details.reasoning_tokens': 6,
        'gen_ai.usage.details.rejected_prediction_tokens': 2,
      },
      { input: 10, output: 0, output_reasoning_tokens: 6, rejected_prediction_tokens: 2, total: 16 },
    ],
    [
      'Google ADK',
      {
        'gcp.vertex.agent.llm_response':
          '{"usage_metadata":{"prompt_token_count":100,"candidates_token_count":10,"thoughts_token_count":30,"total_token_count":140,"cached_content_token_count":40}}',
      },
      { input: 60, input_cached_tokens: 40, output: 10, output_reasoning_tokens: 30, total: 140 },
    ],
    [
      'cache writes by how long they last',
      {
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.cache_creation.input_tokens': 60,
        'gen_ai.usage.cache_creation.input_tokens.ephemeral_5m': 40,
        'gen_ai.usage.cache_creation.input_tokens.ephemeral_1h': 10,
      },
      { input: 40, input_cache_creation: 10, input_cache_creation_5m: 40, input_cache_creation_1h: 10, total: 100 },
    ],
  ])('of %s become classes that add up', (_case, attributes, classes) => {
    expect(usage(attributes)).toEqual(classes);
  });

  const anthropic = { 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.cache_read_input_tokens': 60 };

  it.each<[string, Record<string, AttributeValue>, string, number, string, string]>([
    [
      'more cached tokens than input',
      { ...anthropic, 'gen_ai.usage.cache_read_input_tokens': 900 },
      '',
      100,
      'beside input',
      'cache exceeds input',
    ],
    [
      'a total with cached tokens beside',
      { ...anthropic, 'gen_ai.usage.output_tokens': 5, 'gen_ai.usage.total_tokens': 165 },
      '',
      100,
      'beside input',
      'total',
    ],
    [
      'a total with cached tokens inside',
      { ...anthropic, 'gen_ai.usage.output_tokens': 5, 'gen_ai.usage.total_tokens': 105 },
      'strands',
      40,
      'inside input',
      'total',
    ],
    [
      'the input as the provider calls it',
      {
        'ai.usage.promptTokens': 100,
        'ai.response.providerMetadata': '{"anthropic":{"usage":{"input_tokens":100,"cache_read_input_tokens":60}}}',
      },
      '',
      100,
      'beside input',
      'provider usage',
    ],
    ['a producer that passes raw numbers on', anthropic, 'strands.telemetry.tracer', 100, 'beside input', 'producer'],
    ['nothing else: the standard', anthropic, 'some scope', 40, 'inside input', 'convention'],
  ])('cached tokens are told from %s', (_case, attributes, scope, input, cacheTokens, cacheRule) => {
    const reading = read(attributes, scope);
    expect(reading.usage).toMatchObject({ input });
    expect(reading.note).toEqual({ cacheTokens, cacheRule });
  });

  it('without parts need no rule', () => {
    expect(read({ 'gen_ai.usage.input_tokens': 3, 'gen_ai.usage.output_tokens': 4 }).note).toBeUndefined();
    expect(read({ 'http.method': 'GET' })).toEqual({ usage: undefined, cost: undefined, note: undefined });
  });
});

describe('stated costs', () => {
  it.each<[string, Record<string, AttributeValue>, Record<string, number>]>([
    ['OpenLIT', { 'gen_ai.usage.cost': 0.5 }, { total: 0.5 }],
    [
      'OpenInference',
      { 'llm.cost.prompt': 0.1, 'llm.cost.completion': 0.2, 'llm.cost.total': 0.3 },
      { input: 0.1, output: 0.2, total: 0.3 },
    ],
    ['Logfire', { 'operation.cost': 0.001 }, { total: 0.001 }],
    ['Laminar', { 'gen_ai.usage.input_cost': 1, 'gen_ai.usage.output_cost': 2 }, { input: 1, output: 2 }],
    ['LiteLLM', { 'gen_ai.cost.total_cost': '0.25' }, { total: 0.25 }],
    [
      'MLflow',
      { 'mlflow.llm.cost': '{"input_cost":1,"output_cost":2,"total_cost":3}' },
      { total: 3, input: 1, output: 2 },
    ],
  ])('of %s', (_case, attributes, cost) => {
    expect(read(attributes)).toMatchObject({ cost, usage: undefined });
  });
});
