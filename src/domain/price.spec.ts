import fc from 'fast-check';
import { type PriceSheet, PriceTable, usdText } from './price.js';
import { type Cost } from './usage.js';

const sheet = (prices: Record<string, number>, tiers: Record<number, Record<string, number>> = {}): PriceSheet => {
  const list = (of: Record<string, number>) =>
    Object.entries(of).map(([usageClass, usdPerMillion]) => ({ usageClass, usdPerMillion }));
  return {
    prices: list(prices),
    tiers: Object.entries(tiers).map(([above, of]) => ({ aboveInputTokens: Number(above), prices: list(of) })),
  };
};
const cost = (of: PriceSheet, usage: Record<string, number>, isEmbedding = false) =>
  new PriceTable(of).price(usage, isEmbedding);

describe('counts × prices', () => {
  it('give the amounts of each class, and their sum rounded once', () => {
    const priced = cost(sheet({ input: 0.0375, output: 0.15 }), { input: 1, output: 1, total: 2 })!;
    expect(priced.lines.map((line) => [line.usageClass, usdText(line.amountFemtoUsd)])).toEqual([
      ['input', '0.0000000375'],
      ['output', '0.00000015'],
    ]);
    // 187.5 nano-USD.
    expect(priced.costNanoUsd).toBe(188);
  });

  it.each([
    [
      'a class that the list does not know as what it is part of',
      { output: 10 },
      { output_reasoning_tokens: 100 },
      1e6,
    ],
    [
      'short-lived cache writes as cache writes',
      { input: 1, input_cache_creation: 5 },
      { input_cache_creation_5m: 10 },
      5e4,
    ],
    [
      'a class under the name of another SDK',
      { input: 9, input_cached_tokens: 1 },
      { cache_read_input_tokens: 10 },
      1e4,
    ],
    ['nothing for a price of zero', { input: 0, output: 0 }, { input: 1e6, output: 1e6 }, 0],
    ['a total by its own price, and only that', { total: 2 }, { input: 5, total: 10 }, 2e4],
    ['a fee per call', { input: 1, requests: 5000 }, { input: 10 }, 5_000_000 + 1e4],
    ['more than 2^53 femto-USD exactly', { input: 3.000000001 }, { input: 1_000_000_007 }, 3_000_000_022_000],
  ])('bill %s', (_case, prices, usage, nanoUsd) => {
    expect(cost(sheet(prices), usage)!.costNanoUsd).toBe(nanoUsd);
  });

  it('leave out what has no price, and say so', () => {
    expect(cost(sheet({ input: 1 }), { input: 1000, seconds: 7 })).toMatchObject({
      costNanoUsd: 1_000_000,
      unpriced: ['seconds'],
    });
    expect(cost(sheet({ input: 1 }), { seconds: 7 })).toBeUndefined();
  });

  it('need more than a total, except for embeddings, which have no output', () => {
    expect(cost(sheet({ input: 1, output: 2 }), { total: 1000 })).toBeUndefined();
    expect(cost(sheet({ input: 1 }), { total: 1000 }, true)!.costNanoUsd).toBe(1_000_000);
  });

  it('change as a whole with the size of the input, cached tokens included', () => {
    const gemini = sheet(
      { input: 1.25, input_cached_tokens: 0.125, output: 10 },
      {
        200_000: { input: 2.5, input_cached_tokens: 0.25, output: 15 },
      },
    );
    const at = (input: number, cached: number) => cost(gemini, { input, input_cached_tokens: cached, output: 1000 })!;
    expect(at(150_000, 50_000)).toMatchObject({ aboveInputTokens: null, costNanoUsd: 203_750_000 });
    expect(at(150_001, 50_000)).toMatchObject({ aboveInputTokens: 200_000, costNanoUsd: 402_502_500 });
  });

  it('come to the same amount in the loop that writes use, however large', () => {
    const classes = ['input', 'output', 'total', 'input_cached_tokens', 'cache_read_input_tokens', 'x'];
    const prices = fc.dictionary(
      fc.constantFrom(...classes),
      fc.integer({ min: 0, max: 1e12 }).map((n) => n / 1e6),
    );
    const usages = fc.dictionary(fc.constantFrom(...classes), fc.nat({ max: 1e9 }));
    fc.assert(
      fc.property(prices, usages, fc.boolean(), (of, usage, isEmbedding) => {
        const table = new PriceTable(sheet(of));
        expect(amountsOf(table.cost(usage, isEmbedding))).toEqual(amountsOf(table.price(usage, isEmbedding)));
      }),
    );
  });

  it('of absurd counts are no cost', () => {
    expect(cost(sheet({ input: 1_000_000 }), { input: 2 ** 52 })).toBeUndefined();
  });

  it('take a class such as __proto__ for one like any other', () => {
    const usage = JSON.parse('{"__proto__": 5, "constructor": 5, "input": 10}') as Record<string, number>;
    expect(cost(sheet({ input: 1 }), usage)).toMatchObject({
      costNanoUsd: 1e4,
      unpriced: ['__proto__', 'constructor'],
    });
  });
});

function amountsOf(cost: Cost | undefined): Cost | undefined {
  return (
    cost && {
      costNanoUsd: cost.costNanoUsd,
      inputCostNanoUsd: cost.inputCostNanoUsd,
      outputCostNanoUsd: cost.outputCostNanoUsd,
    }
  );
}
