import { type ClientBase } from 'pg';
import { type ElementType, encodeArray } from './binary-array.js';
import { runBinary } from './binary-query.js';

/** One column of a bulk insert. */
export interface Column<Row> {
  readonly name: string;
  readonly type: ElementType;
  readonly value: (row: Row) => unknown;
  /** SQL that makes the column's value of the array element `x.<name>`; default: the element itself. */
  readonly expression?: string;
}

/**
 * One INSERT of any number of rows with one array parameter per column, so that neither PostgreSQL's limit of 65,535
 * parameters nor a new plan per row count comes up. Rows must have distinct keys (PostgreSQL refuses to update a row
 * twice, 21000) and come sorted by key where other writers may insert the same ones.
 */
export class BulkInsert<Row> {
  readonly text: string;
  /** Of the prepared statement. */
  private readonly name: string;

  constructor(
    private readonly table: string,
    private readonly columns: readonly Column<Row>[],
    /** What follows `ON CONFLICT`; the table's own row is `t`, the new one `excluded`. Absent: a known key is an error. */
    onConflict?: string,
  ) {
    const names = columns.map((column) => column.name);
    const expressions = columns.map((column) => column.expression ?? `x.${column.name}`);
    const elements = columns.map((column, i) => `unnest($${i + 1}::${column.type}[]) AS ${column.name}`);
    // Unnesting in the select list walks all arrays in step; in FROM it would first copy every row into a tuple store.
    this.text =
      `INSERT INTO ${table} AS t (${names.join(', ')}) SELECT ${expressions.join(', ')} ` +
      `FROM (SELECT ${elements.join(', ')}) AS x${onConflict === undefined ? '' : ` ON CONFLICT ${onConflict}`}`;
    this.name = `insert ${onConflict === undefined ? 'new ' : ''}${table}`;
  }

  async run(client: ClientBase, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const values = this.columns.map((column) =>
      encodeArray(`${this.table}.${column.name}`, column.type, rows.map(column.value)),
    );
    await runBinary(client, { name: this.name, text: this.text, values });
  }
}

/** `a = excluded.a, b = excluded.b, …` for every column but the key's. */
export function replaceColumns<Row>(columns: readonly Column<Row>[], keep: readonly string[]): string {
  return columns
    .filter((column) => !keep.includes(column.name))
    .map((column) => `${column.name} = excluded.${column.name}`)
    .join(', ');
}

/** SQL of a timestamptz as whole microseconds since the Unix epoch. */
export function micros(expression: string): string {
  return `(extract(epoch FROM ${expression}) * 1000000)::int8`;
}

/** An int8 as `pg` gives it, which is text; null stays null. */
export function toNumber(value: string | null): number | null {
  return value === null ? null : Number(value);
}
