import {
  type ElementType,
  EncodeError,
  FIXED,
  type FixedType,
  isTextType,
  JSONB_VERSION,
  PREFIX_BYTES,
  type TextType,
} from './binary-value.js';

/**
 * Arrays as PostgreSQL's binary array format (array_recv): `pg` sends a Buffer parameter as binary, and a column of a
 * thousand rows then costs no quoting, no parsing and one parameter.
 */
const OID = { bool: 16, int8: 20, int4: 23, text: 25, float8: 701, timestamptz: 1184, jsonb: 3802 } as const;

const HEADER_BYTES = 20;

/**
 * Encodes one column of rows; null and undefined become NULL.
 * @throws EncodeError naming `column` and the row, for a value that its type cannot hold.
 */
export function encodeArray(column: string, type: ElementType, values: readonly unknown[]): Buffer {
  return isTextType(type) ? encodeTexts(column, type, values) : encodeFixed(column, type, values);
}

function encodeFixed(column: string, type: FixedType, values: readonly unknown[]): Buffer {
  const { width, write } = FIXED[type];
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + values.length * (4 + width));
  let at = writeHeader(buffer, type, values.length);
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row];
    if (value === null || value === undefined) {
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    at = buffer.writeInt32BE(width, at);
    const problem = write(value, buffer, at);
    if (problem !== undefined) throw new EncodeError(column, row, problem);
    at += width;
  }
  return buffer.subarray(0, at);
}

function encodeTexts(column: string, type: TextType, values: readonly unknown[]): Buffer {
  const prefixBytes = PREFIX_BYTES[type];
  let characters = 0;
  for (const value of values) if (typeof value === 'string') characters += value.length;
  // Room for ASCII; `reserve` grows it for the rest.
  let buffer: Buffer = Buffer.allocUnsafe(
    HEADER_BYTES + values.length * (4 + prefixBytes) + characters + (characters >> 3),
  );
  let at = writeHeader(buffer, type, values.length);
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row];
    if (value === null || value === undefined) {
      buffer = reserve(buffer, at, 4);
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    if (typeof value !== 'string') throw new EncodeError(column, row, 'is not a string');
    // Three bytes a UTF-16 unit at most; measuring exactly is only worth it when that does not fit.
    let room = 4 + prefixBytes + value.length * 3;
    if (at + room > buffer.length) room = 4 + prefixBytes + Buffer.byteLength(value);
    buffer = reserve(buffer, at, room);
    const start = at + 4;
    if (prefixBytes === 1) buffer[start] = JSONB_VERSION;
    const written = buffer.write(value, start + prefixBytes);
    buffer.writeInt32BE(prefixBytes + written, at);
    at = start + prefixBytes + written;
  }
  return buffer.subarray(0, at);
}

function reserve(buffer: Buffer, at: number, bytes: number): Buffer {
  if (at + bytes <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + bytes));
  buffer.copy(larger, 0, 0, at);
  return larger;
}

/** One dimension, lower bound 1, NULLs possible. */
function writeHeader(buffer: Buffer, type: ElementType, length: number): number {
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(1, 4);
  buffer.writeInt32BE(OID[type], 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16);
  return HEADER_BYTES;
}
