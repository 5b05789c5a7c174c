import fc from 'fast-check';
import { combineCost, combineUsage } from './ingestion.usage.js';

describe('usage', () => {
  it.each<[string, unknown, unknown, object | undefined]>([
    ['is nothing where nothing is stated', undefined, null, undefined],
    ['is nothing where only a unit is', { unit: 'TOKENS', input: null }, {}, undefined],
    ['has the sum as total', { input: 10, output: 5 }, undefined, { input: 10, output: 5, total: 15 }],
    ['keeps a stated total', { input: 10, output: 5, total: 99 }, undefined, { input: 10, output: 5, total: 99 }],
    ['may be a total alone', { total: 7 }, undefined, { total: 7 }],
    ['in camelCase', { promptTokens: 1, completionTokens: 2 }, undefined, { input: 1, output: 2, total: 3 }],
    [
      'lets details win, and sums them all',
      { input: 1 },
      { input: 10, cached: 3 },
      { input: 10, cached: 3, total: 13 },
    ],
    ['keeps the older total beside details', { total: 15 }, { input: 10 }, { input: 10, total: 15 }],
    [
      'of OpenAI chat takes parts out of the whole',
      null,
      {
        ...{ prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 },
        ...{ prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 25 } },
      },
      { input: 6, input_cached_tokens: 4, output: 0, output_reasoning_tokens: 25, total: 30 },
    ],
    [
      'takes flattened parts of OpenAI out of the whole where the total says that they are in it',
      undefined,
      { input: 100, output: 8, total: 108, input_cached_tokens: 64, input_audio_tokens: 0, output_reasoning_tokens: 5 },
      {
        ...{ input: 36, input_cached_tokens: 64, input_audio_tokens: 0, output: 3, output_reasoning_tokens: 5 },
        total: 108,
      },
    ],
    [
      'leaves flattened parts where the total counts them beside the whole',
      undefined,
      { input: 36, output: 3, total: 108, input_cached_tokens: 64, output_reasoning_tokens: 5 },
      { input: 36, output: 3, total: 108, input_cached_tokens: 64, output_reasoning_tokens: 5 },
    ],
    [
      'leaves flattened parts that are more than their whole',
      undefined,
      { input: 10, output: 3, total: 13, input_cached_tokens: 64 },
      { input: 10, output: 3, total: 13, input_cached_tokens: 64 },
    ],
    [
      'leaves what Anthropic counts beside its input',
      undefined,
      { input: 100, output: 3, total: 103, cache_read_input_tokens: 64 },
      { input: 100, output: 3, total: 103, cache_read_input_tokens: 64 },
    ],
    [
      'of OpenAI responses as well',
      undefined,
      { input_tokens: 3, output_tokens: 4, total_tokens: 7, input_tokens_details: null },
      { input: 3, output: 4, total: 7 },
    ],
    [
      'that only looks like OpenAI keeps its classes',
      undefined,
      { prompt_tokens: 10, completion_tokens: 20 },
      { prompt_tokens: 10, completion_tokens: 20, total: 30 },
    ],
    [
      'of OpenAI with another class keeps its classes',
      undefined,
      { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, audio: 4 },
      { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, audio: 4, total: 10 },
    ],
    ['takes text that is a number', undefined, { input: '12', output: 'x' }, { input: 12, total: 12 }],
    [
      'drops what is no count',
      undefined,
      { a: 1.5, b: -1, c: { d: 1 }, e: null, f: 1e300, input: 2 },
      { input: 2, total: 2 },
    ],
    ['is no list', [1], 'text', undefined],
  ])('%s', (_, usage, details, expected) => {
    const combined = combineUsage(usage, details);
    expect(combined === undefined ? undefined : { ...combined }).toEqual(expected);
  });

  it('is whole counts with a total, whatever is sent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (usage, details) => {
        const combined = combineUsage(usage, details);
        if (combined === undefined) return;
        expect(Object.keys(combined)).toContain('total');
        for (const count of Object.values(combined)) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      }),
    );
  });
});

describe('cost', () => {
  it.each<[string, unknown, unknown, object | undefined]>([
    ['is nothing where nothing is stated', { input: 1 }, {}, undefined],
    ['stands beside the counts', { inputCost: 0.1, totalCost: 0.3 }, undefined, { input: 0.1, total: 0.3 }],
    [
      'in details beats it, class by class',
      { inputCost: 0.1, outputCost: 0.2 },
      { input: 1 },
      { input: 1, output: 0.2 },
    ],
    ['beside OpenAI counts is dropped', { promptTokens: 1, inputCost: 0.1 }, undefined, undefined],
    ['drops what is no amount', undefined, { a: -1, b: '1', c: null, d: 2 }, { d: 2 }],
  ])('%s', (_, usage, details, expected) => {
    const combined = combineCost(usage, details);
    expect(combined === undefined ? undefined : { ...combined }).toEqual(expected);
  });
});
