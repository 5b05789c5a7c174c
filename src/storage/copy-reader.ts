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

/** The rows of a copy; they share its memory. */
export function readCopy(bytes: Buffer): BytesRow[] {
  const rows: BytesRow[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const columns = bytes.readInt16BE(at);
    at += 2;
    if (columns < 0) return rows;
    const row = new Array<Buffer | null>(columns).fill(null);
    for (let i = 0; i < columns; i += 1) {
      const length = bytes.readInt32BE(at);
      at += 4;
      if (length < 0) continue;
      row[i] = bytes.subarray(at, at + length);
      at += length;
    }
    rows.push(row);
  }
}
