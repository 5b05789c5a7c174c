import { readCost, readUnit, readUsage } from './batch.usage.js';

describe('token counts', () => {
  it.each([
    [
      'classes as they are',
      { input: 10, output: 5, input_cached_tokens: 3 },
      { input: 10, output: 5, input_cached_tokens: 3, total: 18 },
    ],
    ['a stated total', { input: 10, output: 5, total: 99 }, { input: 10, output: 5, total: 99 }],
    ['only a total', { total: 7 }, { total: 7 }],
    [
      'the camelCase of OpenAI',
      { promptTokens: 1, completionTokens: 2, totalTokens: 3 },
      { input: 1, output: 2, total: 3 },
    ],
    [
      'the snake_case of OpenAI',
      { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      { input: 1, output: 2, total: 3 },
    ],
    ['embeddings, which have no completion', { prompt_tokens: 4, total_tokens: 4 }, { input: 4, total: 4 }],
    ['numbers as text', { input: '12', output: ' 3', total: '15' }, { input: 12, total: 15 }],
    [
      'nothing but whole non-negative numbers',
      { input: 1.5, output: -1, total: null, x: {}, y: true, z: 2 },
      { z: 2, total: 2 },
    ],
    ['no more than a real count', { input: 1e15, output: 1 }, { output: 1, total: 1 }],
  ])('are read from %s', (_, usage, counts) => {
    expect(readUsage(usage, {})).toEqual(counts);
  });

  it('parts that OpenAI reports inside a class become classes of their own', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 30, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 60 },
    };
    expect(readUsage(usage, {})).toEqual({
      input: 70,
      input_cached_tokens: 30,
      input_audio_tokens: 0,
      output: 0,
      output_reasoning_tokens: 60,
      total: 150,
    });
  });

  it('the responses shape is read like the chat shape, in any order of its keys', () => {
    const usage = { input_tokens_details: { cached_tokens: 4 }, input_tokens: 10, output_tokens: 5, total_tokens: 15 };
    expect(readUsage(usage, {})).toEqual({ input: 6, input_cached_tokens: 4, output: 5, total: 15 });
  });

  it('fields beside usage count only where usage is silent', () => {
    const beside = { prompt: 1, completion: 2, total: 3 };
    expect(readUsage({ input: 10 }, beside)).toEqual({ input: 10, output: 2, total: 3 });
    expect(readUsage(null, beside)).toEqual({ input: 1, output: 2, total: 3 });
  });

  it.each([null, undefined, 'x', 5, [1], {}, { unit: 'TOKENS', inputCost: 1 }])('%p states no usage', (usage) => {
    expect(readUsage(usage, {})).toBeUndefined();
  });

  it('a usage with thousands of classes is cut off', () => {
    const usage = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`class_${i}`, 1]));
    expect(Object.keys(readUsage(usage, {})!)).toHaveLength(101);
  });
});

describe('cost and unit', () => {
  it('calculated costs win over those inside usage', () => {
    const usage = { inputCost: 1, outputCost: 2, totalCost: 3 };
    expect(readCost(usage, {})).toEqual({ input: 1, output: 2, total: 3 });
    expect(readCost(usage, { total: 9 })).toEqual({ input: 1, output: 2, total: 9 });
    expect(readCost({}, {})).toBeUndefined();
  });

  it.each([
    [{ unit: 'CHARACTERS' }, null, 'CHARACTERS'],
    [{}, 'SECONDS', 'SECONDS'],
    [{ unit: 'TOKENS' }, null, undefined],
    [{ unit: 5 }, '', undefined],
  ])('the unit of %p beside %p is %p', (usage, stated, unit) => {
    expect(readUnit(usage, stated)).toBe(unit);
  });
});
