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
  // Of a row that began in an earlier chunk, and how many bytes it has at least.
  let part: Buffer[] = [];
  let partBytes = 0;
  let neededBytes = 0;
  let toSkip = HEADER_BYTES;
  for (const chunk of chunks) {
    let at = Math.min(toSkip, chunk.length);
    toSkip -= at;
    while (partBytes > 0 && at < chunk.length) {
      const taken = chunk.subarray(at, at + neededBytes - partBytes);
      part.push(taken);
      partBytes += taken.length;
      at += taken.length;
      if (partBytes < neededBytes) break;
      const bytes = Buffer.concat(part);
      part = [bytes];
      neededBytes = endOfRow(bytes, 0);
      if (neededBytes > bytes.length) continue;
      if (!addRow(rows, bytes, 0)) return rows;
      partBytes = 0;
    }
    while (at < chunk.length) {
      const end = endOfRow(chunk, at);
      if (end > chunk.length) {
        part = [chunk.subarray(at)];
        partBytes = chunk.length - at;
        neededBytes = end - at;
        break;
      }
      if (!addRow(rows, chunk, at)) return rows;
      at = end;
    }
  }
  throw new Error('the copy has no end');
}

/** Where the row at `at` ends; beyond the end of `bytes`, what it takes at least to know more. */
function endOfRow(bytes: Buffer, at: number): number {
  let end = at + 2;
  if (end > bytes.length) return end;
  const columns = bytes.readInt16BE(at);
  for (let i = 0; i < columns; i += 1) {
    if (end + 4 > bytes.length) return end + 4;
    end += 4 + Math.max(0, bytes.readInt32BE(end));
  }
  return end;
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
