import { isStorableText } from './json.js';

/** Longest id in characters (Langfuse ids, `langfuse.md` §3.1). */
export const MAX_ID_CHARACTERS = 800;

/** Longest id in UTF-8 bytes: two of them must fit one btree row of PostgreSQL (2,704 bytes). */
export const MAX_ID_BYTES = 1000;

/**
 * Why `id` cannot be an id, or undefined when it can. Ids are opaque: any non-empty string within the limits that
 * PostgreSQL can hold unchanged, because an id must come back exactly as it was sent.
 */
export function idProblem(id: string): string | undefined {
  if (id.length === 0) return 'must not be empty';
  if (id.length > MAX_ID_CHARACTERS) return `must be at most ${MAX_ID_CHARACTERS} characters long, got ${id.length}`;
  if (id.length > MAX_ID_BYTES / 3 && Buffer.byteLength(id) > MAX_ID_BYTES)
    return `must be at most ${MAX_ID_BYTES} bytes of UTF-8`;
  if (!isStorableText(id)) return 'must not contain U+0000 or a lone surrogate';
  return undefined;
}

/**
 * `text` made storable and cut to at most `maxBytes` of UTF-8, never inside a character. For names, tags and models,
 * which are indexed (btree rows are limited) but identify nothing, so that losing their tail beats losing the item.
 */
export function toIndexableText(text: string, maxBytes: number = MAX_ID_BYTES): string {
  const whole = isStorableText(text) ? text : text.toWellFormed().replaceAll('\0', '\ufffd');
  if (whole.length <= maxBytes / 3 || Buffer.byteLength(whole) <= maxBytes) return whole;
  const bytes = Buffer.from(whole);
  let end = maxBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

// FNV-1a, 32 bit. Part of the contract between processes: all of them must put a trace into the same lane.
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** A stable 32-bit hash of a project's trace id, equal in every process and version. */
export function hashTrace(projectNo: number, traceId: string): number {
  let hash = FNV_OFFSET ^ projectNo;
  for (let i = 0; i < traceId.length; i += 1) hash = Math.imul(hash ^ traceId.charCodeAt(i), FNV_PRIME);
  // FNV's low bits are weak for ids that differ in few places; fold the high half in.
  return (hash ^ (hash >>> 15)) >>> 0;
}
