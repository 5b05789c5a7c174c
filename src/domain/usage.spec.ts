import fc from 'fast-check';
import { countTokens, statedCost } from './usage.js';

describe('the token sums of a usage map', () => {
  it.each([
    ['nothing', {}, 0, 0, 0],
    ['the two common classes', { input: 3, output: 4 }, 3, 4, 7],
    ['a stated total that differs from the sum', { input: 3, output: 4, total: 100 }, 3, 4, 100],
    ['a stated total of zero', { input: 3, total: 0 }, 3, 0, 0],
    ['a total alone', { total: 5 }, 0, 0, 5],
    ['finer classes', { input: 1, input_cached_tokens: 2, output: 4, output_reasoning: 8 }, 3, 12, 15],
    ['classes that are neither', { input: 1, seconds: 2 }, 1, 0, 3],
    ['a class with both words', { input_of_output: 2 }, 2, 0, 2],
    ['words of JavaScript', JSON.parse('{"__proto__":1,"constructor":2}') as Record<string, number>, 0, 0, 3],
  ])('of %s', (_case, usage, inputTokens, outputTokens, totalTokens) => {
    expect(countTokens(usage)).toEqual({ inputTokens, outputTokens, totalTokens });
  });

  it('do not depend on the order of the classes', () => {
    const usage = fc.dictionary(fc.constantFrom('input', 'output', 'total', 'cache', 'input_x'), fc.nat(), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(usage, (map) => {
        const reversed = Object.fromEntries(Object.entries(map).toReversed());
        expect(countTokens(reversed)).toEqual(countTokens(map));
      }),
    );
  });
});

describe('the total of a cost map', () => {
  it.each([
    ['nothing', {}, 0],
    ['classes', { input: 0.001, output: 0.002 }, 3_000_000],
    ['a stated total that differs from the sum', { input: 0.001, total: 5 }, 5_000_000_000],
    ['a stated total of zero', { input: 0.001, total: 0 }, 0],
    ['fractions that a double cannot hold', { input: 0.1, output: 0.2 }, 300_000_000],
    ['less than half a nano-USD', { input: 4e-10 }, 0],
    ['half a nano-USD', { input: 5e-10 }, 1],
  ])('of %s, in whole nano-USD', (_case, cost, nanoUsd) => {
    expect(statedCost(cost).costNanoUsd).toBe(nanoUsd);
  });

  it('has parts by the names of its classes', () => {
    const cost = {
      input: 0.001,
      cache_read_input_tokens: 0.002,
      output: 0.004,
      output_reasoning: 0.008,
      total: 1,
      tool: 9,
    };
    expect(statedCost(cost)).toMatchObject({ inputCostNanoUsd: 3_000_000, outputCostNanoUsd: 12_000_000 });
  });
});
