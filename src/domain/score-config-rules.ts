import { InvalidInput } from './errors.js';
import { BOOLEAN_CATEGORIES, type ScoreCategory, type ScoreRule } from './score-config.js';

/** Longest name of a config, in characters (Langfuse API, CreateScoreConfigRequest). */
export const MAX_CONFIG_NAME = 35;
/** More categories than anybody chooses from. */
export const MAX_CATEGORIES = 500;

/** What a config says of values, before it is known to make sense. */
export type StatedRule = Pick<ScoreRule, 'name' | 'dataType' | 'minValue' | 'maxValue' | 'categories'>;

/**
 * `stated` with what its type adds.
 * @throws InvalidInput naming the field that does not fit the type, or the others.
 */
export function settleRule(stated: StatedRule): StatedRule {
  const { name, dataType, minValue, maxValue, categories } = stated;
  if (name.length === 0 || name.length > MAX_CONFIG_NAME)
    throw new InvalidInput(`name must have 1 to ${MAX_CONFIG_NAME} characters`, 'name');
  if (dataType !== 'NUMERIC') {
    if (minValue !== null) throw new InvalidInput(`minValue must be absent in a ${dataType} config`, 'minValue');
    if (maxValue !== null) throw new InvalidInput(`maxValue must be absent in a ${dataType} config`, 'maxValue');
  }
  if (minValue !== null && maxValue !== null && minValue >= maxValue)
    throw new InvalidInput('maxValue must be greater than minValue', 'maxValue');
  switch (dataType) {
    case 'CATEGORICAL':
      checkCategories(categories);
      return stated;
    case 'BOOLEAN':
      if (categories !== null && !isTruth(categories))
        throw new InvalidInput('categories must be absent in a BOOLEAN config, which has True and False', 'categories');
      return { ...stated, categories: BOOLEAN_CATEGORIES };
    default:
      if (categories !== null)
        throw new InvalidInput(`categories must be absent in a ${dataType} config`, 'categories');
      return stated;
  }
}

function checkCategories(categories: readonly ScoreCategory[] | null): void {
  if (categories === null || categories.length === 0 || categories.length > MAX_CATEGORIES)
    throw new InvalidInput(`categories must be a list of 1 to ${MAX_CATEGORIES} in a CATEGORICAL config`, 'categories');
  if (new Set(categories.map(({ label }) => label)).size < categories.length)
    throw new InvalidInput('categories must differ in label', 'categories');
  if (new Set(categories.map(({ value }) => value)).size < categories.length)
    throw new InvalidInput('categories must differ in value', 'categories');
}

function isTruth(categories: readonly ScoreCategory[]): boolean {
  return (
    categories.length === BOOLEAN_CATEGORIES.length &&
    BOOLEAN_CATEGORIES.every(({ label, value }) =>
      categories.some((category) => category.label === label && category.value === value),
    )
  );
}
