import { aRequest, aSpan, attributes, jsonBody, NOW_MS } from '../../../test/fixtures/otlp/wire.js';
import { type ObservationPatch } from '../../domain/observation.js';
import { decodeJson } from './otlp.json.js';
import { mapExport } from './otlp.map.js';

const CONTEXT = { project: { no: 1, id: 'p' }, nowMs: NOW_MS, bytes: 1 };

function map(values: Record<string, unknown>): ObservationPatch {
  const request = aRequest([aSpan({ attributes: attributes(values) })]);
  return mapExport(decodeJson(jsonBody(request)), CONTEXT).batch.observations[0]!;
}
const parse = (text: string | null | undefined) =>
  typeof text === 'string' ? (JSON.parse(text) as unknown) : undefined;
const mapping = ({ metadata }: ObservationPatch) => parse(metadata!.get('mapping')) as Record<string, string>;
const USAGE = { prompt_tokens: 15, completion_tokens: 8, total_tokens: 23 };
const MLFLOW = { 'mlflow.spanType': '"CHAT_MODEL"', 'mlflow.trace.session': '"s"' };

describe('what only the content of a model call says', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      'the reason why a message ended (standard)',
      {
        'gen_ai.operation.name': 'chat',
        'gen_ai.output.messages':
          '[{"role":"assistant","parts":[{"type":"text","content":"x"}],"finish_reason":"length"}]',
      },
      { finishReason: 'length', filled: { finishReason: 'gen_ai.output.messages' } },
    ],
    [
      'request and response as they were (MLflow)',
      {
        ...MLFLOW,
        'mlflow.spanInputs':
          '{"messages":[{"role":"user","content":"x"}],"model":"gpt-4o","temperature":0.5,"user":"me"}',
        'mlflow.spanOutputs': JSON.stringify({
          choices: [{ message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
          model: 'gpt-4o-2024-08-06',
          usage: { ...USAGE, completion_tokens_details: { reasoning_tokens: 5, audio_tokens: null } },
        }),
      },
      {
        model: 'gpt-4o-2024-08-06',
        requestedModel: 'gpt-4o',
        finishReason: 'stop',
        modelParameters: { temperature: 0.5 },
        usage: { input: 15, output: 3, output_reasoning_tokens: 5, total: 23 },
        filled: { model: 'mlflow.spanOutputs', requestedModel: 'mlflow.spanInputs', usage: 'mlflow.spanOutputs' },
      },
    ],
    [
      'a request that failed (MLflow)',
      { ...MLFLOW, 'mlflow.spanInputs': '{"messages":[{"role":"user","content":"x"}],"model":"gpt-4o"}' },
      { model: 'gpt-4o', requestedModel: 'gpt-4o' },
    ],
    [
      'the metadata of a reply (Haystack), with cached tokens beside the input (Anthropic)',
      {
        'haystack.component.type': 'AnthropicChatGenerator',
        'haystack.component.input': '{"messages":[{"role":"user","content":"x"}],"generation_kwargs":{"max_tokens":9}}',
        'haystack.component.output': JSON.stringify({
          replies: [
            {
              role: 'assistant',
              content: [{ text: 'x' }],
              meta: {
                model: 'claude',
                finish_reason: 'stop',
                usage: { input_tokens: 5, output_tokens: 8, cache_read_input_tokens: 4 },
              },
            },
          ],
        }),
      },
      {
        model: 'claude',
        finishReason: 'stop',
        modelParameters: { max_tokens: 9 },
        usage: { input: 5, input_cached_tokens: 4, output: 8, total: 17 },
      },
    ],
    [
      'tokens of an embedding (MLflow)',
      {
        'mlflow.spanType': '"EMBEDDING"',
        'mlflow.spanInputs': '{"model":"e","input":["x"],"dimensions":8}',
        'mlflow.spanOutputs': '{"data":[{"embedding":[0.5]}],"model":"e","usage":{"prompt_tokens":6,"total_tokens":6}}',
      },
      { model: 'e', usage: { input: 6, total: 6 }, modelParameters: { dimensions: 8 } },
    ],
  ])('is found: %s', (_, values, { filled, ...expected }) => {
    const observation = map(values);
    const { model, requestedModel, finishReason, modelParameters, usage } = observation;
    const found = { model, requestedModel, finishReason, usage, modelParameters: parse(modelParameters) };
    expect(found).toMatchObject(expected);
    if (typeof filled === 'object') expect(mapping(observation)).toMatchObject(filled as object);
  });

  const ANSWER = `{"model":"other","usage":${JSON.stringify(USAGE)},"stop_reason":"other"}`;
  test('does not go before an attribute', () => {
    const { model, usage, finishReason } = map({
      ...MLFLOW,
      'mlflow.spanOutputs': ANSWER,
      'mlflow.llm.model': '"stated"',
      'gen_ai.usage.input_tokens': 1,
      'gen_ai.response.finish_reasons': ['stated'],
    });
    expect({ model, usage, finishReason }).toEqual({
      model: 'stated',
      usage: { input: 1, total: 1 },
      finishReason: 'stated',
    });
  });

  test.each([
    ['of a span that is no model call', { 'mlflow.spanType': '"CHAIN"', 'mlflow.spanOutputs': ANSWER }],
    [
      'that the client shaped itself',
      { 'langfuse.observation.type': 'generation', 'langfuse.observation.output': ANSWER },
    ],
  ])('is left alone in content %s', (_, values) => {
    const { model, usage, finishReason } = map(values);
    expect([model, usage, finishReason]).toEqual([undefined, undefined, undefined]);
  });
});
