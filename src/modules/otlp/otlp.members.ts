import { quoteText } from '../../domain/json.js';

/**
 * One way to read content, which comes either as JSON text that was parsed (plain objects) or as structured attributes
 * (maps). Keys are the client's: they are only ever looked up or listed, never assigned to an object.
 */

/** A member of a JSON object or key-value list. */
export type Member = readonly [key: string, value: unknown];

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member, or undefined where there is none or it is null. */
export function member(object: object, key: string): unknown {
  if (object instanceof Map) return (object as ReadonlyMap<string, unknown>).get(key) ?? undefined;
  return Object.hasOwn(object, key) ? ((object as Record<string, unknown>)[key] ?? undefined) : undefined;
}

/** The first of `keys` that the object states. */
export function firstMember(object: object, keys: readonly string[]): unknown {
  for (const key of keys) {
    const value = member(object, key);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The member if it is text. */
export function textMember(object: object, key: string): string | undefined {
  const value = member(object, key);
  return typeof value === 'string' ? value : undefined;
}

export function membersOf(object: object): Iterable<Member> {
  return object instanceof Map ? (object as ReadonlyMap<string, unknown>) : Object.entries(object);
}

/** Members that say something and are not among `known`. */
export function otherMembers(object: object, known: ReadonlySet<string>): Member[] {
  const others: Member[] = [];
  for (const entry of membersOf(object)) if (!known.has(entry[0]) && !isNothing(entry[1])) others.push(entry);
  return others;
}

/** Null, an empty list or an empty object. */
export function isNothing(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  for (const key in value) if (Object.hasOwn(value, key)) return false;
  return true;
}

/** The value as JSON text, not yet checked for what cannot be stored; numbers no JSON reader keeps are text. */
export function writeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoteText(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case 'bigint':
      return `"${value}"`;
    case 'boolean':
      return value ? 'true' : 'false';
    default:
  }
  if (typeof value !== 'object' || value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(writeValue).join(',')}]`;
  if (value instanceof Map) return writeMembers(value as ReadonlyMap<string, unknown>);
  // Plain objects come from JSON.parse, so that all below them is JSON.
  return JSON.stringify(value);
}

export function writeMembers(members: Iterable<Member>): string {
  let text = '{';
  for (const [key, value] of members) text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${writeValue(value)}`;
  return `${text}}`;
}
