/**
 * Arrays as PostgreSQL's binary array format (array_recv): `pg` sends a Buffer parameter as binary, and a column of a
 * thousand rows then costs no quoting, no parsing and one parameter. Every encoder is strict: a value that its type
 * cannot hold throws EncodeError naming the column and row, because array_recv would store something else in silence.
 */
export class EncodeError extends Error {
  constructor(
    readonly column: string,
    readonly row: number,
    problem: string,
  ) {
    super(`${column}[${row}]: ${problem}`);
  }
}

const OID = { bool: 16, int8: 20, int4: 23, text: 25, float8: 701, timestamptz: 1184, jsonb: 3802 } as const;

/** Element types: `timestamptz` takes microseconds since the Unix epoch, `jsonb` JSON text. */
export type ElementType = keyof typeof OID;

const HEADER_BYTES = 20;
const MAX_INT4 = 2 ** 31 - 1;
/** 2000-01-01 in microseconds since the Unix epoch: PostgreSQL counts from there. */
const PG_EPOCH_MICROS = 946_684_800_000_000;
const JSONB_VERSION = 1;

/** Encodes one column of rows; null and undefined become NULL. */
export function encodeArray(column: string, type: ElementType, values: readonly unknown[]): Buffer {
  switch (type) {
    case 'text':
      return encodeTexts(column, 'text', values, 0);
    case 'jsonb':
      return encodeTexts(column, 'jsonb', values, 1);
    case 'bool':
      return encodeFixed(column, 'bool', values, 1, (value, buffer, at) => {
        if (typeof value !== 'boolean') return 'is not a boolean';
        buffer[at] = value ? 1 : 0;
        return undefined;
      });
    case 'int4':
      return encodeFixed(column, 'int4', values, 4, (value, buffer, at) => {
        if (!Number.isInteger(value) || Math.abs(value as number) > MAX_INT4) return 'is not a 32-bit integer';
        buffer.writeInt32BE(value as number, at);
        return undefined;
      });
    case 'int8':
      return encodeFixed(column, 'int8', values, 8, writeInt8);
    case 'timestamptz':
      return encodeFixed(column, 'timestamptz', values, 8, (value, buffer, at) =>
        Number.isSafeInteger(value)
          ? writeInt8((value as number) - PG_EPOCH_MICROS, buffer, at)
          : 'is not a whole number of microseconds',
      );
    case 'float8':
      return encodeFixed(column, 'float8', values, 8, (value, buffer, at) => {
        if (typeof value !== 'number' || !Number.isFinite(value)) return 'is not a finite number';
        buffer.writeDoubleBE(value, at);
        return undefined;
      });
  }
}

function writeInt8(value: unknown, buffer: Buffer, at: number): string | undefined {
  if (!Number.isSafeInteger(value)) return 'is not a safe integer';
  const high = Math.floor((value as number) / 0x1_0000_0000);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE((value as number) - high * 0x1_0000_0000, at + 4);
  return undefined;
}

function encodeFixed(
  column: string,
  type: ElementType,
  values: readonly unknown[],
  width: number,
  write: (value: unknown, buffer: Buffer, at: number) => string | undefined,
): Buffer {
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

function encodeTexts(column: string, type: ElementType, values: readonly unknown[], prefixBytes: number): Buffer {
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
