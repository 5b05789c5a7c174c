import { InvalidInput } from '../../domain/errors.js';
import { idProblem, toIndexableText } from '../../domain/identifier.js';
import {
  compareBytewise,
  isWithinDepth,
  MAX_JSON_DEPTH,
  toJsonText,
  toStorableText,
  type JsonText,
} from '../../domain/json.js';
import { LEVELS, OBSERVATION_TYPES, type Level, type ObservationType } from '../../domain/observation.js';
import { clampTime, parseIsoTime, type Micros } from '../../domain/time.js';
import { MAX_TAGS } from '../../domain/trace.js';

/** Readers of single values, which the doors for JSON share: each gives what may be stored, or undefined for "not stated". */

/** Metadata key under which times that had to be clamped are kept as they were sent: `{"startTime":"1970-01-01T00:00:00Z"}`. */
export const CLOCK_KEY = 'xtrace.clock';
/** Metadata key under which a level that is none of ours is kept as it was sent. */
export const LEVEL_KEY = 'xtrace.level';
/** The same of an environment. */
export const ENVIRONMENT_KEY = 'xtrace.environment';

/** Reads the times of one item and remembers those that had to be clamped. */
export class ItemTimes {
  private far: Record<string, string> | undefined;

  constructor(readonly nowMs: number) {}

  /** @throws InvalidInput for text that is no ISO 8601 time with a zone. */
  read(value: string | null | undefined, field: string): Micros | undefined {
    if (value === null || value === undefined || value === '') return undefined;
    const micros = parseIsoTime(value);
    if (micros === undefined) {
      throw new InvalidInput('must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z', field);
    }
    const time = clampTime(micros, this.nowMs);
    if (time.clamped) (this.far ??= {})[field] = value;
    return time.micros;
  }

  /** `metadata` with a note of the clamped times, if there are any. */
  note(metadata: Map<string, JsonText> | undefined): Map<string, JsonText> | undefined {
    if (this.far === undefined) return metadata;
    return (metadata ?? new Map<string, JsonText>()).set(CLOCK_KEY, toJsonText(this.far));
  }
}

export function requiredId(id: string | null | undefined, field: string): string {
  if (id === null || id === undefined) throw new InvalidInput('is required', field);
  const problem = idProblem(id);
  if (problem !== undefined) throw new InvalidInput(problem, field);
  return id;
}

export function optionalId(id: string | null | undefined, field: string): string | undefined {
  return id === null || id === undefined || id === '' ? undefined : requiredId(id, field);
}

/** Text that is indexed: names, models, releases. */
export function readName(value: string | null | undefined): string | undefined {
  return value === null || value === undefined || value === '' ? undefined : toIndexableText(value);
}

export function readLooseName(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? readName(value) : undefined;
}

export function readText(value: string | null | undefined): string | undefined {
  return value === null || value === undefined || value === '' ? undefined : toStorableText(value);
}

export function readSeconds(value: number | null | undefined): number | undefined {
  return value !== null && value !== undefined && value >= 0 ? value : undefined;
}

/** `sent` is the value as it was sent, if it may be kept so. */
export function readPayload(value: unknown, field: string, sent: JsonText | undefined): JsonText | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (sent !== undefined) return sent;
  requireDepth(value, field);
  return toJsonText(value);
}

function requireDepth(value: unknown, field: string): void {
  if (!isWithinDepth(value)) throw new InvalidInput(`must not nest deeper than ${MAX_JSON_DEPTH} levels`, field);
}

export function readMetadata(value: unknown): Map<string, JsonText> | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  requireDepth(value, 'metadata');
  if (typeof value !== 'object' || Array.isArray(value)) return new Map([['metadata', toJsonText(value)]]);
  let metadata: Map<string, JsonText> | undefined;
  for (const key in value) {
    metadata ??= new Map();
    metadata.set(toStorableText(key), toJsonText((value as Record<string, unknown>)[key]));
  }
  return metadata;
}

/** `metadata` with the word that was `stated` under `key`, if `value` is nothing that could be made of it. */
export function noteWord(
  key: string,
  stated: unknown,
  value: string | undefined,
  metadata: Map<string, JsonText> | undefined,
): Map<string, JsonText> | undefined {
  if (value !== undefined || typeof stated !== 'string' || stated === '') return metadata;
  return (metadata ?? new Map<string, JsonText>()).set(key, toJsonText(stated));
}

export function readParameters(value: object | null | undefined): JsonText | undefined {
  if (value === null || value === undefined) return undefined;
  requireDepth(value, 'modelParameters');
  const parameters = toJsonText(value);
  return parameters === '{}' ? undefined : parameters;
}

export function readTags(tags: readonly string[] | null | undefined): string[] | undefined {
  if (tags === null || tags === undefined || tags.length === 0) return undefined;
  const union = new Set<string>();
  for (const tag of tags) if (tag !== '') union.add(toIndexableText(tag));
  if (union.size <= MAX_TAGS) return [...union];
  // What a later union would cut off anyway need not be carried there.
  return [...union].sort(compareBytewise).slice(0, MAX_TAGS);
}

const TYPES: ReadonlyMap<string, ObservationType> = new Map(OBSERVATION_TYPES.map((type) => [type, type]));
const LEVEL_NAMES: ReadonlyMap<string, Level> = new Map(LEVELS.map((level) => [level, level]));

export function readType(value: string): ObservationType | undefined {
  return TYPES.get(value) ?? TYPES.get(value.toUpperCase());
}

export function readLevel(value: unknown): Level | undefined {
  return typeof value === 'string' ? (LEVEL_NAMES.get(value) ?? LEVEL_NAMES.get(value.toUpperCase())) : undefined;
}
