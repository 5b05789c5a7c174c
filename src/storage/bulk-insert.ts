import { type ClientBase } from 'pg';
import { encodeArray } from './binary-array.js';
import { type CopyColumn } from './copy-writer.js';
import { StatementBatch } from './statement-batch.js';

/** One column of a bulk insert. */
export interface Column<Row> extends CopyColumn<Row> {
  /** SQL that makes the column's value of the array element `x.<name>`; default: the element itself. */
  readonly expression?: string;
}

/**
 * Any number of rows into one table: by one INSERT with one array parameter per column, so that neither PostgreSQL's
 * limit of 65,535 parameters nor a new plan per row count comes up, or by COPY. Rows must have distinct keys (PostgreSQL
 * refuses to update a row twice, 21000) and come sorted by key where other writers may insert the same ones.
 */
export class BulkInsert<Row> {
  readonly text: string;
  private readonly copyText: string;

  constructor(
    private readonly table: string,
    private readonly columns: readonly Column<Row>[],
    /** What follows `ON CONFLICT`; the table's own row is `t`, the new one `excluded`. */
    onConflict: string,
  ) {
    const names = columns.map((column) => column.name);
    const expressions = columns.map((column) => column.expression ?? `x.${column.name}`);
    const elements = columns.map((column, i) => `unnest($${i + 1}::${column.type}[]) AS ${column.name}`);
    // Unnesting in the select list walks all arrays in step; in FROM it would first copy every row into a tuple store.
    this.text =
      `INSERT INTO ${table} AS t (${names.join(', ')}) SELECT ${expressions.join(', ')} ` +
      `FROM (SELECT ${elements.join(', ')}) AS x ON CONFLICT ${onConflict}`;
    this.copyText = `COPY ${table} (${names.join(', ')}) FROM STDIN (FORMAT binary)`;
  }

  /**
   * Copies in rows whose keys the table does not have, which costs PostgreSQL half of the INSERT: no look-up of the key
   * before, and a page at a time in the log. A key that is there is an error (23505). Not for columns with an `expression`.
   * @throws EncodeError when some of `rows` may have been sent.
   */
  addNewTo(batch: StatementBatch, rows: readonly Row[]): void {
    if (rows.length === 0) return;
    batch.copy({ name: `copy ${this.table}`, text: this.copyText }, (writer) =>
      writer.writeRows(this.table, this.columns, rows),
    );
  }

  /**
   * Inserts rows, or does with those that are stored what ON CONFLICT says.
   * @throws EncodeError before anything of `rows` is sent.
   */
  addTo(batch: StatementBatch, rows: readonly Row[]): void {
    if (rows.length === 0) return;
    const values = this.columns.map((column) =>
      encodeArray(`${this.table}.${column.name}`, column.type, rows.map(column.value)),
    );
    batch.add({ name: `insert ${this.table}`, text: this.text, values });
  }

  async runNew(client: ClientBase, rows: readonly Row[]): Promise<void> {
    await StatementBatch.run(client, (batch) => this.addNewTo(batch, rows));
  }

  async run(client: ClientBase, rows: readonly Row[]): Promise<void> {
    await StatementBatch.run(client, (batch) => this.addTo(batch, rows));
  }
}

/** `a = excluded.a, b = excluded.b, …` for every column but the key's. */
export function replaceColumns<Row>(columns: readonly Column<Row>[], keep: readonly string[]): string {
  return columns
    .filter((column) => !keep.includes(column.name))
    .map((column) => `${column.name} = excluded.${column.name}`)
    .join(', ');
}

/**
 * SQL of a timestamptz as whole microseconds since the Unix epoch. In doubles, which name every microsecond until the year
 * 2255 and cost a third of the numeric that `extract` gives.
 */
export function micros(expression: string): string {
  return `round(date_part('epoch', ${expression}) * 1000000)::int8`;
}

/** An int8 as `pg` gives it, which is text; null stays null. */
export function toNumber(value: string | null): number | null {
  return value === null ? null : Number(value);
}
