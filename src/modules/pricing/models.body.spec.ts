import { parseNewModel } from './models.body.js';
import { presentModel } from './models.present.js';

const MODEL = { modelName: 'm', matchPattern: '(?i)^m$' };
const TIER = { name: 'Standard', isDefault: true, priority: 0, conditions: [], prices: { input: 1e-6 } };
const LARGE = {
  name: 'Large',
  isDefault: false,
  priority: 1,
  conditions: [{ usageDetailPattern: 'input', operator: 'gt', value: 200_000 }],
  prices: { input: 2e-6 },
};

/** What comes back of a model that was just made. */
const shown = (body: unknown) => {
  const price = { ...parseNewModel(body), id: 'made', createdAt: '2026-01-01T00:00:00.000Z' };
  return presentModel({ kind: 'own', price });
};

describe('a model in the shape of Langfuse', () => {
  it('with flat prices has one tier, and comes back with every key', () => {
    expect(
      shown({ ...MODEL, startDate: '2026-01-01', inputPrice: 0.15e-6, outputPrice: 0, tokenizerId: 'openai' }),
    ).toEqual({
      id: 'made',
      modelName: 'm',
      matchPattern: '(?i)^m$',
      startDate: '2026-01-01T00:00:00.000Z',
      inputPrice: 0.15e-6,
      outputPrice: 0,
      totalPrice: null,
      unit: 'TOKENS',
      tokenizerId: 'openai',
      tokenizerConfig: null,
      isLangfuseManaged: false,
      createdAt: '2026-01-01T00:00:00.000Z',
      prices: { input: { price: 0.15e-6 }, output: { price: 0 } },
      pricingTiers: [
        {
          id: expect.any(String) as string,
          name: 'Standard',
          isDefault: true,
          priority: 0,
          conditions: [],
          prices: { input: 0.15e-6, output: 0 },
        },
      ],
    });
  });

  it('with tiers has the flat prices of the default', () => {
    const model = shown({ ...MODEL, unit: 'CHARACTERS', pricingTiers: [LARGE, TIER] });
    expect(model).toMatchObject({ unit: 'CHARACTERS', inputPrice: 1e-6, outputPrice: null });
    expect(model.pricingTiers).toMatchObject([
      TIER,
      { ...LARGE, conditions: [{ ...LARGE.conditions[0], caseSensitive: false }] },
    ]);
  });

  it.each<[object, string]>([
    [{ modelName: null, inputPrice: 0 }, 'modelName is required'],
    [{ matchPattern: undefined, inputPrice: 0 }, 'matchPattern is required'],
    [{}, 'inputPrice, outputPrice, totalPrice or pricingTiers is required'],
    [{ inputPrice: -1 }, 'inputPrice must be a number'],
    [{ inputPrice: 1.1 }, 'inputPrice must be a number'],
    [{ inputPrice: '1' }, 'inputPrice must be a number'],
    [{ inputPrice: 0, totalPrice: 0 }, 'totalPrice must not be given beside'],
    [{ inputPrice: 0, pricingTiers: [TIER] }, 'must not both be given'],
    [{ inputPrice: 0, unit: 'WORDS' }, 'unit must be one of TOKENS'],
    [{ inputPrice: 0, tokenizerId: 'mine' }, 'tokenizerId must be one of'],
    [{ inputPrice: 0, startDate: 'soon' }, 'startDate must be'],
    [{ inputPrice: 0, startDate: '2026-13-01' }, 'startDate must be'],
    [{ pricingTiers: 'x' }, 'pricingTiers must be a list'],
    [{ pricingTiers: [LARGE] }, 'exactly one with isDefault'],
    [{ pricingTiers: [TIER, { ...LARGE, name: 'Standard' }] }, 'must differ in name'],
    [{ pricingTiers: [TIER, { ...LARGE, priority: 0 }] }, 'must differ in priority'],
    [{ pricingTiers: [TIER, { ...LARGE, priority: 1000 }] }, 'pricingTiers[1].priority'],
    [{ pricingTiers: [TIER, { ...LARGE, conditions: [] }] }, 'pricingTiers[1].conditions must not be empty'],
    [{ pricingTiers: [{ ...TIER, priority: 1 }] }, 'its priority must be 0'],
    [{ pricingTiers: [{ ...TIER, prices: {} }] }, 'pricingTiers[0].prices must name'],
    [
      {
        pricingTiers: [TIER, { ...LARGE, conditions: [{ source: 'metadata', key: 'a', operator: 'in', values: [] }] }],
      },
      'pricingTiers[1].conditions[0].source is not supported',
    ],
    [
      { pricingTiers: [TIER, { ...LARGE, conditions: [{ ...LARGE.conditions[0], usageDetailPattern: '(' }] }] },
      'pricingTiers[1].conditions[0].usageDetailPattern is no RE2 expression',
    ],
    [
      { pricingTiers: [TIER, { ...LARGE, conditions: [{ ...LARGE.conditions[0], operator: 'in' }] }] },
      'pricingTiers[1].conditions[0].operator must be one of',
    ],
    [
      { pricingTiers: [TIER, { ...LARGE, conditions: [{ ...LARGE.conditions[0], value: '1' }] }] },
      'pricingTiers[1].conditions[0].value must be a number',
    ],
  ])('is refused with %j', (fields, message) => {
    expect(() => parseNewModel({ ...MODEL, ...fields })).toThrow(message);
  });
});
