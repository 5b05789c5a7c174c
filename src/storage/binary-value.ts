/**
 * Values in PostgreSQL's binary formats. Every writer is strict: a value that its type cannot hold is a problem for the
 * caller to raise as EncodeError, because PostgreSQL would store something else in silence.
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

/** Types of columns: `timestamptz` takes microseconds since the Unix epoch, `jsonb` JSON text. */
export type ElementType = FixedType | TextType;
export type FixedType = 'bool' | 'int4' | 'int8' | 'float8' | 'timestamptz';
export type TextType = 'text' | 'jsonb';

/** Writes `value` at `at` and returns undefined, or says why it is none of the type. */
export type WriteFixed = (value: unknown, buffer: Buffer, at: number) => string | undefined;

const MAX_INT4 = 2 ** 31 - 1;
/** 2000-01-01 in microseconds since the Unix epoch: PostgreSQL counts from there. */
const PG_EPOCH_MICROS = 946_684_800_000_000;

export const JSONB_VERSION = 1;
/** Bytes before the text of a value. */
export const PREFIX_BYTES: Readonly<Record<TextType, number>> = { text: 0, jsonb: 1 };

export const FIXED: Readonly<Record<FixedType, { readonly width: number; readonly write: WriteFixed }>> = {
  bool: {
    width: 1,
    write: (value, buffer, at) => {
      if (typeof value !== 'boolean') return 'is not a boolean';
      buffer[at] = value ? 1 : 0;
      return undefined;
    },
  },
  int4: {
    width: 4,
    write: (value, buffer, at) => {
      if (!Number.isInteger(value) || Math.abs(value as number) > MAX_INT4) return 'is not a 32-bit integer';
      buffer.writeInt32BE(value as number, at);
      return undefined;
    },
  },
  int8: { width: 8, write: writeInt8 },
  timestamptz: {
    width: 8,
    write: (value, buffer, at) =>
      Number.isSafeInteger(value)
        ? writeInt8((value as number) - PG_EPOCH_MICROS, buffer, at)
        : 'is not a whole number of microseconds',
  },
  float8: {
    width: 8,
    write: (value, buffer, at) => {
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'is not a finite number';
      buffer.writeDoubleBE(value, at);
      return undefined;
    },
  },
};

function writeInt8(value: unknown, buffer: Buffer, at: number): string | undefined {
  if (!Number.isSafeInteger(value)) return 'is not a safe integer';
  const high = Math.floor((value as number) / 0x1_0000_0000);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE((value as number) - high * 0x1_0000_0000, at + 4);
  return undefined;
}

export function isTextType(type: ElementType): type is TextType {
  return type === 'text' || type === 'jsonb';
}
