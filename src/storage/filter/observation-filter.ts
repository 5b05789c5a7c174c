import { DEFAULT_ENVIRONMENT } from '../../domain/environment.js';
import { type FilterColumn, FilterColumns } from './filter-columns.js';
import { namesSql } from '../sql/tool-names.js';
import { POSITION_COLUMN } from './position-column.js';
import { scoreColumns } from './score-columns.js';

/** Seconds between two times, never negative; NULL while one of them is unknown. */
function seconds(from: string, to: string): string {
  return `CASE WHEN ${to} < ${from} THEN 0 ELSE date_part('epoch', ${to} - ${from}) END`;
}

function fact(name: string): string {
  return `(o.stated_facts ->> '${name}')`;
}

const LATENCY = `coalesce(${seconds('o.start_time', 'o.end_time')}, ${fact('statedLatencySeconds')}::float8)`;
const FIRST_TOKEN =
  `coalesce(${seconds('o.start_time', 'o.completion_start_time')}, ` +
  `${fact('statedTimeToFirstTokenSeconds')}::float8)`;

const OF_PAYLOAD =
  'FROM observation_payloads p WHERE p.project_no = o.project_no AND p.trace_id = o.trace_id AND p.id = o.id AND p.bucket = o.bucket';

/** A payload is JSON: of a text the text itself, of anything else the JSON. */
function payload(column: string): string {
  return `(SELECT CASE WHEN left(p.${column}, 1) = '"' THEN p.${column}::json #>> '{}' ELSE p.${column} END ${OF_PAYLOAD})`;
}

/** The values are those of `o`, a row of `observations` with `at_time`, the time it is ordered by, and of `t`, its trace. */
const COLUMNS: readonly FilterColumn[] = [
  { name: 'id', aliases: ['ID'], kind: 'text', sql: 'o.id' },
  { name: 'type', aliases: ['Type'], kind: 'text', sql: 'o.type', absent: 'SPAN' },
  { name: 'name', aliases: ['Name'], kind: 'text', sql: 'o.name' },
  { name: 'traceId', aliases: ['Trace ID'], kind: 'text', sql: 'o.trace_id' },
  { name: 'parentObservationId', aliases: ['Parent Observation ID'], kind: 'text', sql: 'o.parent_observation_id' },
  { name: 'startTime', aliases: ['Start Time'], kind: 'time', sql: 'o.at_time' },
  {
    name: 'endTime',
    aliases: ['End Time'],
    kind: 'time',
    sql: '(CASE WHEN o.end_time < o.start_time THEN o.start_time ELSE o.end_time END)',
  },
  { name: 'environment', aliases: ['Environment'], kind: 'text', sql: 'o.environment', absent: DEFAULT_ENVIRONMENT },
  { name: 'level', aliases: ['Level'], kind: 'text', sql: 'o.level', absent: 'DEFAULT' },
  { name: 'statusMessage', aliases: ['Status Message'], kind: 'text', sql: 'o.status_message' },
  { name: 'version', aliases: ['Version'], kind: 'text', sql: 'o.version' },
  { name: 'model', aliases: ['Model', 'providedModelName', 'Provided Model Name'], kind: 'text', sql: 'o.model' },
  {
    name: 'modelId',
    aliases: ['Model ID', 'internalModelId'],
    kind: 'text',
    sql: `coalesce(${fact('modelId')}, (SELECT s.snapshot::json ->> 'priceId' FROM price_snapshots s WHERE s.key = o.price_key))`,
  },
  { name: 'promptName', aliases: ['Prompt Name'], kind: 'text', sql: 'o.prompt_name' },
  {
    name: 'promptVersion',
    aliases: ['Prompt Version'],
    kind: 'number',
    sql: `(CASE WHEN o.prompt_version ~ '^[0-9]{1,15}$' THEN o.prompt_version::int8 END)`,
  },
  { name: 'latency', aliases: ['Latency (s)'], kind: 'number', sql: LATENCY },
  { name: 'timeToFirstToken', aliases: ['Time To First Token (s)'], kind: 'number', sql: FIRST_TOKEN },
  {
    name: 'tokensPerSecond',
    aliases: ['Tokens per second'],
    kind: 'number',
    sql: `(o.output_tokens / nullif(${LATENCY}, 0))`,
  },
  { name: 'inputTokens', aliases: ['Input Tokens'], kind: 'number', sql: 'coalesce(o.input_tokens, 0)' },
  { name: 'outputTokens', aliases: ['Output Tokens'], kind: 'number', sql: 'coalesce(o.output_tokens, 0)' },
  {
    name: 'totalTokens',
    aliases: ['Total Tokens', 'tokens', 'Tokens'],
    kind: 'number',
    sql: 'coalesce(o.total_tokens, 0)',
  },
  { name: 'totalCost', aliases: ['Total Cost ($)'], kind: 'number', sql: '(o.cost_nano_usd / 1e9::float8)' },
  {
    name: 'inputCost',
    aliases: ['Input Cost ($)'],
    kind: 'number',
    sql: '(coalesce(o.input_cost_nano_usd, 0) / 1e9::float8)',
  },
  {
    name: 'outputCost',
    aliases: ['Output Cost ($)'],
    kind: 'number',
    sql: '(coalesce(o.output_cost_nano_usd, 0) / 1e9::float8)',
  },
  { name: 'metadata', aliases: ['Metadata'], kind: 'object', sql: `(SELECT p.metadata::jsonb ${OF_PAYLOAD})` },
  { name: 'toolName', aliases: ['Tool Name'], kind: 'text', sql: 'o.tool_name' },
  { name: 'toolNames', aliases: ['Tool Names', 'Available Tool Names'], kind: 'texts', sql: namesSql('o.tool_names') },
  {
    name: 'calledToolNames',
    aliases: ['Called Tool Names'],
    kind: 'texts',
    sql: namesSql('o.called_tool_names'),
  },
  {
    name: 'toolDefinitions',
    aliases: ['Tool Definitions', 'Available Tools'],
    kind: 'number',
    sql: `cardinality(${namesSql('o.tool_names')})`,
  },
  {
    name: 'toolCalls',
    aliases: ['Tool Calls'],
    kind: 'number',
    sql: `cardinality(${namesSql('o.called_tool_names')})`,
  },
  { name: 'traceName', aliases: ['Trace Name'], kind: 'text', sql: 't.name', of: 'trace' },
  { name: 'userId', aliases: ['User ID'], kind: 'text', sql: 't.user_id', of: 'trace' },
  { name: 'sessionId', aliases: ['Session ID'], kind: 'text', sql: 't.session_id', of: 'trace' },
  { name: 'release', aliases: ['Release'], kind: 'text', sql: 't.release', of: 'trace' },
  { name: 'traceVersion', aliases: ['Trace Version'], kind: 'text', sql: 't.version', of: 'trace' },
  {
    name: 'tags',
    aliases: ['Tags', 'traceTags', 'Trace Tags'],
    kind: 'texts',
    sql: 't.tags',
    of: 'trace',
  },
  ...scoreColumns('s.project_no = o.project_no AND s.observation_id = o.id AND s.trace_id = o.trace_id'),
];

/** What a filter of observations can speak of. */
export const OBSERVATION_FILTER = new FilterColumns(COLUMNS);

/** The same in the newer list of observations, which knows more. */
export const OBSERVATION_V2_FILTER = new FilterColumns([
  ...COLUMNS,
  {
    name: 'isRootObservation',
    aliases: ['Is Root Observation'],
    kind: 'boolean',
    sql: '(o.parent_observation_id IS NULL)',
  },
  { name: 'input', aliases: ['Input'], kind: 'text', sql: payload('input'), isSearchable: true },
  { name: 'output', aliases: ['Output'], kind: 'text', sql: payload('output'), isSearchable: true },
  POSITION_COLUMN,
]);
