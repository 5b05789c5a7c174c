import { Injectable } from '@nestjs/common';
import { type ExperimentRef } from '../../domain/experiment.js';
import { type Filter } from '../../domain/filter.js';
import { type JsonText } from '../../domain/json.js';
import { type Level } from '../../domain/observation.js';
import { type Project } from '../../domain/project.js';
import { type Score } from '../../domain/score.js';
import { type Micros } from '../../domain/time.js';
import { micros, toNumber } from '../bulk-insert.js';
import { FilterColumns } from '../filter/filter-columns.js';
import { whereFilter } from '../filter/filter-sql.js';
import { ReadPool } from '../read-pool.js';
import { decodeCursor, encodeCursor, type TimeCursor } from '../sql/cursor.js';
import { timestampLiteral, Where } from '../sql/where.js';
import { type ScoreRow, SCORES_OF_RUNS_SQL, SCORES_OF_WORK_SQL, scoresByPosition } from './result-scores.js';

/** Which experiments or items of experiments a list shows. */
export interface ExperimentFilter {
  /** Inclusive, on the start of items. */
  readonly from?: Micros;
  /** Exclusive. */
  readonly to?: Micros;
  readonly conditions: Filter;
}

export interface ExperimentPage<T> {
  readonly items: T[];
  readonly nextCursor?: string;
}

export interface PageSize {
  readonly limit: number;
  readonly cursor?: string;
}

/** An experiment as its items, of the range that was asked for, tell of it. */
export interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly datasetId: string | null;
  /** Of the first item. */
  readonly startTime: Micros;
  /** Of the last one; its start while it runs. */
  readonly endTime: Micros;
  readonly itemCount: number;
  /** Of the observation of its latest item, a JSON object; among it what the SDK states of the experiment. */
  readonly metadata: JsonText | null;
}

/** The work for one item of an experiment: its topmost observation. */
export interface ExperimentItem {
  readonly id: string;
  readonly traceId: string;
  readonly ref: ExperimentRef;
  readonly startTime: Micros;
  readonly endTime: Micros | null;
  readonly level: Level | null;
  readonly environment: string | null;
  readonly input: JsonText | null;
  readonly output: JsonText | null;
  readonly metadata: JsonText | null;
}

const ID = "(o.experiment ->> 'id')";
const NAME = `coalesce(o.experiment ->> 'name', ${ID})`;
const DATASET_ID = "(o.experiment ->> 'datasetId')";
const ITEM_ID = "coalesce(o.experiment ->> 'itemId', o.id)";

/** What a filter of experiments can speak of (Langfuse API); the values are those of `o`, a row of `observations`. */
const EXPERIMENT_FILTER = new FilterColumns([
  { name: 'id', kind: 'text', sql: ID },
  { name: 'name', kind: 'text', sql: NAME },
  { name: 'datasetId', kind: 'text', sql: DATASET_ID },
]);

/** The same of items of experiments. */
const EXPERIMENT_ITEM_FILTER = new FilterColumns([
  { name: 'experimentId', kind: 'text', sql: ID },
  { name: 'experimentName', kind: 'text', sql: NAME },
  { name: 'experimentItemId', kind: 'text', sql: ITEM_ID },
  { name: 'datasetId', kind: 'text', sql: DATASET_ID },
]);

/** Reads experiments from the observations that state one; an index has those alone, by start. */
@Injectable()
export class ExperimentReader {
  constructor(private readonly pool: ReadPool) {}

  /**
   * Experiments by the start of their latest item, newest first. Reads all items of the range.
   * @throws InvalidInput for a cursor that is none, or a filter that names no column.
   */
  async listExperiments(
    project: Project,
    filter: ExperimentFilter,
    page: PageSize,
  ): Promise<ExperimentPage<Experiment>> {
    const where = whereExperiment(project, filter, EXPERIMENT_FILTER);
    const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor);
    const having = after === undefined ? '' : `HAVING ${comesAfter(where, 'max(o.start_time)', ID, after)} `;
    type Row = Record<'started' | 'latest' | 'ended', string> & {
      id: string;
      name: string;
      dataset: string | null;
      items: number;
      metadata: JsonText | null;
    };
    const newest = (value: string): string => `(array_agg(${value} ORDER BY o.start_time DESC, o.id DESC))[1]`;
    const groups =
      `SELECT ${ID} AS id, min(o.start_time) AS started, max(o.start_time) AS latest, ` +
      `max(coalesce(o.end_time, o.start_time)) AS ended, count(DISTINCT ${ITEM_ID})::int4 AS items, ` +
      `${newest(NAME)} AS name, ${newest(DATASET_ID)} AS dataset, ${newest('o.trace_id')} AS trace, ` +
      `${newest('o.id')} AS observation, ${newest('o.bucket')} AS bucket ` +
      `FROM observations o WHERE ${where.sql} GROUP BY 1 ${having}ORDER BY latest DESC, ${ID} COLLATE "C" DESC LIMIT ${page.limit + 1}`;
    const metadata =
      '(SELECT p.metadata FROM observation_payloads p WHERE p.project_no = $1 AND p.trace_id = g.trace ' +
      'AND p.id = g.observation AND p.bucket = g.bucket)';
    const rows = await this.pool.query<Row>(
      `SELECT g.id, g.name, g.dataset, g.items, ${micros('g.started')} AS started, ${micros('g.latest')} AS latest, ` +
        `${micros('g.ended')} AS ended, ${metadata} AS metadata FROM (${groups}) g ORDER BY g.latest DESC, g.id COLLATE "C" DESC`,
      where.parameters,
    );
    return cut(
      rows,
      page.limit,
      (row) => ({ micros: Number(row.latest), id: row.id }),
      (row) => ({
        id: row.id,
        name: row.name,
        datasetId: row.dataset,
        startTime: Number(row.started),
        endTime: Number(row.ended),
        itemCount: row.items,
        metadata: row.metadata,
      }),
    );
  }

  /**
   * Items of experiments by their start, newest first.
   * @throws InvalidInput for a cursor that is none, or a filter that names no column.
   */
  async listItems(
    project: Project,
    filter: ExperimentFilter,
    page: PageSize,
    withPayload: boolean,
  ): Promise<ExperimentPage<ExperimentItem>> {
    const where = whereExperiment(project, filter, EXPERIMENT_ITEM_FILTER);
    const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor);
    if (after !== undefined) where.and(comesAfter(where, 'o.start_time', keyOf('o'), after));
    type Row = Record<'id' | 'trace_id' | 'started', string> &
      Record<'ended' | 'environment' | 'input' | 'output' | 'metadata', string | null> & {
        key: string;
        experiment: ExperimentRef;
        level: Level | null;
      };
    const keys =
      'SELECT o.id, o.trace_id, o.bucket, o.experiment, o.start_time, o.end_time, o.level, o.environment ' +
      `FROM observations o WHERE ${where.sql} ORDER BY o.start_time DESC, ${keyOf('o')} DESC LIMIT ${page.limit + 1}`;
    const payload = withPayload
      ? 'LEFT JOIN LATERAL (SELECT p.* FROM observation_payloads p WHERE p.project_no = $1 AND p.trace_id = k.trace_id ' +
        'AND p.id = k.id AND p.bucket = k.bucket LIMIT 1) p ON true'
      : 'CROSS JOIN (SELECT NULL::text AS input, NULL::text AS output, NULL::text AS metadata) p';
    const rows = await this.pool.query<Row>(
      `SELECT k.id, k.trace_id, k.experiment, ${micros('k.start_time')} AS started, ${micros('k.end_time')} AS ended, ` +
        `k.level, k.environment, ${keyOf('k')} AS key, p.input, p.output, p.metadata FROM (${keys}) k ${payload} ` +
        `ORDER BY k.start_time DESC, ${keyOf('k')} DESC`,
      where.parameters,
    );
    return cut(
      rows,
      page.limit,
      (row) => ({ micros: Number(row.started), id: row.key }),
      (row) => ({
        id: row.id,
        traceId: row.trace_id,
        ref: row.experiment,
        startTime: Number(row.started),
        endTime: toNumber(row.ended),
        level: row.level,
        environment: row.environment,
        input: row.input,
        output: row.output,
        metadata: row.metadata,
      }),
    );
  }

  /** The newest scores of each experiment as a whole, at their positions. */
  async scoresOfExperiments(project: Project, experiments: readonly Experiment[], limit: number): Promise<Score[][]> {
    if (experiments.length === 0) return [];
    const parameters = [project.no, experiments.map(({ id }) => id), limit];
    const rows = await this.pool.query<ScoreRow & { n: number }>(SCORES_OF_RUNS_SQL, parameters);
    return scoresByPosition(rows, experiments.length);
  }

  /** The newest scores of each item and its trace, at their positions. */
  async scoresOfItems(project: Project, items: readonly ExperimentItem[], limit: number): Promise<Score[][]> {
    if (items.length === 0) return [];
    const traces = items.map(({ traceId }) => traceId);
    const parameters = [project.no, traces, items.map(({ id }) => id), limit];
    const rows = await this.pool.query<ScoreRow & { n: number }>(SCORES_OF_WORK_SQL, parameters);
    return scoresByPosition(rows, items.length);
  }
}

/** Orders items that began in the same microsecond; short, so that it fits a cursor whatever the ids are. */
function keyOf(alias: string): string {
  return `md5(${alias}.trace_id || ' ' || ${alias}.id) COLLATE "C"`;
}

function whereExperiment(project: Project, filter: ExperimentFilter, columns: FilterColumns): Where {
  const where = new Where();
  // $1 in the statements above.
  where
    .and(`o.project_no = ${where.bind(project.no, 'int4')}`)
    .and('o.experiment IS NOT NULL AND o.start_time IS NOT NULL');
  if (filter.from !== undefined)
    where.and(`o.start_time >= ${where.bind(timestampLiteral(filter.from), 'timestamptz')}`);
  if (filter.to !== undefined) where.and(`o.start_time < ${where.bind(timestampLiteral(filter.to), 'timestamptz')}`);
  whereFilter(where, columns.resolve(filter.conditions));
  return where;
}

function comesAfter(where: Where, time: string, id: string, after: TimeCursor): string {
  const at = where.bind(timestampLiteral(after.micros), 'timestamptz');
  return `(${time}, (${id}) COLLATE "C") < (${at}, ${where.bind(after.id, 'text')} COLLATE "C")`;
}

/** Of `rows`, one more than a page, the page, and where the next one begins. */
function cut<Row, T>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => TimeCursor,
  decode: (row: Row) => T,
): ExperimentPage<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items: items.map(decode), ...(hasMore ? { nextCursor: encodeCursor(cursorOf(last)) } : {}) };
}
