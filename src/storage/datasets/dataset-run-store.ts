import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Dataset, type DatasetItem, type DatasetRun, type DatasetRunItem } from '../../domain/dataset.js';
import { NotFound } from '../../domain/errors.js';
import { isStorableText, type JsonText } from '../../domain/json.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { type Micros } from '../../domain/time.js';
import { ReadPool } from '../read-pool.js';
import { CappedCounter } from '../sql/capped-count.js';
import { pageOf, windowOf } from '../sql/paging.js';
import { timestampLiteral, Where } from '../sql/where.js';
import { NOW, RUN_COLUMNS, RUN_ITEM_COLUMNS, type RowOf, toRun, toRunItem } from './dataset-rows.js';

/** A run shows and sums up so many of its items; it may have more. */
export const MAX_RUN_ITEMS_SHOWN = 10_000;

/** A run as whoever comes first makes it. */
export interface NewRun {
  readonly name: string;
  readonly description: string | null;
  /** A JSON object. */
  readonly metadata: JsonText;
  /** Default: now. */
  readonly createdAt?: Micros;
}

const RUN_FROM = 'FROM dataset_runs r JOIN datasets d ON d.project_no = r.project_no AND d.id = r.dataset_id';
const RUN_ITEM_FROM = 'FROM dataset_run_items x JOIN dataset_runs r ON r.project_no = x.project_no AND r.id = x.run_id';

/** Runs over datasets: which item was tried in which run, and by which trace. */
@Injectable()
export class DatasetRunStore {
  private readonly counter: CappedCounter;

  constructor(private readonly pool: ReadPool) {
    this.counter = new CappedCounter(pool);
  }

  /** The run of this name, made if there is none; then, and only then, the rest of `run` counts. Two at once make one. */
  async ensure(project: Project, datasetId: string, run: NewRun): Promise<DatasetRun> {
    const found = await this.findIn(project, 'r.dataset_id', datasetId, run.name);
    if (found !== undefined) return found;
    await this.pool.query(
      'INSERT INTO dataset_runs (project_no, id, dataset_id, name, description, metadata, created_at, updated_at) ' +
        `SELECT $1, $2, $3, $4, $5, $6, t.at, t.at FROM (SELECT coalesce($7::timestamptz, ${NOW}) AS at) t ` +
        'ON CONFLICT (project_no, dataset_id, name) DO NOTHING',
      [project.no, randomUUID(), datasetId, run.name, run.description, run.metadata, literal(run.createdAt)],
    );
    const made = await this.findIn(project, 'r.dataset_id', datasetId, run.name);
    if (made === undefined) throw new NotFound('Dataset not found');
    return made;
  }

  /**
   * Notes that an item was tried in a run. Saying so again is the same run item; another trace of the same item is
   * another one.
   */
  async addItem(
    project: Project,
    run: DatasetRun,
    item: DatasetItem,
    tried: { readonly traceId: string; readonly observationId: string | null; readonly createdAt?: Micros },
  ): Promise<DatasetRunItem> {
    const { traceId, observationId, createdAt } = tried;
    const id = idOf(run.id, item.id, traceId, observationId);
    const rows = await this.pool.query<RowOf<DatasetRunItem>>(
      'WITH x AS (INSERT INTO dataset_run_items AS old (project_no, run_id, id, dataset_item_id, item_version, trace_id, ' +
        'observation_id, created_at, updated_at) ' +
        `SELECT $1::int4, $2, $3, $4, $5::timestamptz, $6, $7, t.at, t.at FROM (SELECT coalesce($8::timestamptz, ${NOW}) AS at) t ` +
        // Without a change, so that the row comes back.
        'ON CONFLICT (project_no, run_id, id) DO UPDATE SET trace_id = old.trace_id RETURNING *) ' +
        `SELECT ${RUN_ITEM_COLUMNS} FROM x, (SELECT $9::text AS name) r`,
      [
        ...[project.no, run.id, id, item.id, timestampLiteral(item.validFrom), traceId, observationId],
        ...[literal(createdAt), run.name],
      ],
    );
    return toRunItem(rows[0]!);
  }

  /** @throws NotFound unless the project has it. */
  async get(project: Project, datasetName: string, runName: string): Promise<DatasetRun> {
    const run = await this.findIn(project, 'd.name', datasetName, runName);
    if (run === undefined) throw new NotFound('Dataset run not found');
    return run;
  }

  /** @throws NotFound unless the project has it. */
  async getInDataset(project: Project, datasetId: string, runName: string): Promise<DatasetRun> {
    const run = await this.findIn(project, 'r.dataset_id', datasetId, runName);
    if (run === undefined) throw new NotFound('Dataset run not found');
    return run;
  }

  /** Newest first. */
  async list(project: Project, dataset: Dataset, page: PageRequest): Promise<Page<DatasetRun>> {
    const window = windowOf(page);
    const where = new Where();
    where
      .and(`r.project_no = ${where.bind(project.no, 'int4')}`)
      .and(`r.dataset_id = ${where.bind(dataset.id, 'text')}`);
    const [rows, count] = await Promise.all([
      this.pool.query<RowOf<DatasetRun>>(
        `SELECT ${RUN_COLUMNS} ${RUN_FROM} WHERE ${where.sql} ORDER BY r.created_at DESC, r.id DESC ` +
          `LIMIT ${window.limit} OFFSET ${window.offset}`,
        where.parameters,
      ),
      this.counter.count('dataset_runs r', where),
    ]);
    const cut = pageOf(rows, window, count, undefined);
    return { ...cut, items: cut.items.map(toRun) };
  }

  /** Names of the runs of datasets, by dataset, newest first. */
  async listNames(project: Project, datasetIds: readonly string[]): Promise<ReadonlyMap<string, string[]>> {
    const rows = await this.pool.query<{ dataset: string; names: string[] }>(
      'SELECT dataset_id AS dataset, array_agg(name ORDER BY created_at DESC, id DESC) AS names FROM dataset_runs ' +
        'WHERE project_no = $1 AND dataset_id = ANY($2::text[]) GROUP BY 1',
      [project.no, datasetIds],
    );
    return new Map(rows.map(({ dataset, names }) => [dataset, names]));
  }

  /** The items of a run, the newest first. */
  async listItems(project: Project, run: DatasetRun, page: PageRequest): Promise<Page<DatasetRunItem>> {
    const window = windowOf(page);
    const where = new Where();
    where.and(`x.project_no = ${where.bind(project.no, 'int4')}`).and(`x.run_id = ${where.bind(run.id, 'text')}`);
    const [rows, count] = await Promise.all([
      this.pool.query<RowOf<DatasetRunItem>>(
        `SELECT ${RUN_ITEM_COLUMNS} ${RUN_ITEM_FROM} WHERE ${where.sql} ORDER BY x.created_at DESC, x.id DESC ` +
          `LIMIT ${window.limit} OFFSET ${window.offset}`,
        where.parameters,
      ),
      this.counter.count('dataset_run_items x', where),
    ]);
    const cut = pageOf(rows, window, count, undefined);
    return { ...cut, items: cut.items.map(toRunItem) };
  }

  /**
   * Deletes a run with its items; traces and scores stay.
   * @throws NotFound unless the project has it.
   */
  async delete(project: Project, datasetName: string, runName: string): Promise<void> {
    const { id } = await this.get(project, datasetName, runName);
    await this.pool.query(
      'WITH items AS (DELETE FROM dataset_run_items WHERE project_no = $1 AND run_id = $2) ' +
        'DELETE FROM dataset_runs WHERE project_no = $1 AND id = $2',
      [project.no, id],
    );
  }

  private async findIn(
    project: Project,
    column: 'd.name' | 'r.dataset_id',
    dataset: string,
    name: string,
  ): Promise<DatasetRun | undefined> {
    if (!isStorableText(dataset) || !isStorableText(name)) return undefined;
    const rows = await this.pool.query<RowOf<DatasetRun>>(
      `SELECT ${RUN_COLUMNS} ${RUN_FROM} WHERE r.project_no = $1 AND ${column} = $2 AND r.name = $3`,
      [project.no, dataset, name],
    );
    return rows[0] === undefined ? undefined : toRun(rows[0]);
  }
}

function literal(time: Micros | undefined): string | null {
  return time === undefined ? null : timestampLiteral(Math.floor(time / 1000) * 1000);
}

/** Of what makes a run item one: lengths keep two different ones apart. */
function idOf(...parts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
