import { randomUUID } from 'node:crypto';
import { InvalidInput } from '../../domain/errors.js';
import { idProblem } from '../../domain/identifier.js';
import { isStorableText, isWithinDepth, type JsonValue, toJsonText } from '../../domain/json.js';
import { type Members, missing, readBoolean, readChoice, readText, toMembers } from '../../domain/members.js';
import { type ClassPrice, type ConditionalTier, type UsageCondition, USAGE_OPERATORS } from '../../domain/price.js';
import { parseIsoTime } from '../../domain/time.js';
import { compileClassPattern, TOKENS } from '../../storage/pricing/own-price-matcher.js';
import { type NewPrice } from '../../storage/pricing/price-store.js';

export const UNITS = [TOKENS, 'CHARACTERS', 'MILLISECONDS', 'SECONDS', 'IMAGES', 'REQUESTS'] as const;
export const TOKENIZERS = ['openai', 'claude'] as const;

/** As in Langfuse (`langfuse.md` §6.4). */
const MAX_TIER_NAME = 100;
const MAX_PRIORITY = 999;
const MAX_CLASS_PATTERN = 200;
/** All of them are compared with each call of the model. */
const MAX_TIERS = 10;
const MAX_CONDITIONS = 10;
const MAX_CLASSES = 50;
const MAX_TEXT = 200;
/** As fine as amounts are counted: 1e-9 USD per million units. */
const FINEST = 1e9;
/** Dearer than any unit of any model; keeps amounts exact. */
const MAX_USD_PER_UNIT = 1;

const FLAT_PRICES = [
  ['inputPrice', 'input'],
  ['outputPrice', 'output'],
  ['totalPrice', 'total'],
] as const;

interface Tier extends ConditionalTier {
  readonly isDefault: boolean;
}

/** The id that a client chose for a model. @throws InvalidInput for one that cannot be stored. */
export function parseModelId(id: string): string {
  const problem = idProblem(id);
  if (problem !== undefined) throw new InvalidInput(`modelId ${problem}`, 'modelId');
  return id;
}

/** What POST /api/public/models asks for. @throws InvalidInput naming the field. Unknown fields are ignored. */
export function parseNewModel(body: unknown): NewPrice {
  const members = toMembers(body);
  const tiers = readAllTiers(members);
  const defaultTier = tiers.find(({ isDefault }) => isDefault)!;
  const conditionalTiers = tiers
    .filter(({ isDefault }) => !isDefault)
    .map(({ id, name, priority, conditions, prices }) => ({ id, name, priority, conditions, prices }));
  return {
    modelPattern: readText(members, 'matchPattern', 500) ?? missing('matchPattern'),
    provider: null,
    validFrom: readStartDate(members),
    sheet: {
      prices: defaultTier.prices,
      tiers: [],
      ...(conditionalTiers.length === 0 ? {} : { conditionalTiers }),
    },
    definition: {
      modelName: readText(members, 'modelName', MAX_TEXT) ?? missing('modelName'),
      unit: readChoice(members, 'unit', UNITS) ?? TOKENS,
      tokenizerId: readChoice(members, 'tokenizerId', TOKENIZERS) ?? null,
      tokenizerConfig: readTokenizerConfig(members),
      defaultTier: { id: defaultTier.id, name: defaultTier.name },
    },
  };
}

function readWhole(value: unknown, field: string, max: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > max)
    throw new InvalidInput(`${field} must be a whole number from 0 to ${max}`, field);
  return value;
}

function readList(value: unknown, field: string, max: number): unknown[] {
  if (!Array.isArray(value) || value.length > max)
    throw new InvalidInput(`${field} must be a list of at most ${max}`, field);
  return value;
}

/** A time, or a day, which begins in UTC. */
function readStartDate(members: Members): string | null {
  const value = members.get('startDate') ?? null;
  if (value === null) return null;
  const text = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? `${value}T00:00:00Z` : value;
  const time = typeof text === 'string' ? parseIsoTime(text) : undefined;
  if (time === undefined)
    throw new InvalidInput('startDate must be an ISO 8601 date, or a time with a zone', 'startDate');
  return new Date(time / 1000).toISOString();
}

function readTokenizerConfig(members: Members): JsonValue {
  const config = members.get('tokenizerConfig') ?? null;
  if (!isWithinDepth(config)) throw new InvalidInput('tokenizerConfig nests too deep', 'tokenizerConfig');
  return JSON.parse(toJsonText(config)) as JsonValue;
}

/** Flat prices or tiers, never both. */
function readAllTiers(members: Members): Tier[] {
  const flat = FLAT_PRICES.flatMap(([field, usageClass]): ClassPrice[] => {
    const usd = members.get(field) ?? null;
    return usd === null ? [] : [{ usageClass, usdPerMillion: readUsd(usd, field) }];
  });
  const stated = members.get('pricingTiers') ?? null;
  if (stated !== null) {
    if (flat.length > 0) throw new InvalidInput('pricingTiers and flat prices must not both be given', 'pricingTiers');
    return readTiers(stated);
  }
  if (flat.length === 0) throw new InvalidInput('inputPrice, outputPrice, totalPrice or pricingTiers is required');
  if (flat.length > 1 && flat.some(({ usageClass }) => usageClass === 'total'))
    throw new InvalidInput('totalPrice must not be given beside inputPrice or outputPrice', 'totalPrice');
  return [{ id: randomUUID(), name: 'Standard', isDefault: true, priority: 0, conditions: [], prices: flat }];
}

function readTiers(value: unknown): Tier[] {
  const tiers = readList(value, 'pricingTiers', MAX_TIERS).map((item, i) => readTier(item, `pricingTiers[${i}]`));
  if (tiers.filter(({ isDefault }) => isDefault).length !== 1)
    throw new InvalidInput('pricingTiers must have exactly one with isDefault', 'pricingTiers');
  for (const key of ['name', 'priority'] as const) {
    if (new Set(tiers.map((tier) => tier[key])).size < tiers.length)
      throw new InvalidInput(`pricingTiers must differ in ${key}`, 'pricingTiers');
  }
  return tiers.sort((a, b) => a.priority - b.priority);
}

function readTier(value: unknown, field: string): Tier {
  const members = toMembers(value, field);
  const isDefault = readBoolean(members, 'isDefault', `${field}.isDefault`) ?? false;
  const priority = readWhole(members.get('priority'), `${field}.priority`, MAX_PRIORITY);
  const conditions = readList(members.get('conditions') ?? [], `${field}.conditions`, MAX_CONDITIONS);
  if (isDefault && (priority !== 0 || conditions.length > 0))
    throw new InvalidInput(`${field} is the default: its priority must be 0, and it must have no conditions`, field);
  if (!isDefault && conditions.length === 0)
    throw new InvalidInput(`${field}.conditions must not be empty`, `${field}.conditions`);
  return {
    id: randomUUID(),
    name: readText(members, 'name', MAX_TIER_NAME, `${field}.name`) ?? missing(`${field}.name`),
    isDefault,
    priority,
    conditions: conditions.map((item, i) => readCondition(item, `${field}.conditions[${i}]`)),
    prices: readPrices(members.get('prices'), `${field}.prices`),
  };
}

/** Of the two kinds in Langfuse only that on usage: what a call was asked with is not part of what it is priced by. */
function readCondition(value: unknown, field: string): UsageCondition {
  const members = toMembers(value, field);
  if (members.has('source')) {
    throw new InvalidInput(
      `${field}.source is not supported: a tier can depend on usage (usageDetailPattern, operator, value) alone`,
      `${field}.source`,
    );
  }
  const patternField = `${field}.usageDetailPattern`;
  const pattern = readText(members, 'usageDetailPattern', MAX_CLASS_PATTERN, patternField) ?? missing(patternField);
  const caseSensitive = readBoolean(members, 'caseSensitive', `${field}.caseSensitive`) ?? false;
  compileClassPattern(pattern, caseSensitive, patternField);
  const number = members.get('value');
  if (typeof number !== 'number' || !Number.isFinite(number))
    throw new InvalidInput(`${field}.value must be a number`, `${field}.value`);
  return {
    usageDetailPattern: pattern,
    operator: readChoice(members, 'operator', USAGE_OPERATORS, `${field}.operator`) ?? missing(`${field}.operator`),
    value: number,
    caseSensitive,
  };
}

function readPrices(value: unknown, field: string): ClassPrice[] {
  const members = toMembers(value, field);
  if (members.size === 0 || members.size > MAX_CLASSES)
    throw new InvalidInput(`${field} must name 1 to ${MAX_CLASSES} usage classes`, field);
  return [...members].map(([usageClass, usd]) => {
    if (usageClass === '' || usageClass.length > MAX_TEXT || !isStorableText(usageClass))
      throw new InvalidInput(`${field} has a usage class of no or more than ${MAX_TEXT} characters`, field);
    return { usageClass, usdPerMillion: readUsd(usd, `${field}.${usageClass}`) };
  });
}

/** USD for one unit, as Langfuse states prices. */
function readUsd(value: unknown, field: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_USD_PER_UNIT))
    throw new InvalidInput(`${field} must be a number of USD per unit, from 0 to ${MAX_USD_PER_UNIT}`, field);
  return Math.round(value * 1e6 * FINEST) / FINEST;
}
