import { type ObservationDimension, type ObservationMeasure } from '../../domain/analytics.js';
import { COST, TOKENS } from '../../domain/repeated-usage.js';
import { namesSql } from '../sql/tool-names.js';
import { COST_CLASSES_JOIN, COST_OF_CLASS, PRICES_JOIN } from './cost-classes.js';
import { type DimensionSql, type MeasureSql, type ViewSql } from './view-sql.js';

const TRACE = ['t'];

const CALLED_TOOLS = namesSql('o.called_tool_names');
const OFFERED_TOOLS = namesSql('o.tool_names');
/** Counts by class with the total. */
const WITH_TOTAL = `(CASE WHEN o.usage ? 'total' THEN o.usage ELSE o.usage || jsonb_build_object('total', o.total_tokens) END)`;

/** Whole milliseconds, as Langfuse counts them; an end before the start is a clock that was set back in between. */
function millisBetween(first: string, last: string): string {
  const difference = `round(date_part('epoch', ${last} - ${first}) * 1000)::int8`;
  return `CASE WHEN ${last} > ${first} THEN ${difference} WHEN ${last} <= ${first} THEN 0 END`;
}

function stated(fact: string): string {
  return `round((o.stated_facts ->> '${fact}')::float8 * 1000)::int8`;
}

const LATENCY = `coalesce(${millisBetween('o.start_time', 'o.end_time')}, ${stated('statedLatencySeconds')})`;

/** NULL for what repeats other usage. One value and no subquery, which PostgreSQL lets no parallel worker run for each row. */
const COUNTED = `CASE WHEN coalesce(o.repeated, 0) & ${TOKENS} = 0 THEN ${WITH_TOTAL} END`;

/** What repeats other usage of its trace counts as nothing, as in every sum (repeated-usage.ts). */
function summed(column: string, bit: number): string {
  return `CASE WHEN coalesce(o.repeated, 0) & ${bit} = 0 THEN coalesce(${column}, 0) ELSE 0 END`;
}

/** NULL while no time has passed. */
function perSecond(column: string): string {
  return `(${column} * 1000 / nullif(${LATENCY}, 0)::float8)`;
}

/** Stated on the topmost observation of an item. */
function experiment(member: string): string {
  return `(o.experiment ->> '${member}') COLLATE "C"`;
}

const DIMENSIONS: Readonly<Record<ObservationDimension, DimensionSql>> = {
  id: { sql: 'o.id' },
  traceId: { sql: 'o.trace_id' },
  traceName: { sql: 't.name', needs: TRACE },
  environment: { sql: `coalesce(o.environment, 'default')` },
  parentObservationId: { sql: 'o.parent_observation_id' },
  type: { sql: `coalesce(o.type, 'SPAN')` },
  name: { sql: 'o.name' },
  level: { sql: `coalesce(o.level, 'DEFAULT')` },
  version: { sql: 'o.version' },
  tags: { sql: 't.tags', needs: TRACE },
  // No name is no model, as in all sums by model.
  providedModelName: { sql: `nullif(o.model, '')` },
  promptName: { sql: 'o.prompt_name' },
  promptVersion: { sql: 'o.prompt_version' },
  userId: { sql: 't.user_id', needs: TRACE },
  sessionId: { sql: 't.session_id', needs: TRACE },
  traceRelease: { sql: 't.release', needs: TRACE },
  traceVersion: { sql: 't.version', needs: TRACE },
  startTimeMonth: { sql: `to_char(coalesce(o.start_time, o.created_at) AT TIME ZONE 'UTC', 'YYYY-MM')` },
  toolNames: { sql: 'offered.tool', needs: ['offered'], list: OFFERED_TOOLS },
  calledToolNames: { sql: 'called.tool', needs: ['called'], list: CALLED_TOOLS },
  isRootObservation: { sql: '(o.parent_observation_id IS NULL)' },
  release: { sql: 't.release', needs: TRACE },
  costType: {
    sql: 'costs.class',
    needs: ['costs'],
    list: `ARRAY(SELECT costs.class FROM (SELECT 1) one ${COST_CLASSES_JOIN})`,
    listNeeds: ['prices'],
  },
  usageType: { sql: 'usages.class', needs: ['usages'], list: `ARRAY(SELECT jsonb_object_keys(${COUNTED}))` },
  experimentName: { sql: experiment('name') },
  experimentDatasetId: { sql: experiment('datasetId') },
  experimentId: { sql: experiment('id') },
};

const MEASURES: Readonly<Record<ObservationMeasure, MeasureSql>> = {
  count: { sql: '1' },
  latency: { sql: LATENCY },
  streamingLatency: { sql: millisBetween('o.completion_start_time', 'o.end_time') },
  inputTokens: { sql: summed('o.input_tokens', TOKENS) },
  outputTokens: { sql: summed('o.output_tokens', TOKENS) },
  totalTokens: { sql: summed('o.total_tokens', TOKENS) },
  outputTokensPerSecond: { sql: perSecond('o.output_tokens') },
  tokensPerSecond: { sql: perSecond('o.total_tokens') },
  inputCost: { sql: summed('o.input_cost_nano_usd', COST) },
  outputCost: { sql: summed('o.output_cost_nano_usd', COST) },
  totalCost: { sql: summed('o.cost_nano_usd', COST) },
  timeToFirstToken: {
    sql: `coalesce(${millisBetween('o.start_time', 'o.completion_start_time')}, ${stated('statedTimeToFirstTokenSeconds')})`,
  },
  countScores: { sql: 'coalesce(scored.n, 0)', needs: ['scored'] },
  toolDefinitions: { sql: `cardinality(${OFFERED_TOOLS})` },
  toolCalls: { sql: `cardinality(${CALLED_TOOLS})` },
  traceId: { sql: 'o.trace_id' },
  uniqueUserIds: { sql: 't.user_id', needs: TRACE },
  uniqueSessionIds: { sql: 't.session_id', needs: TRACE },
  costByType: { sql: COST_OF_CLASS, needs: ['costs'] },
  usageByType: { sql: `coalesce((o.usage ->> usages.class)::int8, o.total_tokens)`, needs: ['usages'] },
};

export const OBSERVATION_VIEW: ViewSql = {
  from: 'observations o',
  scope: 'o.project_no = $1::int4',
  at: 'coalesce(o.start_time, o.created_at)',
  between: (first, last) => [
    `o.start_time BETWEEN ${first} AND ${last}`,
    `o.start_time IS NULL AND o.created_at BETWEEN ${first} AND ${last}`,
  ],
  joins: new Map([
    [
      't',
      {
        sql: 'JOIN traces t ON t.project_no = $1::int4 AND t.trace_id = o.trace_id AND t.bucket = o.bucket',
      },
    ],
    [
      'p',
      {
        sql:
          'LEFT JOIN observation_payloads p ON p.project_no = $1::int4 AND p.trace_id = o.trace_id AND p.id = o.id ' +
          'AND p.bucket = o.bucket',
      },
    ],
    [
      'scored',
      {
        sql:
          'LEFT JOIN (SELECT s.trace_id, s.observation_id, count(*) AS n FROM scores s WHERE s.project_no = $1::int4 ' +
          'AND s.trace_id IS NOT NULL AND s.observation_id IS NOT NULL GROUP BY 1, 2) scored ' +
          'ON scored.trace_id = o.trace_id AND scored.observation_id = o.id',
      },
    ],
    ['prices', { sql: PRICES_JOIN }],
    ['costs', { sql: COST_CLASSES_JOIN, needs: ['prices'] }],
    ['usages', { sql: `JOIN LATERAL jsonb_object_keys(${COUNTED}) usages(class) ON o.usage IS NOT NULL` }],
    ['offered', { sql: `CROSS JOIN LATERAL unnest(${OFFERED_TOOLS}) offered(tool)` }],
    ['called', { sql: `CROSS JOIN LATERAL unnest(${CALLED_TOOLS}) called(tool)` }],
  ]),
  dimensions: new Map(Object.entries(DIMENSIONS)),
  measures: new Map(Object.entries(MEASURES)),
  metadata: { sql: `coalesce(p.metadata, '{}')::jsonb`, needs: ['p'] },
};
