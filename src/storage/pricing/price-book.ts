import { createHash } from 'node:crypto';
import { type ObservationType, type UsageDetails } from '../../domain/observation.js';
import { type OwnPrice, type PriceSnapshot, PriceTable } from '../../domain/price.js';
import { type Micros } from '../../domain/time.js';
import { type Cost } from '../../domain/usage.js';
import { findLibraryModel, LIBRARY, type LibraryModel } from './library-prices.js';
import { compileClassPattern, OwnPriceMatcher } from './own-price-matcher.js';

/** What the price of an observation depends on; all of it is in the merged row. */
export interface PricedCall {
  readonly projectNo: number;
  readonly type: ObservationType | null | undefined;
  /** The model that answered. */
  readonly model: string | null | undefined;
  /** The model that was asked for; used where nothing is known of the one that answered. */
  readonly requestedModel: string | null | undefined;
  readonly provider: string | null | undefined;
  readonly usage: UsageDetails | null | undefined;
  /** Null for tokens. */
  readonly usageUnit: string | null | undefined;
  /** When the call started. */
  readonly at: Micros;
}

/** A price as it is stored: the key is made of the content, so that every process gives a price the same one. */
export interface KeyedPrice {
  /** 53 bits of SHA-256: a number that doubles hold. */
  readonly key: number;
  readonly snapshot: PriceSnapshot;
  readonly table: PriceTable;
}

/** A price with the cost of one call. */
export interface CallPrice {
  readonly price: KeyedPrice;
  readonly cost: Cost;
}

/** Reads all own prices of all projects; null when they are as they were at `revision`. */
export type LoadOwnPrices = (revision: string) => Promise<LoadedPrices | null>;

export interface LoadedPrices {
  readonly revision: string;
  readonly prices: readonly { readonly projectNo: number; readonly price: OwnPrice }[];
}

/** A price list of before may be used for this long after it was changed by another process. */
export const MAX_AGE_MS = 3000;
/** Names of models are the clients'; beyond so many combinations of them the cache starts afresh. */
const MAX_CACHED = 5000;

/** What a price is looked up by. */
interface Names {
  readonly provider: string | null;
  readonly model: string;
  readonly requested: string;
  /** Null for tokens. */
  readonly unit: string | null;
}

/** Prices that hold from a time on, the best one first. */
interface Candidate {
  readonly price: KeyedPrice;
  readonly holdsAt: (timeMs: number) => boolean;
}

/**
 * Knows the price of every call: own prices before the library's, the model that answered before the one that was asked
 * for. A look-up is two maps deep; a name that was not seen before costs some 100 µs once.
 */
export class PriceBook {
  private own = new Map<number, OwnPriceMatcher[]>();
  private readonly cache = new Map<number, Map<string, readonly Candidate[]>>();
  private cached = 0;
  private revision = '';
  private checkedMs = -Infinity;
  private invalidations = 0;
  /** Prices that are known to be in the table of snapshots. */
  private readonly stored = new Set<number>();

  constructor(private readonly nowMs: () => number = Date.now) {}

  /** The price of a call and what it comes to; undefined when it has none. */
  price(call: PricedCall): CallPrice | undefined {
    const price = this.find(call);
    if (price === undefined) return undefined;
    const cost = price.table.cost(call.usage!, call.type === 'EMBEDDING');
    return cost === undefined ? undefined : { price, cost };
  }

  /** The price that holds for a call, whether or not its usage can be counted by it. */
  find(call: PricedCall): KeyedPrice | undefined {
    if (!isPriceable(call)) return undefined;
    const timeMs = call.at / 1000;
    for (const candidate of this.candidates(call)) if (candidate.holdsAt(timeMs)) return candidate.price;
    return undefined;
  }

  /** Makes the next `refresh` look at once: own prices were changed by this process. */
  invalidate(): void {
    this.invalidations += 1;
    this.checkedMs = -Infinity;
  }

  /** Reads own prices again if they may have changed. Asks at most every few seconds, and only when something is written. */
  async refresh(load: LoadOwnPrices): Promise<void> {
    const now = this.nowMs();
    if (now - this.checkedMs < MAX_AGE_MS && now >= this.checkedMs) return;
    const { invalidations } = this;
    const loaded = await load(this.revision);
    if (invalidations === this.invalidations) this.checkedMs = now;
    if (loaded === null) return;
    this.revision = loaded.revision;
    this.setOwnPrices(loaded.prices);
  }

  private setOwnPrices(prices: LoadedPrices['prices']): void {
    const own = new Map<number, OwnPriceMatcher[]>();
    for (const { projectNo, price } of prices) {
      const ofProject = own.get(projectNo) ?? [];
      ofProject.push(new OwnPriceMatcher(price));
      own.set(projectNo, ofProject);
    }
    for (const matchers of own.values()) matchers.sort((a, b) => OwnPriceMatcher.compare(a, b));
    this.own = own;
    this.cache.clear();
    this.cached = 0;
  }

  /** Whether a price may be missing in the table of snapshots. */
  isNew(key: number): boolean {
    return !this.stored.has(key);
  }

  /** States that prices are committed to the table of snapshots. */
  markStored(keys: Iterable<number>): void {
    for (const key of keys) this.stored.add(key);
  }

  private candidates(call: PricedCall): readonly Candidate[] {
    const provider = call.provider ?? null;
    const model = call.model ?? '';
    const requested = call.requestedModel ?? '';
    let ofProject = this.cache.get(call.projectNo);
    if (ofProject === undefined) this.cache.set(call.projectNo, (ofProject = new Map<string, readonly Candidate[]>()));
    const unit = call.usageUnit || null;
    const key = `${provider ?? ''}\u0000${model}\u0000${requested}\u0000${unit ?? ''}`;
    const known = ofProject.get(key);
    if (known !== undefined) return known;
    if (this.cached >= MAX_CACHED) {
      this.cache.clear();
      this.cache.set(call.projectNo, (ofProject = new Map<string, readonly Candidate[]>()));
      this.cached = 0;
    }
    this.cached += 1;
    const found = this.search(call.projectNo, { provider, model, requested, unit });
    ofProject.set(key, found);
    return found;
  }

  private search(projectNo: number, { provider, model, requested, unit }: Names): readonly Candidate[] {
    const names = [
      { name: model, matchedBy: 'model' as const },
      { name: requested, matchedBy: 'requestedModel' as const },
    ].filter(({ name }, i, all) => name !== '' && (i === 0 || name !== all[0]!.name));
    const candidates: Candidate[] = [];
    for (const { name, matchedBy } of names) {
      for (const matcher of this.own.get(projectNo) ?? []) {
        if (matcher.matches(provider, name, unit)) candidates.push(ownCandidate(matcher, matchedBy));
      }
    }
    // The library's prices are for tokens.
    if (unit !== null) return candidates;
    for (const { name, matchedBy } of names) {
      const found = findLibraryModel(provider, name);
      if (found === undefined) continue;
      candidates.push(...libraryCandidates(found, matchedBy));
      break;
    }
    return candidates;
  }
}

/** Only calls of models are priced. */
function isPriceable({ type, model, requestedModel, usage }: PricedCall): boolean {
  if (type !== 'GENERATION' && type !== 'EMBEDDING') return false;
  return !!usage && (!!model || !!requestedModel);
}

function ownCandidate({ price, validFromMs }: OwnPriceMatcher, matchedBy: PriceSnapshot['matchedBy']): Candidate {
  return {
    price: withKey({
      source: 'own',
      priceId: price.id,
      library: null,
      provider: price.provider,
      model: price.modelPattern,
      matchedBy,
      rule: 'pattern',
      valid: price.validFrom === null ? null : `from ${price.validFrom}`,
      sheet: price.sheet,
      ...(price.definition === null ? {} : { defaultTier: price.definition.defaultTier }),
    }),
    holdsAt: (timeMs) => timeMs >= validFromMs,
  };
}

function libraryCandidates(found: LibraryModel, matchedBy: PriceSnapshot['matchedBy']): Candidate[] {
  return found.periods.map(({ sheet, valid, holdsAt }) => ({
    price: withKey({
      source: 'library',
      priceId: `${found.provider}/${found.model}`,
      library: LIBRARY,
      provider: found.provider,
      model: found.model,
      matchedBy,
      rule: found.rule,
      valid,
      sheet,
    }),
    holdsAt,
  }));
}

function withKey(snapshot: PriceSnapshot): KeyedPrice {
  const digest = createHash('sha256').update(JSON.stringify(snapshot)).digest();
  const key = Number(digest.readBigUInt64BE() >> 11n);
  return { key, snapshot, table: new PriceTable(snapshot.sheet, compileClassPattern) };
}
