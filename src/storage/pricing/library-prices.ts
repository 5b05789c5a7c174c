import {
  calcPrice,
  findProvider,
  type ConditionalPrice,
  type ModelInfo,
  type ModelPrice,
} from '@pydantic/genai-prices';
import { type ClassPrice, type PriceRule, type PriceSheet } from '../../domain/price.js';

/**
 * The price list that comes with the server: the data inside the npm package, never the network. The package is asked
 * which model a name means; the arithmetic is ours, because it must be exact and explainable.
 */
export const LIBRARY = 'genai-prices 0.1.8';
/** When that version came out. */
export const LIBRARY_DATE = '2026-09-23T00:00:00.000Z';

/** A model of the library. */
export interface LibraryModel {
  readonly provider: string;
  readonly model: string;
  readonly rule: PriceRule;
  readonly periods: readonly LibraryPeriod[];
}

export interface LibraryPeriod {
  readonly sheet: PriceSheet;
  /** In words; null when it always holds. */
  readonly valid: string | null;
  readonly holdsAt: (timeMs: number) => boolean;
}

/** Usage classes by the library's price keys, and how many units its price is for. Keys that no usage counts are left out. */
const CLASSES: ReadonlyMap<string, { readonly usageClass: string; readonly per: number }> = new Map(
  Object.entries({
    input_mtok: 'input',
    cache_read_mtok: 'input_cached_tokens',
    cache_write_mtok: 'input_cache_creation',
    cache_write_1h_mtok: 'input_cache_creation_1h',
    input_audio_mtok: 'input_audio_tokens',
    cache_audio_read_mtok: 'input_cached_audio_tokens',
    input_image_mtok: 'input_image_tokens',
    input_video_mtok: 'input_video_tokens',
    output_mtok: 'output',
    output_reasoning_mtok: 'output_reasoning_tokens',
    output_audio_mtok: 'output_audio_tokens',
    output_image_mtok: 'output_image_tokens',
    output_video_mtok: 'output_video_tokens',
    web_searches_kcount: 'web_searches',
    requests_kcount: 'requests',
  }).map(([key, usageClass]) => [key, { usageClass, per: key.endsWith('_kcount') ? 1e3 : 1e6 }]),
);

/** Frameworks and gateways that tell as "provider" who sent the call, not who answered it. */
const NOT_PROVIDERS: ReadonlySet<string> = new Set([
  'litellm',
  'langchain',
  'langgraph',
  'llamaindex',
  'llama_index',
  'haystack',
  'vercel',
  'ai',
  'unknown',
  'gateway',
]);

/** Names that the library knows only with their provider. */
const OWNERS: readonly (readonly [prefix: string, provider: string])[] = [
  ['text-embedding-', 'openai'],
  ['voyage-', 'voyageai'],
];

/** Bedrock's inference profiles: region, then vendor. */
const BEDROCK = /^(?:us|eu|apac|ap|jp|au|ca|sa|global|us-gov)\.[a-z0-9]+\./;

/** Longer names are no model's, and what the library does with a name grows with it. */
const MAX_NAME = 200;

/**
 * What the library says that `model` costs at `provider`; undefined when it does not know. A provider that it does not
 * know gets no price, because a model that somebody serves himself may have the name of one that is sold.
 */
export function findLibraryModel(provider: string | null, model: string): LibraryModel | undefined {
  if (model === '' || model.length > MAX_NAME || (provider?.length ?? 0) > MAX_NAME) return undefined;
  const stated = provider === null || NOT_PROVIDERS.has(provider.toLowerCase()) ? undefined : provider;
  if (stated !== undefined) {
    if (findProvider({ providerId: stated }) === undefined) return undefined;
    return (
      lookUp(model, stated, 'provider and model') ?? lookUp(lastSegment(model), stated, 'model with provider prefix')
    );
  }
  const found = lookUp(model, undefined, 'model') ?? lookUp(model, ownerOf(model), 'model');
  if (found !== undefined) return found;
  const slash = model.indexOf('/');
  if (slash <= 0) return undefined;
  const prefix = model.slice(0, slash);
  const rest = model.slice(slash + 1);
  if (prefix === 'models') return lookUp(rest, undefined, 'model');
  return findProvider({ providerId: prefix }) === undefined
    ? undefined
    : lookUp(rest, prefix, 'model with provider prefix');
}

function ownerOf(model: string): string | undefined {
  const name = model.toLowerCase();
  if (BEDROCK.test(name)) return 'aws';
  return OWNERS.find(([prefix]) => name.startsWith(prefix))?.[1];
}

function lastSegment(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}

function lookUp(model: string, provider: string | undefined, rule: PriceRule): LibraryModel | undefined {
  if (model === '') return undefined;
  const found = calcPrice({}, model, provider === undefined ? undefined : { providerId: provider });
  if (found === null) return undefined;
  return { provider: found.provider.id, model: found.model.id, rule, periods: periodsOf(found.model) };
}

/** The prices of a model, the one to take first. */
export function periodsOf({ prices }: Pick<ModelInfo, 'prices'>): LibraryPeriod[] {
  const periods = Array.isArray(prices) ? prices : [{ prices }];
  // The library takes the last one that holds, else the first.
  const ordered = periods.map(toPeriod).reverse();
  ordered.push({ ...toPeriod(periods[0]!), holdsAt: () => true });
  return ordered;
}

function toPeriod({ constraint, prices }: ConditionalPrice): LibraryPeriod {
  const sheet = toSheet(prices);
  if (constraint === undefined) return { sheet, valid: null, holdsAt: () => true };
  if (constraint.type === 'start_date') {
    const from = Date.parse(constraint.start_date);
    return { sheet, valid: `from ${constraint.start_date}`, holdsAt: (timeMs) => timeMs >= from };
  }
  const start = secondOfDay(constraint.start_time);
  const end = secondOfDay(constraint.end_time);
  const holdsAt = (timeMs: number): boolean => {
    const second = (((timeMs / 1000) % 86_400) + 86_400) % 86_400;
    return end < start ? second >= start || second < end : second >= start && second < end;
  };
  return { sheet, valid: `daily from ${constraint.start_time} to ${constraint.end_time}`, holdsAt };
}

/** Of `16:30:00Z`, or with an offset such as `16:30:00+08:00`. */
function secondOfDay(time: string): number {
  const midnight = Date.parse('2000-01-01T00:00:00Z');
  return ((((Date.parse(`2000-01-01T${time}`) - midnight) / 1000) % 86_400) + 86_400) % 86_400;
}

function toSheet(prices: ModelPrice): PriceSheet {
  const starts = new Set<number>();
  for (const price of Object.values(prices)) {
    if (typeof price === 'object') for (const { start } of price.tiers) starts.add(start);
  }
  const tiers = [...starts]
    .sort((a, b) => a - b)
    .map((aboveInputTokens) => ({ aboveInputTokens, prices: pricesAt(prices, aboveInputTokens) }));
  return { prices: pricesAt(prices, -1), tiers };
}

/** The prices of a call with more than `above` input tokens. */
function pricesAt(prices: ModelPrice, above: number): ClassPrice[] {
  const list: ClassPrice[] = [];
  for (const [key, price] of Object.entries(prices)) {
    const meaning = CLASSES.get(key);
    if (meaning === undefined || price === undefined) continue;
    let usd = typeof price === 'number' ? price : price.base;
    if (typeof price === 'object') for (const tier of price.tiers) if (tier.start <= above) usd = tier.price;
    list.push({ usageClass: meaning.usageClass, usdPerMillion: usd * (1e6 / meaning.per) });
  }
  return list;
}
