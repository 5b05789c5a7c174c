import {
  type ElementType,
  EncodeError,
  FIXED,
  isTextType,
  JSONB_VERSION,
  PREFIX_BYTES,
  type TextType,
} from './binary-value.js';

/** One column of rows that are copied in. */
export interface CopyColumn<Row> {
  readonly name: string;
  readonly type: ElementType;
  readonly value: (row: Row) => unknown;
}

/** Small enough to be taken from memory that was used before, and for PostgreSQL to start on the first rows early. */
const CHUNK_BYTES = 64 * 1024;
/** Type and length of the message CopyData. */
const HEAD_BYTES = 5;
const COPY_DATA = 0x64;
/** Signature, no flags, no extension (PostgreSQL documentation, COPY, "Binary Format"). */
const FILE_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const FILE_TRAILER = -1;

/** Encodes rows as messages CopyData in PostgreSQL's binary copy format. */
export class CopyWriter {
  private chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  private at = HEAD_BYTES;

  constructor(private readonly send: (message: Buffer) => void) {
    this.at += FILE_HEADER.copy(this.chunk, this.at);
  }

  /** @throws EncodeError naming `table`, column and row; rows before it may have been sent. */
  writeRows<Row>(table: string, columns: readonly CopyColumn<Row>[], rows: readonly Row[]): void {
    for (let n = 0; n < rows.length; n += 1) {
      const row = rows[n]!;
      this.reserve(2);
      this.at = this.chunk.writeInt16BE(columns.length, this.at);
      for (const { name, type, value } of columns) {
        const problem = this.writeValue(type, value(row));
        if (problem !== undefined) throw new EncodeError(`${table}.${name}`, n, problem);
      }
    }
  }

  end(): void {
    this.reserve(2);
    this.at = this.chunk.writeInt16BE(FILE_TRAILER, this.at);
    this.flush();
  }

  private writeValue(type: ElementType, value: unknown): string | undefined {
    if (value === null || value === undefined) {
      this.reserve(4);
      this.at = this.chunk.writeInt32BE(-1, this.at);
      return undefined;
    }
    if (isTextType(type)) {
      if (typeof value !== 'string') return 'is not a string';
      this.writeText(type, value);
      return undefined;
    }
    const { width, write } = FIXED[type];
    this.reserve(4 + width);
    this.chunk.writeInt32BE(width, this.at);
    const problem = write(value, this.chunk, this.at + 4);
    this.at += 4 + width;
    return problem;
  }

  private writeText(type: TextType, value: string): void {
    const prefixBytes = PREFIX_BYTES[type];
    // Three bytes a UTF-16 unit at most; measuring exactly is only worth it when that does not fit.
    const mostBytes = 4 + prefixBytes + value.length * 3;
    if (this.at + mostBytes > this.chunk.length) this.reserve(4 + prefixBytes + Buffer.byteLength(value));
    const start = this.at + 4;
    if (type === 'jsonb') this.chunk[start] = JSONB_VERSION;
    const written = this.chunk.write(value, start + prefixBytes);
    this.chunk.writeInt32BE(prefixBytes + written, this.at);
    this.at = start + prefixBytes + written;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.chunk.length) return;
    this.flush();
    this.chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, HEAD_BYTES + bytes));
    this.at = HEAD_BYTES;
  }

  private flush(): void {
    this.chunk[0] = COPY_DATA;
    this.chunk.writeInt32BE(this.at - 1, 1);
    this.send(this.chunk.subarray(0, this.at));
  }
}
