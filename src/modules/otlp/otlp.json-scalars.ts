import { Unreadable } from './otlp.span.js';

/** The scalars of OTLP/JSON as exporters write them, and the errors of those that are none. */

export type JsonObject = Readonly<Record<string, unknown>>;

const DECIMAL = /^-?\d{1,20}$/;

/** A number where a double holds it, else bigint. */
export function readInt64(value: unknown): number | bigint {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    const short = value.length <= 15 ? Number(value) : NaN;
    if (Number.isSafeInteger(short) && value !== '') return short;
    if (DECIMAL.test(value)) return narrow(BigInt.asIntN(64, BigInt(value)));
  } else if (isLowHigh(value)) {
    return narrow(BigInt.asIntN(64, joinLowHigh(value)));
  }
  throw new Unreadable('value', `has an intValue that is not an integer (${nameOf(value)})`);
}

function narrow(value: bigint): number | bigint {
  const asNumber = Number(value);
  return Number.isSafeInteger(asNumber) ? asNumber : value;
}

export function readDouble(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && value.trim() !== '') {
    // Number('NaN'), Number('Infinity') and Number('-Infinity') are what proto3 JSON means by them.
    const number = Number(value);
    if (value === 'NaN' || !Number.isNaN(number)) return number;
  }
  throw new Unreadable('value', `has a doubleValue that is not a number (${nameOf(value)})`);
}

/** Nanoseconds since the epoch: an unsigned 64-bit integer; 0n where there is none. */
export function readTime(value: unknown, field: string): bigint {
  if (isMissing(value) || value === '') return 0n;
  if (typeof value === 'string') {
    if (DECIMAL.test(value) && value.charCodeAt(0) !== 0x2d) return BigInt(value);
  } else if (typeof value === 'number') {
    if (value >= 0 && value < 2 ** 64) return BigInt(Math.trunc(value));
  } else if (isLowHigh(value)) {
    return joinLowHigh(value);
  }
  throw new Unreadable(field, 'must be nanoseconds since 1970 as a decimal string, not negative');
}

interface LowHigh {
  readonly low: number;
  readonly high: number;
}

/** How the Long class of protobufjs looks in JSON. */
function isLowHigh(value: unknown): value is LowHigh {
  return isObject(value) && Number.isInteger(value['low']) && Number.isInteger(value['high']);
}

function joinLowHigh({ low, high }: LowHigh): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** An id in lower-case hex. What is neither hex nor base64 of the right length stays as it is: it is refused by its name later. */
export function readId(value: unknown, field: string, digits: number): string {
  if (isMissing(value)) return '';
  if (typeof value !== 'string')
    throw new Unreadable(field, `must be a string of ${digits} hex digits, got ${nameOf(value)}`);
  if (value.length === digits) return value.toLowerCase();
  const bytes = digits / 2;
  // Base64 of 16 bytes has 22 characters and "==", of 8 bytes 11 and "=".
  const base64Length = Math.ceil((bytes * 4) / 3);
  if (value.length === base64Length || value.length === Math.ceil(bytes / 3) * 4) {
    const decoded = Buffer.from(value, 'base64');
    if (decoded.length === bytes) return decoded.toString('hex');
  }
  return value;
}

export const SPAN_KINDS: ReadonlyMap<string, number> = new Map([
  ['SPAN_KIND_UNSPECIFIED', 0],
  ['SPAN_KIND_INTERNAL', 1],
  ['SPAN_KIND_SERVER', 2],
  ['SPAN_KIND_CLIENT', 3],
  ['SPAN_KIND_PRODUCER', 4],
  ['SPAN_KIND_CONSUMER', 5],
]);

export const STATUS_CODES: ReadonlyMap<string, number> = new Map([
  ['STATUS_CODE_UNSET', 0],
  ['STATUS_CODE_OK', 1],
  ['STATUS_CODE_ERROR', 2],
]);

/** SEVERITY_NUMBER_TRACE, _TRACE2 … _FATAL4 (logs/v1, SeverityNumber). */
export const SEVERITY_NUMBERS: ReadonlyMap<string, number> = new Map(
  ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name, i) =>
    ['', '2', '3', '4'].map((step, j): [string, number] => [`SEVERITY_NUMBER_${name}${step}`, i * 4 + j + 1]),
  ),
);

/** An enum by number or by name; one that is not known counts as unspecified, as in protobuf. */
export function readEnum(value: unknown, field: string, names: ReadonlyMap<string, number>): number {
  if (isMissing(value)) return 0;
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return names.get(value.toUpperCase()) ?? (/^\d{1,9}$/.test(value) ? Number(value) : 0);
  throw new Unreadable(field, `must be a number, got ${nameOf(value)}`);
}

export function readCount(value: unknown, field: string): number {
  if (isMissing(value)) return 0;
  const count = typeof value === 'string' ? Number(value) : value;
  if (typeof count === 'number' && count >= 0 && count <= 0xffffffff) return Math.trunc(count);
  throw new Unreadable(field, 'must be a number from 0 to 4294967295');
}

export function readText(value: unknown, field: string): string {
  if (isMissing(value)) return '';
  if (typeof value === 'string') return value;
  throw new Unreadable(field, `must be a string, got ${nameOf(value)}`);
}

export function readList<T>(value: unknown, field: string, read: (item: unknown) => T): readonly T[] {
  if (isMissing(value)) return [];
  if (!Array.isArray(value)) throw new Unreadable(field, `must be a list, got ${nameOf(value)}`);
  const items: T[] = [];
  try {
    for (const item of value) items.push(read(item));
  } catch (error) {
    throw error instanceof Unreadable ? error.below(`${field}[${items.length}]`) : error;
  }
  return items;
}

export function within<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Unreadable ? error.below(field) : error;
  }
}

export function expectObject(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw new Unreadable('', `must be an object, got ${nameOf(value)}`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

export function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
