import { escapeLiteral } from 'pg';

/** A row as PostgreSQL's binary format has it: of a text its UTF-8. */
export type BytesRow = readonly (Buffer | null)[];

/** Signature of 11 bytes, flags, length of an extension that there is none of (PostgreSQL documentation, COPY, "Binary Format"). */
const HEADER_BYTES = 19;

/** The statement that copies out what `sql` selects. COPY takes no parameters: `$1` and so on become literals. */
export function copyOutSql(sql: string, params: readonly (string | number)[]): string {
  const query = sql.replace(/\$(\d+)/g, (_, n: string) => toLiteral(params[Number(n) - 1]));
  return `COPY (${query}) TO STDOUT (FORMAT binary)`;
}

function toLiteral(value: string | number | undefined): string {
  if (typeof value === 'string') return escapeLiteral(value);
  if (Number.isSafeInteger(value)) return String(value);
  throw new Error(`${typeof value} cannot be a literal`);
}

/**
 * The rows of a copy that came in `chunks`, whose memory they share: a copy of 30 MB that was put together first would be
 * 30 MB more for the garbage collector to see, which then begins a full collection.
 */
export function readCopy(chunks: readonly Buffer[]): BytesRow[] {
  const rows: BytesRow[] = [];
  let left: Buffer = EMPTY;
  let toSkip = HEADER_BYTES;
  for (const chunk of chunks) {
    let at = Math.min(toSkip, chunk.length);
    toSkip -= at;
    if (left.length > 0) {
      const split = joinRow(left, chunk);
      if (split === undefined) {
        left = Buffer.concat([left, chunk]);
        continue;
      }
      at = split.length - left.length;
      if (!addRow(rows, split, 0)) return rows;
    }
    for (let end = endOfRow(chunk, at); end !== undefined; end = endOfRow(chunk, at)) {
      if (!addRow(rows, chunk, at)) return rows;
      at = end;
    }
    left = chunk.subarray(at);
  }
  throw new Error('the copy has no end');
}

/** The row that begins with `left` and ends in `chunk`, copying little more than it; undefined when it does not end there. */
function joinRow(left: Buffer, chunk: Buffer): Buffer | undefined {
  for (let taken = 4096; ; taken *= 4) {
    const bytes = Buffer.concat([left, chunk.subarray(0, taken)]);
    const end = endOfRow(bytes, 0);
    if (end !== undefined) return bytes.subarray(0, end);
    if (taken >= chunk.length) return undefined;
  }
}

const EMPTY = Buffer.alloc(0);

/** Where the next row begins; undefined while `bytes` hold only a part of the one at `at`. */
function endOfRow(bytes: Buffer, at: number): number | undefined {
  if (at + 2 > bytes.length) return undefined;
  const columns = bytes.readInt16BE(at);
  let end = at + 2;
  for (let i = 0; i < columns; i += 1) {
    if (end + 4 > bytes.length) return undefined;
    end += 4 + Math.max(0, bytes.readInt32BE(end));
  }
  return end > bytes.length ? undefined : end;
}

/** Adds the whole row at `start`; false for the trailer behind the last one. */
function addRow(rows: BytesRow[], bytes: Buffer, start: number): boolean {
  const columns = bytes.readInt16BE(start);
  if (columns < 0) return false;
  const row = new Array<Buffer | null>(columns).fill(null);
  let at = start + 2;
  for (let i = 0; i < columns; i += 1) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) continue;
    row[i] = bytes.subarray(at, at + length);
    at += length;
  }
  rows.push(row);
  return true;
}
