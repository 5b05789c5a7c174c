import { compareBytewise, type JsonText, type JsonValue } from './json.js';
import { type Stamped, type StampedMetadata, UNSTATED } from './merge.js';

/**
 * Stamps as rows keep them: one number for the fields that share the highest stamp, and a map for the rest. A record
 * written once needs no map at all. A field that is null and listed in the map was said to be empty; one that is null
 * and not listed was never stated. The encoding is a function of the state alone, so equal states give equal rows.
 */
export interface EncodedStamps {
  stamp: number | null;
  /** A JSON object of field name → stamp, or null when every stated field has `stamp`. */
  stamps: JsonText | null;
}

const ENVIRONMENT = 'environment';

export function encodeStamps(
  fields: readonly string[],
  state: { values: object; stamps: readonly number[]; environment: Stamped<string> | null },
): EncodedStamps {
  const values = state.values as Record<string, unknown>;
  let stamp = state.environment?.stamp ?? UNSTATED;
  for (let i = 0; i < fields.length; i += 1) {
    const own = state.stamps[i]!;
    if (own > stamp && values[fields[i]!] !== null) stamp = own;
  }
  let rest = '';
  for (let i = 0; i < fields.length; i += 1) {
    const own = state.stamps[i]!;
    if (own === UNSTATED) continue;
    if (own !== stamp || values[fields[i]!] === null) rest += `,"${fields[i]!}":${own}`;
  }
  if (state.environment !== null && state.environment.stamp !== stamp)
    rest += `,"${ENVIRONMENT}":${state.environment.stamp}`;
  return { stamp: stamp === UNSTATED ? null : stamp, stamps: rest === '' ? null : `{${rest.slice(1)}}` };
}

/** Fills `state` from a row. `values` holds null for every empty column. */
export function decodeStamps(
  fields: readonly string[],
  state: { values: object; stamps: number[]; environment: Stamped<string> | null },
  row: {
    values: Record<string, unknown>;
    environment: string | null;
    stamp: number | null;
    stamps: Record<string, number> | null;
  },
): void {
  const target = state.values as Record<string, unknown>;
  const base = row.stamp ?? UNSTATED;
  for (let i = 0; i < fields.length; i += 1) {
    const field = fields[i]!;
    const value = row.values[field];
    const own = row.stamps?.[field];
    if (value === null || value === undefined) {
      if (own === undefined) continue;
      target[field] = null;
      state.stamps[i] = own;
    } else {
      target[field] = value;
      state.stamps[i] = own ?? base;
    }
  }
  if (row.environment !== null) {
    state.environment = { value: row.environment, stamp: row.stamps?.[ENVIRONMENT] ?? base };
  }
}

export interface EncodedMetadata extends EncodedStamps {
  /** A JSON object with its keys in bytewise order, or null when there is no key. */
  metadata: JsonText | null;
}

export function encodeMetadata(state: StampedMetadata): EncodedMetadata {
  if (state.size === 0) return { metadata: null, stamp: null, stamps: null };
  const keys = [...state.keys()];
  if (keys.length > 1) keys.sort(compareBytewise);
  let stamp = UNSTATED;
  for (const entry of state.values()) if (entry.stamp > stamp) stamp = entry.stamp;
  let metadata = '';
  let rest = '';
  for (const key of keys) {
    const entry = state.get(key)!;
    const name = JSON.stringify(key);
    metadata += `,${name}:${entry.value}`;
    if (entry.stamp !== stamp) rest += `,${name}:${entry.stamp}`;
  }
  return { metadata: `{${metadata.slice(1)}}`, stamp, stamps: rest === '' ? null : `{${rest.slice(1)}}` };
}

/** The reverse of `encodeMetadata`. Values are written anew, so text equal in meaning stays equal. */
export function decodeMetadata(
  metadata: JsonText | null,
  stamp: number | null,
  stamps: JsonText | null,
): StampedMetadata {
  const state: StampedMetadata = new Map();
  if (metadata === null) return state;
  const own = new Map(Object.entries(stamps === null ? {} : (JSON.parse(stamps) as Record<string, number>)));
  for (const [key, value] of Object.entries(JSON.parse(metadata) as Record<string, JsonValue>)) {
    state.set(key, { value: JSON.stringify(value), stamp: own.get(key) ?? stamp ?? UNSTATED });
  }
  return state;
}
