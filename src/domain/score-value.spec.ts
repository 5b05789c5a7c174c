import { InvalidInput } from './errors.js';
import { BOOLEAN_CATEGORIES, type ScoreRule } from './score-config.js';
import { settleScore, type StatedScore } from './score-value.js';

const stated = (over: Partial<StatedScore>): StatedScore => ({ name: 'n', source: 'API', value: 1, ...over });

const rule = (over: Partial<ScoreRule>): ScoreRule => ({
  id: 'config',
  name: 'Config name',
  dataType: 'NUMERIC',
  minValue: null,
  maxValue: null,
  categories: null,
  isArchived: false,
  ...over,
});

function refusalOf(score: StatedScore, config?: ScoreRule): string | undefined {
  try {
    settleScore(score, config);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    expect(error.message).toContain(error.field);
    return error.field;
  }
}

describe('what a score says', () => {
  // Each row of langfuse.md §3.9.
  it.each<[Partial<StatedScore>, object]>([
    [{ value: -1.5 }, { dataType: 'NUMERIC', value: -1.5, stringValue: null }],
    [{ value: 'good' }, { dataType: 'CATEGORICAL', value: 0, stringValue: 'good' }],
    [{ value: '' }, { dataType: 'CATEGORICAL', value: 0, stringValue: '' }],
    [
      { value: 1, dataType: 'BOOLEAN' },
      { dataType: 'BOOLEAN', value: 1, stringValue: 'True' },
    ],
    [
      { value: 0, dataType: 'BOOLEAN' },
      { dataType: 'BOOLEAN', value: 0, stringValue: 'False' },
    ],
    [
      { value: 'a text', dataType: 'TEXT' },
      { dataType: 'TEXT', value: null, stringValue: 'a text' },
    ],
    [
      { value: 'x'.repeat(500), dataType: 'TEXT' },
      { dataType: 'TEXT', value: null },
    ],
    [
      { value: 'x'.repeat(501), dataType: 'CORRECTION' },
      { dataType: 'CORRECTION', name: 'output', value: 0, stringValue: 'x'.repeat(501) },
    ],
  ])('of %j is %j', (over, expected) => {
    expect(settleScore(stated(over))).toMatchObject({ name: 'n', configId: null, ...expected });
  });

  it.each<[Partial<StatedScore>]>([
    [{ value: '1', dataType: 'NUMERIC' }],
    [{ value: NaN }],
    [{ value: Infinity }],
    [{ value: 2, dataType: 'BOOLEAN' }],
    [{ value: 0.5, dataType: 'BOOLEAN' }],
    [{ value: 'true', dataType: 'BOOLEAN' }],
    [{ value: 1, dataType: 'CATEGORICAL' }],
    [{ value: '', dataType: 'TEXT' }],
    [{ value: 'x'.repeat(501), dataType: 'TEXT' }],
    [{ value: 1, dataType: 'TEXT' }],
    [{ value: 1, dataType: 'CORRECTION' }],
  ])('is refused for the value of %j', (over) => {
    expect(refusalOf(stated(over))).toBe('value');
  });

  it('needs a config where a person gives it, save for corrections', () => {
    expect(refusalOf(stated({ source: 'ANNOTATION' }))).toBe('configId');
    expect(refusalOf(stated({ source: 'ANNOTATION', dataType: 'CORRECTION', value: 'x' }))).toBeUndefined();
    expect(refusalOf(stated({ source: 'ANNOTATION', configId: 'config' }), rule({}))).toBeUndefined();
  });
});

describe('a score with a config', () => {
  const withConfig = (over: Partial<StatedScore>) => stated({ configId: 'config', ...over });

  it('takes its name, its type and the number of its category', () => {
    const categories = [
      { label: 'good', value: 3 },
      { label: 'bad', value: -3 },
    ];
    const config = rule({ dataType: 'CATEGORICAL', categories });
    expect(settleScore(withConfig({ name: 'other', value: 'bad' }), config)).toEqual({
      name: 'Config name',
      source: 'API',
      dataType: 'CATEGORICAL',
      value: -3,
      stringValue: 'bad',
      configId: 'config',
    });
    expect(
      settleScore(withConfig({ value: 1 }), rule({ dataType: 'BOOLEAN', categories: BOOLEAN_CATEGORIES })),
    ).toMatchObject({ dataType: 'BOOLEAN', value: 1, stringValue: 'True' });
    expect(settleScore(withConfig({ value: 'x' }), rule({ dataType: 'TEXT' }))).toMatchObject({ dataType: 'TEXT' });
  });

  it('may be as small and as large as its bounds', () => {
    const range = rule({ minValue: 1, maxValue: 5 });
    for (const value of [1, 5, 2.5]) expect(settleScore(withConfig({ value }), range)).toMatchObject({ value });
    for (const value of [0.999, 5.001, -1e308]) expect(refusalOf(withConfig({ value }), range)).toBe('value');
  });

  it.each<[string, Partial<StatedScore>, ScoreRule | undefined, string]>([
    ['that is not there', {}, undefined, 'configId'],
    ['that is archived', {}, rule({ isArchived: true }), 'configId'],
    ['of another type', { dataType: 'BOOLEAN' }, rule({}), 'dataType'],
    ['whose categories do not hold it', { value: 'ok' }, rule({ dataType: 'CATEGORICAL', categories: [] }), 'value'],
    ['of numbers, as a text', { value: '1' }, rule({}), 'value'],
    ['as a correction', { value: 'x', dataType: 'CORRECTION' }, rule({}), 'configId'],
  ])('%s is refused', (_, over, config, field) => {
    expect(refusalOf(withConfig(over), config)).toBe(field);
  });
});
