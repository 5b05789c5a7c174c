import { InvalidInput } from './errors.js';
import { BOOLEAN_CATEGORIES } from './score-config.js';
import { settleRule, type StatedRule } from './score-config-rules.js';

const stated = (over: Partial<StatedRule>): StatedRule => ({
  name: 'n',
  dataType: 'NUMERIC',
  minValue: null,
  maxValue: null,
  categories: null,
  ...over,
});
const A = { label: 'a', value: 1 };

describe('a score config', () => {
  it.each<[Partial<StatedRule>]>([
    [{ minValue: 0, maxValue: 1 }],
    [{ minValue: -1 }],
    [{ dataType: 'CATEGORICAL', categories: [A, { label: 'b', value: 0 }] }],
    [{ dataType: 'TEXT' }],
    [{ name: 'x'.repeat(35) }],
  ])('may be %j', (over) => {
    expect(settleRule(stated(over))).toEqual(stated(over));
  });

  it('of truth values has True and False', () => {
    const config = { dataType: 'BOOLEAN', categories: BOOLEAN_CATEGORIES } as const;
    expect(settleRule(stated({ dataType: 'BOOLEAN' }))).toEqual(stated(config));
    expect(settleRule(stated(config))).toEqual(stated(config));
  });

  it.each<[string, Partial<StatedRule>]>([
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(36) }],
    ['maxValue', { minValue: 1, maxValue: 1 }],
    ['maxValue', { minValue: 2, maxValue: 1 }],
    ['minValue', { dataType: 'TEXT', minValue: 1 }],
    ['maxValue', { dataType: 'BOOLEAN', maxValue: 1 }],
    ['categories', { categories: [A] }],
    ['categories', { dataType: 'TEXT', categories: [] }],
    ['categories', { dataType: 'BOOLEAN', categories: [A] }],
    ['categories', { dataType: 'CATEGORICAL' }],
    ['categories', { dataType: 'CATEGORICAL', categories: [] }],
    ['categories', { dataType: 'CATEGORICAL', categories: [A, { label: 'a', value: 2 }] }],
    ['categories', { dataType: 'CATEGORICAL', categories: [A, { label: 'b', value: 1 }] }],
  ])('is refused for its %s: %j', (field, over) => {
    expect(() => settleRule(stated(over))).toThrow(expect.objectContaining({ constructor: InvalidInput, field }));
  });
});
