import { InvalidInput } from '../../domain/errors.js';
import { isStorableText } from '../../domain/json.js';
import { type Members, toMembers } from '../../domain/members.js';
import { MAX_CATEGORIES } from '../../domain/score-config-rules.js';
import { CONFIG_DATA_TYPES, type ScoreCategory } from '../../domain/score-config.js';
import { type NewScoreConfig, type ScoreConfigChange } from '../../storage/scores/score-config-store.js';

/** Characters of a description; it is shown beside every choice. */
const MAX_DESCRIPTION = 2000;
/** Characters of a category. */
const MAX_LABEL = 500;

/** What POST /api/public/score-configs asks for. @throws InvalidInput naming the field. Unknown fields are ignored. */
export function parseNewConfig(body: unknown): NewScoreConfig {
  const members = toMembers(body);
  const dataType = CONFIG_DATA_TYPES.find((known) => known === members.get('dataType'));
  if (dataType === undefined)
    throw new InvalidInput(`dataType must be one of ${CONFIG_DATA_TYPES.join(', ')}`, 'dataType');
  const name = readText(members, 'name', MAX_LABEL);
  if (name === null || name === undefined) throw new InvalidInput('name is required', 'name');
  return {
    name,
    dataType,
    description: readText(members, 'description', MAX_DESCRIPTION) ?? null,
    minValue: readNumber(members, 'minValue') ?? null,
    maxValue: readNumber(members, 'maxValue') ?? null,
    categories: readCategories(members) ?? null,
  };
}

/** What PATCH /api/public/score-configs/{configId} asks for; null clears. @throws InvalidInput naming the field. */
export function parseConfigChange(body: unknown): ScoreConfigChange {
  const members = toMembers(body);
  const isArchived = members.get('isArchived') ?? undefined;
  if (isArchived !== undefined && typeof isArchived !== 'boolean')
    throw new InvalidInput('isArchived must be true or false', 'isArchived');
  const name = readText(members, 'name', MAX_LABEL) ?? undefined;
  const description = readText(members, 'description', MAX_DESCRIPTION);
  const minValue = readNumber(members, 'minValue');
  const maxValue = readNumber(members, 'maxValue');
  const categories = readCategories(members);
  const change: ScoreConfigChange = {
    ...(isArchived === undefined ? {} : { isArchived }),
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(minValue === undefined ? {} : { minValue }),
    ...(maxValue === undefined ? {} : { maxValue }),
    ...(categories === undefined ? {} : { categories }),
  };
  if (Object.keys(change).length === 0)
    throw new InvalidInput(
      'the body must have at least one of isArchived, name, minValue, maxValue, categories, description',
      'body',
    );
  return change;
}

function readText(members: Members, field: string, maxLength: number): string | null | undefined {
  const value = members.get(field);
  if (value === undefined || value === null) return value;
  if (typeof value !== 'string' || value.length > maxLength || !isStorableText(value))
    throw new InvalidInput(`${field} must be text of at most ${maxLength} characters`, field);
  return value;
}

function readNumber(members: Members, field: string): number | null | undefined {
  const value = members.get(field);
  if (value === undefined || value === null) return value;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new InvalidInput(`${field} must be a finite number`, field);
  return value;
}

function readCategories(members: Members): readonly ScoreCategory[] | null | undefined {
  const value = members.get('categories');
  if (value === undefined || value === null) return value;
  if (!Array.isArray(value) || value.length > MAX_CATEGORIES)
    throw new InvalidInput(`categories must be a list of at most ${MAX_CATEGORIES}`, 'categories');
  return value.map((item: unknown, i) => {
    const field = `categories[${i}]`;
    const category = toMembers(item, field);
    const label = readText(category, 'label', MAX_LABEL);
    const number = readNumber(category, 'value');
    if (label === undefined || label === null || label === '')
      throw new InvalidInput(`${field}.label must be text that is not empty`, `${field}.label`);
    if (number === undefined || number === null)
      throw new InvalidInput(`${field}.value must be a finite number`, `${field}.value`);
    return { label, value: number };
  });
}
