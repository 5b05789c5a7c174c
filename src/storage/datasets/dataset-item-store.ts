import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Dataset, type DatasetItem, type DatasetItemContent, ITEM_STATUSES } from '../../domain/dataset.js';
import { NotFound, Unavailable } from '../../domain/errors.js';
import { isStorableText } from '../../domain/json.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { type Micros } from '../../domain/time.js';
import { ReadPool } from '../read-pool.js';
import { CappedCounter } from '../sql/capped-count.js';
import { pageOf, windowOf } from '../sql/paging.js';
import { timestampLiteral, Where, whereAfter } from '../sql/where.js';
import { cursorOf, ITEM_COLUMNS, NOW, type RowOf, toItem } from './dataset-rows.js';

/** How often a write is tried again that others were faster than; each time at least one of them has got through. */
const MAX_TRIES = 20;

/** What a client says of an item; `undefined` keeps what is stored, `null` empties it. */
export interface DatasetItemPatch extends Partial<DatasetItemContent> {
  /** Made when absent. */
  readonly id?: string;
}

/** Which items a list shows; only active ones. */
export interface DatasetItemFilter {
  readonly datasetId?: string;
  readonly sourceTraceId?: string;
  readonly sourceObservationId?: string;
  /** As they were at this time; default: at present. */
  readonly version?: Micros;
}

const CONTENT: readonly (keyof DatasetItemContent)[] = [
  'status',
  'input',
  'expectedOutput',
  'metadata',
  'sourceTraceId',
  'sourceObservationId',
];
const CONTENT_COLUMNS = 'status, input, expected_output, metadata, source_trace_id, source_observation_id';
const NOTHING: DatasetItemContent = {
  status: ITEM_STATUSES[0],
  input: null,
  expectedOutput: null,
  metadata: null,
  sourceTraceId: null,
  sourceObservationId: null,
};
const FROM = 'FROM dataset_items i JOIN datasets d ON d.project_no = i.project_no AND d.id = i.dataset_id';
const PRESENT = "i.valid_to = 'infinity'";

/**
 * Ends the version that was found ($12; none when null) and begins the next, unless another writer was faster: then no
 * row comes back. Times of one item always grow, also when the clock is set back.
 */
const WRITE_VERSION =
  `WITH clock AS MATERIALIZED (SELECT greatest(${NOW}, $12::timestamptz + interval '1 millisecond', ` +
  "(SELECT max(valid_to) FROM dataset_items WHERE project_no = $1::int4 AND id = $2 AND valid_to < 'infinity')) AS at), " +
  'ended AS (UPDATE dataset_items i SET valid_to = clock.at FROM clock ' +
  `WHERE i.project_no = $1::int4 AND i.id = $2 AND i.valid_from = $12::timestamptz AND ${PRESENT} RETURNING i.created_at), ` +
  `i AS (INSERT INTO dataset_items (project_no, id, valid_from, valid_to, dataset_id, created_at, ${CONTENT_COLUMNS}) ` +
  "SELECT $1::int4, $2, clock.at, 'infinity', $3, coalesce((SELECT created_at FROM ended), clock.at), $4, $5, $6, $7, $8, $9 " +
  'FROM clock WHERE $12::timestamptz IS NULL OR EXISTS (SELECT FROM ended) ' +
  `ON CONFLICT DO NOTHING RETURNING *) SELECT ${ITEM_COLUMNS} FROM i, (SELECT $10::text AS name, $11::text AS id) d`;

/** The items of datasets, every version of them. */
@Injectable()
export class DatasetItemStore {
  private readonly counter: CappedCounter;

  constructor(private readonly pool: ReadPool) {
    this.counter = new CappedCounter(pool);
  }

  /**
   * Writes the next version of an item, or its first. Saying again what is stored changes nothing.
   * @param check looks at what would be stored and throws to refuse it
   * @throws NotFound when the id is that of an item of another dataset.
   */
  async put(
    project: Project,
    dataset: Dataset,
    patch: DatasetItemPatch,
    check: (content: DatasetItemContent) => Promise<void>,
  ): Promise<DatasetItem> {
    const id = patch.id ?? randomUUID();
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const stored = patch.id === undefined ? undefined : await this.find(project, id);
      if (stored !== undefined && stored.datasetId !== dataset.id) {
        throw new NotFound(`Dataset item ${id} not found in dataset ${dataset.name}: it belongs to another one`);
      }
      const content = applyPatch(stored ?? NOTHING, patch);
      if (stored !== undefined && CONTENT.every((field) => content[field] === stored[field])) return stored;
      await check(content);
      const written = await this.write(project, dataset, id, content, stored?.validFrom);
      if (written !== undefined) return written;
    }
    throw new Unavailable('too many writers change this dataset item at once');
  }

  /**
   * The present version of an item, archived or not, or the one that was valid at `version`.
   * @throws NotFound unless the project has it.
   */
  async get(project: Project, id: string, version?: Micros): Promise<DatasetItem> {
    const item = isStorableText(id) ? await this.find(project, id, version) : undefined;
    if (item === undefined) throw new NotFound('Dataset item not found');
    return item;
  }

  /** Active items, the newest first by when they were made. */
  async list(project: Project, filter: DatasetItemFilter, page: PageRequest): Promise<Page<DatasetItem>> {
    const window = windowOf(page);
    const where = new Where();
    where.and(`i.project_no = ${where.bind(project.no, 'int4')}`).and("i.status = 'ACTIVE'");
    const equals = (column: string, value: string | undefined): void => {
      if (value !== undefined) where.and(`${column} = ${where.bind(value, 'text')}`);
    };
    equals('i.dataset_id', filter.datasetId);
    equals('i.source_trace_id', filter.sourceTraceId);
    equals('i.source_observation_id', filter.sourceObservationId);
    if (filter.version === undefined) where.and(PRESENT);
    else {
      const at = where.bind(timestampLiteral(filter.version), 'timestamptz');
      where.and(`i.valid_from <= ${at} AND i.valid_to > ${at}`);
    }
    const shown = where.copy();
    if (window.after !== undefined) whereAfter(shown, { time: 'i.created_at', id: 'i.id' }, window.after, 'desc');
    const [rows, count] = await Promise.all([
      this.pool.query<RowOf<DatasetItem>>(
        `SELECT ${ITEM_COLUMNS} ${FROM} WHERE ${shown.sql} ORDER BY i.created_at DESC, i.id DESC ` +
          `LIMIT ${window.limit} OFFSET ${window.offset}`,
        shown.parameters,
      ),
      this.counter.count('dataset_items i', where),
    ]);
    const cut = pageOf(rows, window, count, cursorOf);
    return { ...cut, items: cut.items.map(toItem) };
  }

  /** Ids of the present active items of datasets, by dataset, newest first. */
  async listIds(project: Project, datasetIds: readonly string[]): Promise<ReadonlyMap<string, string[]>> {
    const rows = await this.pool.query<{ dataset: string; ids: string[] }>(
      'SELECT dataset_id AS dataset, array_agg(id ORDER BY created_at DESC, id DESC) AS ids FROM dataset_items i ' +
        `WHERE project_no = $1 AND dataset_id = ANY($2::text[]) AND status = 'ACTIVE' AND ${PRESENT} GROUP BY 1`,
      [project.no, datasetIds],
    );
    return new Map(rows.map(({ dataset, ids }) => [dataset, ids]));
  }

  /**
   * Ends an item: it is in no list from now on, and still in the versions before. With `isErased` no version is left.
   * @throws NotFound unless the project has it.
   */
  async delete(project: Project, id: string, isErased: boolean): Promise<void> {
    const rows = isStorableText(id) ? await this.pool.query(isErased ? ERASE : END, [project.no, id]) : [];
    if (rows.length === 0) throw new NotFound('Dataset item not found');
  }

  private async find(project: Project, id: string, version?: Micros): Promise<DatasetItem | undefined> {
    const at = version === undefined ? [] : [timestampLiteral(version)];
    const isValid =
      version === undefined ? PRESENT : 'i.valid_from <= $3::timestamptz AND i.valid_to > $3::timestamptz';
    const rows = await this.pool.query<RowOf<DatasetItem>>(
      `SELECT ${ITEM_COLUMNS} ${FROM} WHERE i.project_no = $1 AND i.id = $2 AND ${isValid}`,
      [project.no, id, ...at],
    );
    return rows[0] === undefined ? undefined : toItem(rows[0]);
  }

  private async write(
    project: Project,
    dataset: Dataset,
    id: string,
    content: DatasetItemContent,
    stored: Micros | undefined,
  ): Promise<DatasetItem | undefined> {
    const rows = await this.pool.query<RowOf<DatasetItem>>(WRITE_VERSION, [
      ...[project.no, id, dataset.id],
      ...CONTENT.map((field) => content[field]),
      ...[dataset.name, dataset.id, stored === undefined ? null : timestampLiteral(stored)],
    ]);
    return rows[0] === undefined ? undefined : toItem(rows[0]);
  }
}

const END =
  `UPDATE dataset_items i SET valid_to = greatest(${NOW}, valid_from + interval '1 millisecond') ` +
  `WHERE project_no = $1 AND id = $2 AND ${PRESENT} RETURNING id`;
const ERASE =
  'WITH runs AS (DELETE FROM dataset_run_items WHERE project_no = $1 AND dataset_item_id = $2) ' +
  'DELETE FROM dataset_items WHERE project_no = $1 AND id = $2 RETURNING id';

function applyPatch(stored: DatasetItemContent, patch: DatasetItemPatch): DatasetItemContent {
  const content: Record<string, unknown> = {};
  for (const field of CONTENT) content[field] = patch[field] === undefined ? stored[field] : patch[field];
  return content as unknown as DatasetItemContent;
}
