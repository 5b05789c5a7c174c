import { InvalidInput } from '../../domain/errors.js';
import { isStorableText } from '../../domain/json.js';
import { missing, readBoolean, readText, readTime, toMembers } from '../../domain/members.js';
import { type ClassPrice, type PriceSheet, type PriceTier } from '../../domain/price.js';
import { type Micros } from '../../domain/time.js';
import { type NewPrice } from '../../storage/pricing/price-store.js';
import { type RepriceRequest } from '../../storage/pricing/repricer.js';

/** Classes of one price; providers bill a dozen. */
const MAX_CLASSES = 50;
const MAX_TIERS = 10;
const MAX_TEXT = 200;
/** Dearer than any model; keeps amounts exact. */
const MAX_USD_PER_MILLION = 1_000_000;
/** As fine as amounts are counted: 1e-9 USD per million tokens. */
const FINEST = 1e9;
/** How far back a re-pricing goes unless told. */
const DEFAULT_DAYS = 30;

/** What POST /api/public/model-prices asks for. @throws InvalidInput naming the field. Unknown fields are ignored. */
export function parseNewPrice(body: unknown): NewPrice {
  const members = toMembers(body);
  const per = members.get('per') ?? 1_000_000;
  if (per !== 1 && per !== 1000 && per !== 1_000_000) throw new InvalidInput('per must be 1, 1000 or 1000000', 'per');
  const scale = 1_000_000 / per;
  const sheet: PriceSheet = {
    prices: readPrices(members.get('prices'), 'prices', scale),
    tiers: readTiers(members.get('tiers'), scale),
  };
  return {
    modelPattern: readText(members, 'modelPattern', 500) ?? missing('modelPattern'),
    provider: readText(members, 'provider', MAX_TEXT) ?? null,
    validFrom: toIso(readTime(members, 'validFrom')),
    sheet,
    definition: null,
  };
}

/** What POST /api/public/model-prices/reprice asks for. @throws InvalidInput naming the field. */
export function parseReprice(body: unknown, nowMs: number): { request: RepriceRequest; isApplied: boolean } {
  const members = toMembers(body ?? {});
  const isApplied = readBoolean(members, 'apply') ?? false;
  const to = readTime(members, 'toTimestamp') ?? nowMs * 1000;
  const from = readTime(members, 'fromTimestamp') ?? to - DEFAULT_DAYS * 86_400_000_000;
  if (from > to) throw new InvalidInput('fromTimestamp must not be after toTimestamp', 'fromTimestamp');
  const model = readText(members, 'model', 1000);
  const cursor = readText(members, 'cursor', 4096);
  return {
    request: { from, to, ...(model === undefined ? {} : { model }), ...(cursor === undefined ? {} : { cursor }) },
    isApplied,
  };
}

function toIso(time: Micros | undefined): string | null {
  return time === undefined ? null : new Date(time / 1000).toISOString();
}

function readPrices(value: unknown, field: string, scale: number): ClassPrice[] {
  if (value === undefined) missing(field);
  const members = toMembers(value, field);
  if (members.size === 0 || members.size > MAX_CLASSES)
    throw new InvalidInput(`${field} must name 1 to ${MAX_CLASSES} usage classes`, field);
  return [...members].map(([usageClass, usd]) => {
    const usdPerMillion = typeof usd === 'number' ? Math.round(usd * scale * FINEST) / FINEST : NaN;
    if (usageClass === '' || usageClass.length > MAX_TEXT || !isStorableText(usageClass))
      throw new InvalidInput(`${field} has a usage class of no or more than ${MAX_TEXT} characters`, field);
    if (!(usdPerMillion >= 0 && usdPerMillion <= MAX_USD_PER_MILLION)) {
      throw new InvalidInput(
        `${field}.${usageClass} must be a number of USD from 0 to ${MAX_USD_PER_MILLION / scale}`,
        `${field}.${usageClass}`,
      );
    }
    return { usageClass, usdPerMillion };
  });
}

function readTiers(value: unknown, scale: number): PriceTier[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > MAX_TIERS)
    throw new InvalidInput(`tiers must be a list of at most ${MAX_TIERS}`, 'tiers');
  const tiers = value.map((item: unknown, i) => {
    const field = `tiers[${i}]`;
    const members = toMembers(item, field);
    const above = members.get('aboveInputTokens');
    if (typeof above !== 'number' || !Number.isSafeInteger(above) || above <= 0)
      throw new InvalidInput(`${field}.aboveInputTokens must be a whole number above 0`, `${field}.aboveInputTokens`);
    return { aboveInputTokens: above, prices: readPrices(members.get('prices'), `${field}.prices`, scale) };
  });
  tiers.sort((a, b) => a.aboveInputTokens - b.aboveInputTokens);
  if (new Set(tiers.map((tier) => tier.aboveInputTokens)).size < tiers.length)
    throw new InvalidInput('tiers must differ in aboveInputTokens', 'tiers');
  return tiers;
}
