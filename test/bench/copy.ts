import { once } from 'node:events';
import { type Socket } from 'node:net';
import { type Client } from 'pg';

/** The part of pg's Connection that copying needs. */
interface Wire {
  readonly stream: Socket;
  query(sql: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/** pg's client runs anything with these methods in turn with its queries (its `Submittable`). */
class Copy {
  readonly chunks: Buffer[] = [];
  private failure: Error | undefined;

  constructor(
    private readonly sql: string,
    private readonly source: Iterable<Buffer>,
    private readonly resolve: (chunks: Buffer[]) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  submit(wire: Wire): void {
    wire.query(this.sql);
  }

  handleCopyInResponse(wire: Wire): void {
    void this.feed(wire);
  }

  private async feed(wire: Wire): Promise<void> {
    try {
      for (const chunk of this.source) {
        wire.sendCopyFromChunk(chunk);
        if (wire.stream.writableNeedDrain) await once(wire.stream, 'drain');
      }
      wire.endCopyFrom();
    } catch (error) {
      wire.sendCopyFail((error as Error).message);
    }
  }

  handleCopyData(message: { chunk: Buffer }): void {
    // A view of the parser's buffer, which it uses again.
    this.chunks.push(Buffer.from(message.chunk));
  }

  handleError(error: Error): void {
    this.failure = error;
    this.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.failure === undefined) this.resolve(this.chunks);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
}

function run(client: Client, sql: string, source: Iterable<Buffer>): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    client.query(new Copy(sql, source, resolve, reject) as never);
  });
}

/** `COPY … FROM STDIN`; `source` is read as fast as the server takes it. */
export async function copyIn(client: Client, sql: string, source: Iterable<Buffer>): Promise<void> {
  await run(client, sql, source);
}

/** Rows of `COPY … TO STDOUT (FORMAT binary)`, each a list of fields as the server sent them. */
export async function copyOut(client: Client, sql: string): Promise<(Buffer | null)[][]> {
  const bytes = Buffer.concat(await run(client, sql, []));
  const rows: (Buffer | null)[][] = [];
  // Signature 11 bytes, flags 4, length of the header extension 4 (PostgreSQL documentation, COPY, binary format).
  let at = 19 + bytes.readInt32BE(15);
  for (;;) {
    const fieldCount = bytes.readInt16BE(at);
    at += 2;
    if (fieldCount === -1) return rows;
    const row: (Buffer | null)[] = [];
    for (let i = 0; i < fieldCount; i += 1) {
      const length = bytes.readInt32BE(at);
      at += 4;
      row.push(length === -1 ? null : bytes.subarray(at, at + length));
      if (length > 0) at += length;
    }
    rows.push(row);
  }
}

/** A value of a field: text for text, jsonb and what has no shorter form; numbers for numbers; raw bytes for the rest. */
export type Value = string | number | bigint | boolean | Buffer | null;

export function decodeField(type: string, field: Buffer | null): Value {
  if (field === null) return null;
  switch (type) {
    case 'text':
      return field.toString('utf8');
    case 'jsonb':
      return field.toString('utf8', 1);
    case 'int4':
      return field.readInt32BE(0);
    case 'int8':
    case 'timestamptz':
      return field.readBigInt64BE(0);
    case 'float8':
      return field.readDoubleBE(0);
    case 'bool':
      return field[0] === 1;
    default:
      return Buffer.from(field);
  }
}

const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const CHUNK_BYTES = 256 * 1024;

/** Rows of values in COPY's binary format, in chunks. */
export function* encodeCopy(types: readonly string[], rows: Iterable<readonly Value[]>): Generator<Buffer> {
  let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = HEADER.copy(buffer);
  for (const row of rows) {
    let room = 2;
    for (const value of row) {
      room += 13;
      if (typeof value === 'string') room += value.length * 3;
      else if (Buffer.isBuffer(value)) room += value.length;
    }
    if (at + room > buffer.length) {
      yield buffer.subarray(0, at);
      buffer = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, room));
      at = 0;
    }
    at = buffer.writeInt16BE(row.length, at);
    for (let i = 0; i < row.length; i += 1) at = encodeField(types[i]!, row[i]!, buffer, at);
  }
  yield buffer.subarray(0, at);
  yield Buffer.from([0xff, 0xff]);
}

function encodeField(type: string, value: Value, buffer: Buffer, at: number): number {
  if (value === null) return buffer.writeInt32BE(-1, at);
  const start = at + 4;
  let end: number;
  if (typeof value === 'string') {
    if (type === 'jsonb') buffer[start] = 1;
    const text = type === 'jsonb' ? start + 1 : start;
    end = text + buffer.write(value, text, 'utf8');
  } else if (typeof value === 'bigint') end = buffer.writeBigInt64BE(value, start);
  else if (typeof value === 'number') {
    end = type === 'float8' ? buffer.writeDoubleBE(value, start) : buffer.writeInt32BE(value, start);
  } else if (typeof value === 'boolean') end = buffer.writeInt8(value ? 1 : 0, start);
  else end = start + value.copy(buffer, start);
  buffer.writeInt32BE(end - start, at);
  return end;
}
