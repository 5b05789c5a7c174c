import { type ClientBase, type Pool, escapeIdentifier } from 'pg';
import { BUCKET } from './rows.js';

type Queryable = Pick<ClientBase | Pool, 'query'>;

const TABLES = `
  SELECT c.relname::text AS name FROM pg_class c
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     AND c.relname <> 'migrations' ORDER BY 1`;

/** What text formats get wrong: separators, escapes, the mark of NULL, characters of every length. */
const TEXT = `E'\\\\N \\\\. tab\\tline\\nreturn\\r "quoted" ''single'' \\\\ back, {comma} é 漢字 🙂 '`;

/** A value of each type that is used, as SQL. `n` makes keys distinct. */
const VALUES: Readonly<Record<string, (n: number) => string>> = {
  int2: (n) => `${n}`,
  int4: (n) => `${n}`,
  int8: (n) => `${9_007_199_254_740_993n + BigInt(n)}`,
  _int8: (n) => `ARRAY[${9_007_199_254_740_993n + BigInt(n)}, -1]`,
  float8: (n) => `0.1::float8 + ${n}`,
  bool: () => 'true',
  text: (n) => `${TEXT} || '${n}'`,
  _text: (n) => `ARRAY[${TEXT} || '${n}', '', 'NULL', NULL]`,
  timestamptz: () => `date_trunc('hour', now()) + interval '1.234567 seconds'`,
  jsonb: (n) => `jsonb_build_object(${TEXT}, ${n}, 'deep', '[1e3, null, "\\\\u00e9\\\\\\\\"]'::jsonb)`,
  bytea: (n) => `'\\x00ff5c0a0${n}'::bytea`,
  uuid: (n) => `md5('${n}')::uuid`,
};

/**
 * Puts two rows into every table: one with a value in each column, one with only those that must be there. Constraints
 * are not known here: a table that has one wants its own case.
 */
export async function fillAllTables(database: Queryable): Promise<void> {
  for (const name of await tableNames(database)) {
    const { rows } = await database.query<{ column: string; type: string; required: boolean }>(
      `SELECT attname::text AS column, typname::text AS type, attnotnull AS required
         FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
      [name],
    );
    for (const [n, columns] of [rows, rows.filter(({ required }) => required)].entries()) {
      const values = columns.map(({ column, type }) => {
        const value = VALUES[type];
        if (value === undefined) throw new Error(`no value for ${name}.${column} of type ${type}`);
        return column === 'bucket' ? `${BUCKET}` : value(n);
      });
      const list = columns.map(({ column }) => escapeIdentifier(column)).join(', ');
      await database.query(`INSERT INTO ${name} (${list}) VALUES (${values.join(', ')})`);
    }
  }
}

/** Per table `rows checksum`, whatever the order of the rows. */
export async function checksums(database: Queryable): Promise<Record<string, string>> {
  const sums: Record<string, string> = {};
  for (const name of await tableNames(database)) {
    const { rows } = await database.query<{ sum: string }>(
      `SELECT count(*) || ' ' || md5(coalesce(string_agg(md5(x::text), '' ORDER BY md5(x::text)), '')) AS sum FROM ${name} x`,
    );
    sums[name] = rows[0]!.sum;
  }
  return sums;
}

async function tableNames(database: Queryable): Promise<string[]> {
  return (await database.query<{ name: string }>(TABLES)).rows.map(({ name }) => name);
}
