import { type Filter } from '../../domain/filter.js';
import { type ScoreDataType, type ScoreSource } from '../../domain/score.js';
import { type Micros } from '../../domain/time.js';
import { columnNames, type FilterColumn, FilterColumns } from '../filter/filter-columns.js';
import { conditionSql, whereFilter } from '../filter/filter-sql.js';
import { DEFAULT_ENVIRONMENT } from '../../domain/environment.js';
import { timestampLiteral, Where, whereEnvironment } from '../sql/where.js';

export const VALUE_OPERATORS = ['<', '>', '<=', '>=', '!=', '='] as const;
export type ValueOperator = (typeof VALUE_OPERATORS)[number];

/** Which scores a list shows; every condition must hold, an absent one always does. A list means any of its values. */
export interface ScoreFilter {
  readonly ids?: readonly string[] | undefined;
  readonly names?: readonly string[] | undefined;
  readonly sources?: readonly ScoreSource[] | undefined;
  readonly dataTypes?: readonly ScoreDataType[] | undefined;
  /** `default` includes scores that state none. */
  readonly environments?: readonly string[] | undefined;
  readonly configIds?: readonly string[] | undefined;
  readonly queueIds?: readonly string[] | undefined;
  readonly authorUserIds?: readonly string[] | undefined;
  readonly traceIds?: readonly string[] | undefined;
  readonly observationIds?: readonly string[] | undefined;
  readonly sessionIds?: readonly string[] | undefined;
  readonly datasetRunIds?: readonly string[] | undefined;
  /** Inclusive, on the score's timestamp. */
  readonly from?: Micros | undefined;
  /** Exclusive. */
  readonly before?: Micros | undefined;
  /** Scores without a number never match. */
  readonly value?: { readonly operator: ValueOperator; readonly value: number } | undefined;
  readonly minValue?: number | undefined;
  readonly maxValue?: number | undefined;
  readonly anyNumber?: readonly number[] | undefined;
  readonly anyText?: readonly string[] | undefined;
  /** Of the trace that is scored. */
  readonly userId?: string | undefined;
  /** The trace that is scored has all of them. */
  readonly traceTags?: readonly string[] | undefined;
  /** Those that the first version of the API knows: of traces and observations, and no corrections. */
  readonly isOfTrace?: boolean | undefined;
  /** Goes before the plain conditions above on the same columns. */
  readonly conditions?: Filter | undefined;
}

const ITS_TRACE = 'FROM traces t WHERE t.project_no = s.project_no AND t.trace_id = s.trace_id';

/**
 * A column of the trace that is scored. As a semi-join, which can begin with the traces that meet the condition; only what
 * a score without a trace meets too, that there is no value, has to look at every score.
 */
function ofTrace(name: string, aliases: readonly string[], kind: 'text' | 'texts', sql: string): FilterColumn {
  return {
    name,
    aliases,
    kind: 'own',
    types: kind === 'text' ? ['string', 'stringOptions', 'null'] : ['arrayOptions', 'stringOptions', 'null'],
    compile: (condition, where) => {
      const { type, value } = condition;
      const isMetByNothing = type === 'null' || value === '' || (Array.isArray(value) && value.includes(''));
      if (isMetByNothing || (kind === 'texts' && Array.isArray(value) && value.length === 0))
        return conditionSql(where, { condition, column: { name, kind, sql: `(SELECT ${sql} ${ITS_TRACE})` } });
      return `EXISTS (SELECT 1 ${ITS_TRACE} AND ${conditionSql(where, { condition, column: { name, kind, sql } })})`;
    },
  };
}

/** What a filter of scores can speak of; the values are those of `s`, a row of `scores`, and of its trace. */
const SCORE_FILTER = new FilterColumns([
  { name: 'id', aliases: ['ID', 'scoreId', 'Score ID'], kind: 'text', sql: 's.id' },
  { name: 'name', aliases: ['Name'], kind: 'text', sql: 's.name' },
  { name: 'timestamp', aliases: ['Timestamp'], kind: 'time', sql: 's.ts' },
  { name: 'source', aliases: ['Source'], kind: 'text', sql: 's.source' },
  { name: 'dataType', aliases: ['Data Type'], kind: 'text', sql: 's.data_type' },
  { name: 'value', aliases: ['Value'], kind: 'number', sql: 's.value' },
  { name: 'stringValue', aliases: ['String Value'], kind: 'text', sql: 's.string_value' },
  { name: 'comment', aliases: ['Comment'], kind: 'text', sql: 's.comment', isSearchable: true },
  { name: 'metadata', aliases: ['Metadata'], kind: 'object', sql: 's.metadata' },
  { name: 'environment', aliases: ['Environment'], kind: 'text', sql: 's.environment', absent: DEFAULT_ENVIRONMENT },
  { name: 'configId', aliases: ['Config ID'], kind: 'text', sql: 's.config_id' },
  { name: 'queueId', aliases: ['Queue ID'], kind: 'text', sql: 's.queue_id' },
  { name: 'authorUserId', aliases: ['Author User ID', 'Author'], kind: 'text', sql: 's.author_user_id' },
  { name: 'traceId', aliases: ['Trace ID'], kind: 'text', sql: 's.trace_id' },
  { name: 'observationId', aliases: ['Observation ID'], kind: 'text', sql: 's.observation_id' },
  { name: 'sessionId', aliases: ['Session ID'], kind: 'text', sql: 's.session_id' },
  { name: 'datasetRunId', aliases: ['Dataset Run ID'], kind: 'text', sql: 's.dataset_run_id' },
  ofTrace('userId', ['User ID'], 'text', 't.user_id'),
  ofTrace('traceName', ['Trace Name'], 'text', 't.name'),
  ofTrace('tags', ['Tags', 'traceTags', 'Trace Tags'], 'texts', 't.tags'),
]);

/**
 * Conditions on `s`, a row of `scores`.
 * @throws InvalidInput for a condition on a column that is not known.
 */
export function whereScores(projectNo: number, filter: ScoreFilter): Where {
  const where = new Where();
  // The time is true of every row, and the predicate of the indexes that serve lists.
  where.and(`s.project_no = ${where.bind(projectNo, 'int4')}`).and("s.ts > '-infinity'");
  const conditions = SCORE_FILTER.resolve(filter.conditions ?? []);
  const named = columnNames(conditions);
  const isPlain = (column: string) => !named.has(column);
  if (filter.isOfTrace === true) where.and("s.trace_id IS NOT NULL AND s.data_type <> 'CORRECTION'");
  for (const [column, sql, values] of [
    ['id', 's.id', filter.ids],
    ['name', 's.name', filter.names],
    ['source', 's.source', filter.sources],
    ['dataType', 's.data_type', filter.dataTypes],
    ['configId', 's.config_id', filter.configIds],
    ['queueId', 's.queue_id', filter.queueIds],
    ['authorUserId', 's.author_user_id', filter.authorUserIds],
    ['traceId', 's.trace_id', filter.traceIds],
    ['observationId', 's.observation_id', filter.observationIds],
    ['sessionId', 's.session_id', filter.sessionIds],
    ['datasetRunId', 's.dataset_run_id', filter.datasetRunIds],
    ['stringValue', 's.string_value', filter.anyText],
  ] as const) {
    if (values !== undefined && isPlain(column)) whereAny(where, sql, values);
  }
  if (isPlain('environment')) whereEnvironment(where, 's.environment', filter.environments);
  if (isPlain('timestamp')) whereBetween(where, filter);
  if (isPlain('value')) whereValue(where, filter);
  whereOfTrace(where, {
    ...(isPlain('userId') ? { userId: filter.userId } : {}),
    ...(isPlain('tags') ? { traceTags: filter.traceTags } : {}),
  });
  whereFilter(where, conditions);
  return where;
}

/** One value by `=`, for only then an index that is ordered by time behind the column gives the order too. */
function whereAny(where: Where, sql: string, values: readonly string[]): void {
  where.and(
    values.length === 1
      ? `${sql} = ${where.bind(values[0], 'text')}`
      : `${sql} = ANY(${where.bind([...values], 'text[]')})`,
  );
}

function whereBetween(where: Where, { from, before }: ScoreFilter): void {
  if (from !== undefined) where.and(`s.ts >= ${where.bind(timestampLiteral(from), 'timestamptz')}`);
  if (before !== undefined) where.and(`s.ts < ${where.bind(timestampLiteral(before), 'timestamptz')}`);
}

function whereValue(where: Where, { value, minValue, maxValue, anyNumber }: ScoreFilter): void {
  // The operator is one of a closed list, never what a client sent.
  if (value !== undefined) where.and(`s.value ${value.operator} ${where.bind(value.value, 'float8')}`);
  if (minValue !== undefined) where.and(`s.value >= ${where.bind(minValue, 'float8')}`);
  if (maxValue !== undefined) where.and(`s.value <= ${where.bind(maxValue, 'float8')}`);
  if (anyNumber !== undefined) where.and(`s.value = ANY(${where.bind([...anyNumber], 'float8[]')})`);
}

function whereOfTrace(
  where: Where,
  { userId, traceTags }: { userId?: string | undefined; traceTags?: readonly string[] | undefined },
): void {
  const conditions: string[] = [];
  if (userId !== undefined) conditions.push(`t.user_id = ${where.bind(userId, 'text')}`);
  if (traceTags !== undefined) conditions.push(`t.tags @> ${where.bind([...traceTags], 'text[]')}`);
  if (conditions.length === 0) return;
  where.and(
    'EXISTS (SELECT 1 FROM traces t WHERE t.project_no = s.project_no AND t.trace_id = s.trace_id ' +
      `AND ${conditions.join(' AND ')})`,
  );
}
