import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Dataset } from '../../domain/dataset.js';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { isStorableText } from '../../domain/json.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { ReadPool } from '../read-pool.js';
import { CappedCounter } from '../sql/capped-count.js';
import { pageOf, windowOf } from '../sql/paging.js';
import { Where } from '../sql/where.js';
import { DATASET_COLUMNS, NOW, type RowOf, toDataset } from './dataset-rows.js';

/** Their names are listed whole by the first version of the API. */
const MAX_DATASETS_PER_PROJECT = 10_000;

/** What a client says of a dataset; `undefined` keeps what is stored, `null` empties it. */
export interface DatasetPatch extends Partial<
  Pick<Dataset, 'description' | 'metadata' | 'inputSchema' | 'expectedOutputSchema'>
> {
  readonly name: string;
}

const COLUMN_OF = {
  description: 'description',
  metadata: 'metadata',
  inputSchema: 'input_schema',
  expectedOutputSchema: 'expected_output_schema',
} as const;
type Field = keyof typeof COLUMN_OF;

/** Datasets by name. Few and small: they need neither the queue nor the connections of the writers. */
@Injectable()
export class DatasetStore {
  private readonly counter: CappedCounter;

  constructor(private readonly pool: ReadPool) {
    this.counter = new CappedCounter(pool);
  }

  /**
   * Makes a dataset, or changes the one of this name. Safe to repeat; two at once make one.
   * @throws InvalidInput when the project has too many.
   */
  async put(project: Project, patch: DatasetPatch): Promise<Dataset> {
    const fields = Object.keys(COLUMN_OF) as Field[];
    const columns = fields.map((field) => COLUMN_OF[field]);
    const changes = fields
      .filter((field) => patch[field] !== undefined)
      .map((field) => `${COLUMN_OF[field]} = excluded.${COLUMN_OF[field]}, `);
    const rows = await this.pool.query<RowOf<Dataset>>(
      `INSERT INTO datasets AS d (project_no, id, name, ${columns.join(', ')}, created_at, updated_at) ` +
        `SELECT $1::int4, $2, $3, $4, $5, $6, $7, ${NOW}, ${NOW} ` +
        'WHERE EXISTS (SELECT FROM datasets WHERE project_no = $1 AND name = $3) ' +
        `OR (SELECT count(*) FROM datasets WHERE project_no = $1) < ${MAX_DATASETS_PER_PROJECT} ` +
        'ON CONFLICT (project_no, name) DO UPDATE SET ' +
        `${changes.join('')}updated_at = greatest(excluded.updated_at, d.updated_at) RETURNING ${DATASET_COLUMNS}`,
      [project.no, randomUUID(), patch.name, ...fields.map((field) => patch[field] ?? null)],
    );
    if (rows[0] === undefined) {
      throw new InvalidInput(`a project has at most ${MAX_DATASETS_PER_PROJECT} datasets: delete one first`);
    }
    return toDataset(rows[0]);
  }

  /** @throws NotFound unless the project has it. */
  async get(project: Project, name: string): Promise<Dataset> {
    const dataset = await this.find(project, name);
    if (dataset === undefined) throw new NotFound('Dataset not found');
    return dataset;
  }

  async find(project: Project, name: string): Promise<Dataset | undefined> {
    if (!isStorableText(name)) return undefined;
    const rows = await this.pool.query<RowOf<Dataset>>(
      `SELECT ${DATASET_COLUMNS} FROM datasets d WHERE d.project_no = $1 AND d.name = $2`,
      [project.no, name],
    );
    return rows[0] === undefined ? undefined : toDataset(rows[0]);
  }

  /** Newest first. */
  async list(project: Project, page: PageRequest): Promise<Page<Dataset>> {
    const window = windowOf(page);
    const where = new Where();
    where.and(`d.project_no = ${where.bind(project.no, 'int4')}`);
    const [rows, count] = await Promise.all([
      this.pool.query<RowOf<Dataset>>(
        `SELECT ${DATASET_COLUMNS} FROM datasets d WHERE ${where.sql} ORDER BY d.created_at DESC, d.id DESC ` +
          `LIMIT ${window.limit} OFFSET ${window.offset}`,
        where.parameters,
      ),
      this.counter.count('datasets d', where),
    ]);
    const cut = pageOf(rows, window, count, undefined);
    return { ...cut, items: cut.items.map(toDataset) };
  }

  /**
   * Deletes a dataset with every version of its items and with its runs; traces and scores stay. What is written to it
   * in the same moment may be left, and nobody can reach it.
   * @throws NotFound unless the project has it.
   */
  async delete(project: Project, name: string): Promise<void> {
    const { id } = await this.get(project, name);
    const rows = await this.pool.query(
      'WITH gone AS (DELETE FROM datasets WHERE project_no = $1 AND id = $2 RETURNING id), ' +
        'items AS (DELETE FROM dataset_items WHERE project_no = $1 AND dataset_id = $2), ' +
        'runs AS (DELETE FROM dataset_runs WHERE project_no = $1 AND dataset_id = $2 RETURNING id), ' +
        'run_items AS (DELETE FROM dataset_run_items x USING runs WHERE x.project_no = $1 AND x.run_id = runs.id) ' +
        'SELECT id FROM gone',
      [project.no, id],
    );
    if (rows.length === 0) throw new NotFound('Dataset not found');
  }
}
