import { type Pool } from 'pg';
import { type DataSource } from 'typeorm';
import { parseConfig } from '../../src/config/config.js';
import { type Project } from '../../src/domain/project.js';
import { PartitionKeeper } from '../../src/storage/partitions.js';
import { bucketAt } from '../../src/storage/trace-writer.js';

/** Rows for readers' tests, written without the writer: what a reader shows must not depend on how it came in. */
export const PROJECT: Project = { no: 1, id: 'project-1' };
export const OTHER_PROJECT: Project = { no: 2, id: 'project-2' };

/** The fixtures' week, whose partitions `makePartitions` makes, and the one after. */
export const BUCKET = bucketAt(Date.now());

const TIME = '2026-01-31T09:30:00.000Z';
const NO_TOTALS = {
  observation_count: 0,
  generation_count: 0,
  error_count: 0,
  input_tokens: 0,
  output_tokens: 0,
  total_tokens: 0,
  cost_nano_usd: 0,
};

/** Columns by name; what is left out takes the default below or NULL. */
type Row = Readonly<Record<string, unknown>>;

const DEFAULTS = {
  traces: {
    project_no: PROJECT.no,
    bucket: BUCKET,
    ts: TIME,
    created_at: TIME,
    updated_at: TIME,
    tags: [],
    model_names: [],
    model_sums: [],
    strays: false,
    ...NO_TOTALS,
  },
  trace_payloads: { project_no: PROJECT.no, bucket: BUCKET },
  observations: { project_no: PROJECT.no, bucket: BUCKET, created_at: TIME, updated_at: TIME },
  observation_payloads: { project_no: PROJECT.no, bucket: BUCKET },
  sessions: { project_no: PROJECT.no, created_at: TIME, trace_count: 1, ...NO_TOTALS },
} satisfies Record<string, Row>;

/** Inserts rows into one table. Values are JSON; times are ISO text, payloads text. */
export async function insertRows(pool: Pool, table: keyof typeof DEFAULTS, rows: readonly Row[]): Promise<void> {
  const full = rows.map((row) => ({ ...DEFAULTS[table], ...row }));
  await pool.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [
    JSON.stringify(full),
  ]);
}

export async function makePartitions(dataSource: DataSource): Promise<void> {
  await new PartitionKeeper(dataSource, parseConfig({ NODE_ENV: 'test' })).ensure();
}

/** `n` as a time that grows with it, a second apart. */
export function second(n: number): string {
  return new Date(Date.parse(TIME) + n * 1000).toISOString();
}
