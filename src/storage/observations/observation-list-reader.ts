import { Injectable, Optional } from '@nestjs/common';
import {
  type ListedObservation,
  type ObservationListFilter,
  type ObservationParts,
  type TraceFacts,
} from '../../domain/observation-list.js';
import { MAX_EXACT_COUNT, type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { type ColumnCondition, type FilterColumns, overridden } from '../filter/filter-columns.js';
import { whereFilter } from '../filter/filter-sql.js';
import { OBSERVATION_FILTER, OBSERVATION_V2_FILTER } from '../filter/observation-filter.js';
import { SnapshotReader } from '../pricing/snapshot-reader.js';
import { PromptReader } from '../prompts/prompt-reader.js';
import { ReadPool } from '../read-pool.js';
import { CappedCounter } from '../sql/capped-count.js';
import { decodeObservation, type ObservationColumns } from '../sql/observation-columns.js';
import { Where } from '../sql/where.js';
import { decodeObservationCursor, encodeObservationCursor, type ObservationCursor } from './observation-cursor.js';
import {
  observationKeysSql,
  observationRowsSql,
  OBSERVATIONS_BY_KEY_SQL,
  type ObservationWhere,
  payloadsByKeySql,
  TRACE_FACTS_SQL,
  whereAfterObservation,
} from './observation-list-sql.js';

/** A part of the list that follows a cursor. */
export interface ObservationSlice {
  readonly items: ListedObservation[];
  /** Where the next slice starts; absent when nothing follows. */
  readonly nextCursor?: string;
}

interface Key {
  trace_id: string;
  id: string;
  bucket: number;
  at: string;
}

interface TraceRow {
  trace_id: string;
  name: string | null;
  user_id: string | null;
  session_id: string | null;
  release: string | null;
  tags: string[];
  public: boolean | null;
  bookmarked: boolean | null;
}

/**
 * Lists observations, newest start first (arrival where no start is known), ties by trace and id. The keys of a page are
 * found first; rows, payloads and traces are looked up for them alone. The statements of one call are not one snapshot.
 */
@Injectable()
export class ObservationListReader {
  private readonly counter: CappedCounter;

  constructor(
    private readonly pool: ReadPool,
    private readonly snapshots: SnapshotReader,
    private readonly prompts: PromptReader,
    /** Counts are exact up to here. */
    @Optional() cap: number = MAX_EXACT_COUNT,
  ) {
    this.counter = new CappedCounter(pool, cap);
  }

  /**
   * One page with its count. A page by number costs what it skips, one by cursor does not.
   * @throws InvalidInput for a cursor that is none, or a condition on what observations do not have.
   */
  async findPage(
    project: Project,
    filter: ObservationListFilter,
    page: PageRequest,
    parts: ObservationParts,
  ): Promise<Page<ListedObservation>> {
    const counted = whereObservations(project, OBSERVATION_FILTER, filter);
    const after = page.cursor === undefined ? undefined : decodeObservationCursor(page.cursor);
    const offset = after === undefined ? (page.page - 1) * page.limit : 0;
    const [found, count] = await Promise.all([
      this.findKeys(counted, after, page.limit, offset),
      this.counter.countRows(observationRowsSql(counted), counted.where),
    ]);
    const seen = found.keys.length === 0 ? 0 : offset + found.keys.length + (found.nextCursor === undefined ? 0 : 1);
    return {
      items: await this.complete(project, found.keys, parts),
      totalItems: count.isTotalCapped ? count.totalItems : Math.max(count.totalItems, seen),
      isTotalCapped: count.isTotalCapped,
      hasMore: found.nextCursor !== undefined,
      ...(found.nextCursor === undefined ? {} : { nextCursor: found.nextCursor }),
    };
  }

  /**
   * What follows `cursor`, up to `limit` observations, without a count: every slice costs the same.
   * @throws InvalidInput as `findPage`.
   */
  async findSlice(
    project: Project,
    filter: ObservationListFilter,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
    parts: ObservationParts,
  ): Promise<ObservationSlice> {
    const shown = whereObservations(project, OBSERVATION_V2_FILTER, filter);
    const after = cursor === undefined ? undefined : decodeObservationCursor(cursor);
    if (limit === 0) return { items: [] };
    const { keys, nextCursor } = await this.findKeys(shown, after, limit, 0);
    const items = await this.complete(project, keys, parts);
    return { items, ...(nextCursor === undefined ? {} : { nextCursor }) };
  }

  private async findKeys(
    counted: ObservationWhere,
    after: ObservationCursor | undefined,
    limit: number,
    offset: number,
  ): Promise<{ keys: Key[]; nextCursor: string | undefined }> {
    const where = counted.where.copy();
    if (after !== undefined) whereAfterObservation(where, after);
    // One more than the page, which tells whether more follow.
    const sql = observationKeysSql({ ...counted, where }, { limit: limit + 1, offset });
    const rows = await this.pool.query<Key>(sql, where.parameters);
    const keys = rows.slice(0, limit);
    const last = rows.length > limit ? keys.at(-1) : undefined;
    const nextCursor = last && encodeObservationCursor({ at: Number(last.at), traceId: last.trace_id, id: last.id });
    return { keys, nextCursor };
  }

  /** The observations of `keys` in their order; one that was deleted in between is left out. */
  private async complete(
    project: Project,
    keys: readonly Key[],
    parts: ObservationParts,
  ): Promise<ListedObservation[]> {
    if (keys.length === 0) return [];
    const buckets = [...new Set(keys.map(({ bucket }) => bucket))];
    const [rows, payloads, traces] = await Promise.all([
      this.pool.query<ObservationColumns & { n: number }>(OBSERVATIONS_BY_KEY_SQL, [
        project.no,
        keys.map((key) => key.trace_id),
        keys.map((key) => key.id),
        keys.map((key) => key.bucket),
        buckets,
      ]),
      parts.io || parts.metadata ? this.payloads(project, keys, buckets, parts) : undefined,
      parts.trace ? this.traces(project, keys) : undefined,
    ]);
    const items: ListedObservation[] = [];
    for (const row of rows.sort((a, b) => a.n - b.n)) {
      const { trace_id: traceId } = keys[row.n - 1]!;
      const observation = decodeObservation(traceId, row);
      const [input = null, output = null, metadata = null] = payloads?.get(row.n - 1) ?? [];
      Object.assign(observation, { input, output, metadata });
      items.push({ observation, trace: traces?.get(traceId) ?? null });
    }
    const observations = items.map(({ observation }) => observation);
    await Promise.all([
      this.snapshots.addTo(observations),
      parts.prompt ? this.prompts.linkPrompts(project, observations) : undefined,
    ]);
    return items;
  }

  private async payloads(
    project: Project,
    keys: readonly Key[],
    buckets: readonly number[],
    parts: ObservationParts,
  ): Promise<ReadonlyMap<number, (Buffer | null)[]>> {
    const wanted = JSON.stringify(keys.map((key, n) => ({ n, t: key.trace_id, i: key.id, b: key.bucket })));
    const params = [project.no, wanted, `{${buckets.join(',')}}`];
    const rows = await this.pool.queryBytes<[Buffer, ...(Buffer | null)[]]>(payloadsByKeySql(parts), params);
    return new Map(rows.map(([n, ...payload]) => [n.readInt32BE(0), payload]));
  }

  private async traces(project: Project, keys: readonly Key[]): Promise<ReadonlyMap<string, TraceFacts>> {
    const ids = [...new Set(keys.map((key) => key.trace_id))];
    const rows = await this.pool.query<TraceRow>(TRACE_FACTS_SQL, [project.no, ids]);
    return new Map(rows.map((row) => [row.trace_id, decodeFacts(row)]));
  }
}

function decodeFacts(row: TraceRow): TraceFacts {
  return {
    name: row.name,
    userId: row.user_id,
    sessionId: row.session_id,
    release: row.release,
    tags: row.tags,
    public: row.public ?? false,
    bookmarked: row.bookmarked ?? false,
  };
}

function whereObservations(
  project: Project,
  columns: FilterColumns,
  { plain, conditions }: ObservationListFilter,
): ObservationWhere {
  const wanted = overridden(columns.resolve(plain), columns.resolve(conditions));
  const where = new Where();
  const projectNo = where.bind(project.no, 'int4');
  // The second is true for every row, and the predicate of the index by name.
  where.and(`o.project_no = ${projectNo}`).and("o.id > ''");
  const traceId = theOneTrace(wanted);
  if (traceId !== undefined) {
    // Everything of a trace lies in one partition.
    const ofTrace = `t.project_no = ${projectNo} AND t.trace_id = ${where.bind(traceId, 'text')}`;
    where.and(`o.bucket = (SELECT t.bucket FROM traces t WHERE ${ofTrace})`);
  }
  whereFilter(where, wanted);
  return {
    where,
    joinsTrace: wanted.some(({ column }) => column.of === 'trace'),
    isByTime: wanted.some(({ column }) => column.name === 'startTime'),
  };
}

/** The trace that all observations must be of, where conditions name one. */
function theOneTrace(conditions: readonly ColumnCondition[]): string | undefined {
  for (const { column, condition } of conditions) {
    if (column.name !== 'traceId') continue;
    if (condition.type === 'string' && condition.operator === '=') return condition.value;
    if (condition.type === 'stringOptions' && condition.operator === 'any of' && condition.value.length === 1)
      return condition.value[0];
  }
  return undefined;
}
