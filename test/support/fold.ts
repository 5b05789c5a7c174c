import { type Pool } from 'pg';
import { type ObservationPatch } from '../../src/domain/observation.js';
import { type TracePatch } from '../../src/domain/trace.js';
import { type Patch } from './messages.js';
import { summed, withRepeated } from './repeated-usage.js';

/**
 * What the tables must hold after a set of messages, said a second time: the rules of the merge written as plainly as
 * can be, over all messages at once, and the sums as SQL over the rows. Shares no code with what it checks.
 */

const HOUR = 3_600_000_000;
const MAX_TAGS = 500;

/** One row by column name; times in microseconds, jsonb and metadata as parsed values, text payloads as text. */
export type Row = Record<string, unknown>;

export interface Contents {
  readonly traces: Row[];
  readonly observations: Row[];
  readonly sessions: Row[];
  readonly traceModels: Row[];
  readonly usageHourly: Row[];
}

/** The rows that `patches` must lead to, each list in key order. `now` is the arrival of all of them, in microseconds. */
export function expectedContents(patches: readonly Patch[], now: number): Contents {
  const traceIds = sorted(new Set(patches.map((patch) => patch.traceId)));
  const observations = traceIds.flatMap((traceId) => {
    const messages = patches.filter((patch) => patch.kind === 'observation' && patch.traceId === traceId);
    const ids = sorted(new Set(messages.map((patch) => (patch as ObservationPatch).id)));
    const rows = ids.map((id) =>
      observationRow(
        traceId,
        id,
        messages.filter((patch) => (patch as ObservationPatch).id === id) as ObservationPatch[],
        now,
      ),
    );
    return withRepeated(rows);
  });
  const traces = traceIds.map((traceId) =>
    traceRow(
      traceId,
      patches.filter((patch): patch is TracePatch => patch.kind === 'trace' && patch.traceId === traceId),
      observations.filter((row) => row['trace_id'] === traceId),
      now,
    ),
  );
  return {
    traces,
    observations: observations.map(({ hour: _hour, day: _day, ...row }) => row),
    sessions: sumBy(
      traces.filter((row) => row['session_id'] !== null),
      ['session_id'],
      (rows) => ({
        trace_count: rows.length,
        first_time: least(rows.map((row) => row['ts'])),
        last_time: greatest(rows.flatMap((row) => [row['ts'], row['last_end']])),
      }),
    ),
    traceModels: sumBy(observations.map(withModel), ['trace_id', 'day', 'model']).map(modelSums),
    usageHourly: sumBy(observations.map(withModel), ['hour', 'model']),
  };
}

const OBSERVATION_COLUMNS = {
  end_time: 'endTime',
  completion_start_time: 'completionStartTime',
  name: 'name',
  level: 'level',
  status_message: 'statusMessage',
  model: 'model',
  model_parameters: 'modelParameters',
  parent_observation_id: 'parentObservationId',
  version: 'version',
  prompt_id: 'promptId',
  prompt_name: 'promptName',
  prompt_version: 'promptVersion',
  usage: 'usage',
  stated_cost: 'statedCost',
  requested_model: 'requestedModel',
  provider: 'provider',
  finish_reason: 'finishReason',
  tool_name: 'toolName',
  tool_names: 'toolNames',
  called_tool_names: 'calledToolNames',
  agent_name: 'agentName',
  turn_id: 'turnId',
  run_id: 'runId',
  step_id: 'stepId',
  parent_step_id: 'parentStepId',
  step_type: 'stepType',
  experiment: 'experiment',
} as const;

const FACTS = [
  'usageUnit',
  'statedLatencySeconds',
  'statedTimeToFirstTokenSeconds',
  'modelId',
  'inputPriceUsd',
  'outputPriceUsd',
  'totalPriceUsd',
  'attemptIndex',
  'runState',
] as const;

function observationRow(traceId: string, id: string, messages: readonly ObservationPatch[], now: number): Row {
  const row: Row = { trace_id: traceId, id };
  for (const [column, field] of Object.entries(OBSERVATION_COLUMNS)) row[column] = latest(messages, field);
  // A fallback ranks below anything stated.
  const fallbacks = messages.filter((message) => message.type === undefined && message.fallbackType !== undefined);
  row['type'] = latest(
    [...messages, ...fallbacks.map((message) => ({ stamp: -Infinity, type: message.fallbackType }))],
    'type',
  );
  const facts = FACTS.map((name) => [name, latest(messages, name)] as const).filter(([, value]) => value !== null);
  row['stated_facts'] = facts.length === 0 ? null : Object.fromEntries(facts);
  row['start_time'] = least(messages.map((message) => message.startTime));
  row['environment'] = first(messages);
  row['input'] = latest(messages, 'input');
  row['output'] = latest(messages, 'output');
  row['metadata'] = mergedMetadata(messages);

  const usage = row['usage'] as Record<string, number> | null;
  const classes = Object.entries(usage ?? {}).filter(([name]) => name !== 'total');
  const inputs = classes.filter(([name]) => name.includes('input'));
  const outputs = classes.filter(([name]) => !name.includes('input') && name.includes('output'));
  row['input_tokens'] = usage === null ? null : sum(inputs);
  row['output_tokens'] = usage === null ? null : sum(outputs);
  row['total_tokens'] = usage === null ? null : (usage['total'] ?? sum(classes));
  const cost = row['stated_cost'] as Record<string, number> | null;
  const costs = Object.entries(cost ?? {}).filter(([name]) => name !== 'total');
  row['cost_nano_usd'] = cost === null ? null : Math.round((cost['total'] ?? sum(costs)) * 1e9);
  const time = (row['start_time'] as number | null) ?? now;
  return { ...row, hour: time - (time % HOUR), day: Math.floor(time / (24 * HOUR)) };
}

const TRACE_COLUMNS = {
  name: 'name',
  user_id: 'userId',
  session_id: 'sessionId',
  release: 'release',
  version: 'version',
  external_id: 'externalId',
  public: 'public',
  bookmarked: 'bookmarked',
  stated_latency_seconds: 'statedLatencySeconds',
  stated_cost_usd: 'statedCostUsd',
  input: 'input',
  output: 'output',
} as const;

function traceRow(traceId: string, messages: readonly TracePatch[], observations: readonly Row[], now: number): Row {
  const row: Row = { trace_id: traceId };
  for (const [column, field] of Object.entries(TRACE_COLUMNS)) row[column] = latest(messages, field);
  row['environment'] = first(messages);
  row['stated_ts'] = least(messages.map((message) => message.timestamp));
  row['tags'] = sorted(new Set(messages.flatMap((message) => message.tags ?? []))).slice(0, MAX_TAGS);
  const metadata = mergedMetadata(messages);
  row['metadata'] = metadata === null ? null : (JSON.parse(metadata) as unknown);
  row['first_start'] = least(observations.map((observation) => observation['start_time']));
  row['last_end'] = greatest(
    observations.flatMap((observation) => [observation['start_time'], observation['end_time']]),
  );
  row['ts'] = row['stated_ts'] ?? row['first_start'] ?? now;
  return { ...row, ...totalsOf(observations) };
}

/** The value with the highest stamp; of two, the greater one by bytes, and any before null. Null when nobody said any. */
function latest(messages: readonly object[], field: string): unknown {
  const said = (messages as readonly (Row & { stamp: number })[])
    .filter((message) => message[field] !== undefined)
    .map((message) => ({ stamp: message.stamp, value: message[field] }))
    .sort((a, b) => a.stamp - b.stamp || byBytes(rank(a.value), rank(b.value)));
  return said.at(-1)?.value ?? null;
}

/** The environment with the lowest stamp; of two, the greater one by bytes. */
function first(messages: readonly { stamp: number; environment?: string }[]): string | null {
  const said = messages
    .filter((message) => message.environment !== undefined)
    .sort((a, b) => a.stamp - b.stamp || byBytes(b.environment!, a.environment!));
  return said[0]?.environment ?? null;
}

/** Key by key the value with the highest stamp, as text with the keys in the order of their bytes. */
function mergedMetadata(messages: readonly { stamp: number; metadata?: ReadonlyMap<string, string> }[]): string | null {
  const keys = sorted(new Set(messages.flatMap((message) => [...(message.metadata?.keys() ?? [])])));
  if (keys.length === 0) return null;
  const members = keys.map((key) => {
    const said = messages
      .filter((message) => message.metadata?.has(key))
      .map((message) => ({ stamp: message.stamp, text: message.metadata!.get(key)! }))
      .sort((a, b) => a.stamp - b.stamp || byBytes(canonical(a.text), canonical(b.text)) || byBytes(a.text, b.text));
    return `${JSON.stringify(key)}:${said.at(-1)!.text}`;
  });
  return `{${members.join(',')}}`;
}

function rank(value: unknown): string {
  if (value === null) return '';
  // The letter puts any value, even the empty text, above null.
  if (typeof value === 'object') return `v${JSON.stringify(Object.entries(value).sort(([a], [b]) => byBytes(a, b)))}`;
  return `v${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

function canonical(text: string): string {
  const write = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const members = sorted(new Set(Object.keys(value))).map(
      (key) => `${JSON.stringify(key)}:${write((value as Row)[key])}`,
    );
    return `{${members.join(',')}}`;
  };
  return write(JSON.parse(text));
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function sorted(texts: ReadonlySet<string>): string[] {
  return [...texts].sort(byBytes);
}

function least(values: readonly unknown[]): number | null {
  const numbers = values.filter((value): value is number => typeof value === 'number');
  return numbers.length === 0 ? null : Math.min(...numbers);
}

function greatest(values: readonly unknown[]): number | null {
  const numbers = values.filter((value): value is number => typeof value === 'number');
  return numbers.length === 0 ? null : Math.max(...numbers);
}

function sum(entries: readonly (readonly [string, number])[]): number {
  return entries.reduce((total, [, value]) => total + value, 0);
}

function withModel(row: Row): Row {
  return { ...row, model: row['model'] ?? '' };
}

/** What a trace keeps of the sums by day and model. */
function modelSums({ generation_count: _generations, error_count: _errors, ...row }: Row): Row {
  return row;
}

/** Sums over observations, or over rows that are sums already. */
function totalsOf(rows: readonly Row[]): Row {
  const total = (value: (row: Row) => unknown): number =>
    rows.reduce((before, row) => before + ((value(row) as number | null) ?? 0), 0);
  return {
    observation_count: total((row) => row['observation_count'] ?? 1),
    generation_count: total((row) => row['generation_count'] ?? Number(row['type'] === 'GENERATION')),
    error_count: total((row) => row['error_count'] ?? Number(row['level'] === 'ERROR')),
    input_tokens: total((row) => summed(row, 'input_tokens')),
    output_tokens: total((row) => summed(row, 'output_tokens')),
    total_tokens: total((row) => summed(row, 'total_tokens')),
    cost_nano_usd: total((row) => summed(row, 'cost_nano_usd')),
  };
}

function sumBy(rows: readonly Row[], keys: readonly string[], more: (rows: readonly Row[]) => Row = () => ({})): Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify(keys.map((name) => row[name]));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()]
    .map((group) => ({
      ...Object.fromEntries(keys.map((name) => [name, group[0]![name]])),
      ...totalsOf(group),
      ...more(group),
    }))
    .sort((a: Row, b: Row) => {
      for (const name of keys) {
        const [x, y] = [a[name], b[name]];
        const order = typeof x === 'number' ? x - (y as number) : byBytes(x as string, y as string);
        if (order !== 0) return order;
      }
      return 0;
    });
}

const TOTALS = [
  'observation_count',
  'generation_count',
  'error_count',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cost_nano_usd',
];
const TIMES = [
  'ts',
  'stated_ts',
  'first_start',
  'last_end',
  'start_time',
  'end_time',
  'completion_start_time',
  'first_time',
  'last_time',
  'hour',
];

/** What traces keep by day and model. */
const MODEL_TOTALS = TOTALS.filter((name) => name !== 'generation_count' && name !== 'error_count');
/** The sums in the rows of traces, as rows of their own. */
const TRACE_MODELS =
  `SELECT project_no, trace_id, model_names[n] AS model, model_sums[6 * n - 5]::int4 AS day, ` +
  `${MODEL_TOTALS.map((name, i) => `model_sums[6 * n - ${4 - i}] AS ${name}`).join(', ')} ` +
  `FROM traces CROSS JOIN LATERAL generate_series(1, greatest(cardinality(model_names), cardinality(model_sums) / 6)) n`;

/** What the tables hold of one project, in the form of `expectedContents`. Sums that came back to nothing are left out. */
export async function storedContents(pool: Pool, projectNo: number): Promise<Contents> {
  const rows = async (columns: string, from: string): Promise<Row[]> => {
    const result = await pool.query<Row>(`SELECT ${columns} FROM ${from}`, [projectNo]);
    return result.rows.map(plainRow);
  };
  const totals = TOTALS.join(', ');
  const observationColumns = [
    ...['trace_id', 'id', 'type', 'environment', 'stated_facts'],
    ...Object.keys(OBSERVATION_COLUMNS).filter((column) => !TIMES.includes(column)),
    ...['input_tokens', 'output_tokens', 'total_tokens', 'cost_nano_usd', 'repeated'],
  ].map((column) => `o.${column}`);
  return {
    traces: await rows(
      `t.trace_id, ${Object.keys(TRACE_COLUMNS).join(', ')}, environment, tags, metadata, ${totals}, ` +
        micros('ts', 'stated_ts', 'first_start', 'last_end'),
      'traces t LEFT JOIN trace_payloads p USING (project_no, trace_id, bucket) WHERE project_no = $1 ORDER BY trace_id',
    ),
    observations: await rows(
      `${observationColumns.join(', ')}, p.input, p.output, p.metadata, ` +
        micros('start_time', 'end_time', 'completion_start_time'),
      'observations o LEFT JOIN observation_payloads p USING (project_no, trace_id, id, bucket) WHERE project_no = $1 ' +
        'ORDER BY trace_id, id',
    ),
    sessions: await rows(
      `session_id, trace_count, ${totals}, ${micros('first_time', 'last_time')}`,
      'sessions WHERE project_no = $1 AND trace_count <> 0 ORDER BY session_id',
    ),
    traceModels: await rows(
      `trace_id, day, model, ${MODEL_TOTALS.join(', ')}`,
      `(${TRACE_MODELS}) m WHERE project_no = $1 ORDER BY trace_id, day, model COLLATE "C"`,
    ),
    usageHourly: await rows(
      `${micros('hour')}, model, ${TOTALS.map((name) => `sum(${name}) AS ${name}`).join(', ')}`,
      'usage_hourly u WHERE project_no = $1 GROUP BY u.hour, model HAVING sum(observation_count) <> 0 ' +
        'ORDER BY u.hour, model',
    ),
  };
}

function micros(...columns: string[]): string {
  return columns.map((column) => `(extract(epoch FROM ${column}) * 1000000)::int8 AS ${column}`).join(', ');
}

/** `pg` gives int8 as text; everything counted here is far below 2^53. */
function plainRow(row: Row): Row {
  const isNumber = (column: string): boolean => [...TOTALS, ...TIMES, 'trace_count'].includes(column);
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'string' && isNumber(column) ? Number(value) : value,
    ]),
  );
}

const TABLES = [
  ['traces', 'trace_id'],
  ['trace_payloads', 'trace_id'],
  ['observations', 'trace_id, id'],
  ['observation_payloads', 'trace_id, id'],
  ['sessions', 'session_id'],
  ['usage_hourly', 'hour, model'],
] as const;

/**
 * Every column of every row of one project, as text in key order, stamps included. Sums of zero are left out, and
 * lanes are added up, because another project has its traces in other lanes.
 */
export async function dumpProject(pool: Pool, projectNo: number): Promise<string> {
  const parts: string[] = [];
  for (const [table, key] of TABLES) {
    const from =
      table === 'usage_hourly'
        ? `(SELECT hour, model, ${TOTALS.map((name) => `sum(${name}) AS ${name}`).join(', ')} FROM usage_hourly ` +
          'WHERE project_no = $1 GROUP BY hour, model HAVING sum(observation_count) <> 0) t'
        : `${table} t WHERE project_no = $1`;
    const result = await pool.query<{ row: string }>(
      `SELECT (to_jsonb(t) - 'project_no')::text AS row FROM ${from} ` +
        `${table === 'sessions' ? 'AND trace_count <> 0' : ''} ORDER BY ${key}`,
      [projectNo],
    );
    parts.push(`${table}:`, ...result.rows.map((line) => line.row));
  }
  return parts.join('\n');
}

const tokensCount = 'coalesce(repeated, 0) & 1 = 0';
const SUMMED = {
  observation_count: 'count(*)',
  generation_count: `count(*) FILTER (WHERE type = 'GENERATION')`,
  error_count: `count(*) FILTER (WHERE level = 'ERROR')`,
  input_tokens: `coalesce(sum(input_tokens) FILTER (WHERE ${tokensCount}), 0)`,
  output_tokens: `coalesce(sum(output_tokens) FILTER (WHERE ${tokensCount}), 0)`,
  total_tokens: `coalesce(sum(total_tokens) FILTER (WHERE ${tokensCount}), 0)`,
  cost_nano_usd: 'coalesce(sum(cost_nano_usd) FILTER (WHERE coalesce(repeated, 0) & 2 = 0), 0)',
};
const SUMS = Object.entries(SUMMED)
  .map(([name, expression]) => `${expression} AS ${name}`)
  .join(', ');
const ADDED = TOTALS.map((name) => `sum(${name}) AS ${name}`).join(', ');

/** All keys of two sets of sums, and the rows on which they disagree. */
function disagreement(stored: string, recomputed: string, key: string, columns: readonly string[]): string {
  const tuple = (alias: string): string => `(${columns.map((name) => `${alias}.${name}`).join(', ')})`;
  return (
    `SELECT to_jsonb(a) AS stored, to_jsonb(b) AS recomputed FROM (${stored}) a FULL JOIN (${recomputed}) b ` +
    `USING (${key}) WHERE ${tuple('a')} IS DISTINCT FROM ${tuple('b')}`
  );
}

const CHECKS: Record<string, string> = {
  'observations and payloads are in the bucket of their trace':
    `SELECT o.trace_id, o.id FROM (SELECT project_no, trace_id, id, bucket FROM observations ` +
    `UNION ALL SELECT project_no, trace_id, id, bucket FROM observation_payloads ` +
    `UNION ALL SELECT project_no, trace_id, '', bucket FROM trace_payloads) o ` +
    `LEFT JOIN traces t USING (project_no, trace_id) WHERE o.bucket IS DISTINCT FROM t.bucket`,
  'payloads belong to an observation':
    `SELECT p.trace_id, p.id FROM observation_payloads p LEFT JOIN observations o USING (project_no, trace_id, id, bucket) ` +
    `WHERE o.id IS NULL`,
  'totals and bounds of traces': disagreement(
    `SELECT project_no, trace_id, first_start, last_end, ${TOTALS.join(', ')} FROM traces`,
    `SELECT t.project_no, t.trace_id, o.first_start, o.last_end, ` +
      `${TOTALS.map((name) => `coalesce(o.${name}, 0) AS ${name}`).join(', ')} ` +
      `FROM traces t LEFT JOIN (SELECT project_no, trace_id, min(start_time) AS first_start, ` +
      `max(greatest(start_time, end_time)) AS last_end, ${SUMS} FROM observations GROUP BY 1, 2) o ` +
      `USING (project_no, trace_id)`,
    'project_no, trace_id',
    ['first_start', 'last_end', ...TOTALS],
  ),
  'times of traces':
    'SELECT trace_id, ts, stated_ts, first_start FROM traces WHERE ts IS DISTINCT FROM coalesce(stated_ts, first_start, created_at)',
  'sums by trace, day and model': disagreement(
    TRACE_MODELS,
    `SELECT project_no, trace_id, floor(extract(epoch FROM coalesce(start_time, created_at)) / 86400)::int4 AS day, ` +
      `coalesce(model, '') AS model, ${SUMS} FROM observations GROUP BY 1, 2, 3, 4`,
    'project_no, trace_id, day, model',
    MODEL_TOTALS,
  ),
  'sums by hour and model': disagreement(
    `SELECT project_no, hour, model, ${ADDED} FROM usage_hourly GROUP BY 1, 2, 3 ` +
      `HAVING (${TOTALS.map((name) => `sum(${name})`).join(', ')}) IS DISTINCT FROM (${TOTALS.map(() => '0').join(', ')})`,
    `SELECT project_no, date_trunc('hour', coalesce(start_time, created_at), 'UTC') AS hour, ` +
      `coalesce(model, '') AS model, ${SUMS} FROM observations GROUP BY 1, 2, 3`,
    'project_no, hour, model',
    TOTALS,
  ),
  'traces with a day far from their own': disagreement(
    'SELECT project_no, trace_id, 1 AS strays FROM traces WHERE strays',
    `SELECT DISTINCT project_no, trace_id, 1 AS strays FROM traces JOIN observations o USING (project_no, trace_id) ` +
      `WHERE abs((coalesce(o.start_time, o.created_at) AT TIME ZONE 'UTC')::date - (ts AT TIME ZONE 'UTC')::date) > 1`,
    'project_no, trace_id',
    ['strays'],
  ),
  'traces by hour': disagreement(
    'SELECT project_no, hour, sum(trace_count) AS n FROM usage_hourly GROUP BY 1, 2 HAVING sum(trace_count) <> 0',
    `SELECT project_no, date_trunc('hour', ts, 'UTC') AS hour, count(*) AS n FROM traces GROUP BY 1, 2`,
    'project_no, hour',
    ['n'],
  ),
  'traces by day and model': disagreement(
    `SELECT project_no, date_trunc('day', hour, 'UTC') AS day, model, sum(model_trace_count) AS n FROM usage_hourly ` +
      'GROUP BY 1, 2, 3 HAVING sum(model_trace_count) <> 0',
    `SELECT project_no, date_trunc('day', coalesce(start_time, created_at), 'UTC') AS day, coalesce(model, '') AS model, ` +
      'count(DISTINCT trace_id) AS n FROM observations GROUP BY 1, 2, 3',
    'project_no, day, model',
    ['n'],
  ),
  'sums and bounds of sessions': disagreement(
    `SELECT * FROM sessions WHERE (trace_count, ${TOTALS.join(', ')}) IS DISTINCT FROM (0, ${TOTALS.map(() => '0').join(', ')})`,
    `SELECT project_no, session_id, count(*) AS trace_count, min(ts) AS first_time, ` +
      `max(greatest(ts, last_end)) AS last_time, ${ADDED} FROM traces WHERE session_id IS NOT NULL GROUP BY 1, 2`,
    'project_no, session_id',
    ['trace_count', 'first_time', 'last_time', ...TOTALS],
  ),
};

/** Every sum that differs from the one computed anew from the rows, by what is wrong. Empty when all are right. */
export async function wrongSums(pool: Pool): Promise<Record<string, unknown[]>> {
  const wrong: Record<string, unknown[]> = {};
  for (const [name, sql] of Object.entries(CHECKS)) {
    const { rows } = await pool.query<Row>(sql);
    if (rows.length > 0) wrong[name] = rows.slice(0, 3);
  }
  return wrong;
}

/** Removes all rows, which is much faster than a new database. */
export async function emptyTables(pool: Pool): Promise<void> {
  for (const table of [...TABLES.map(([name]) => name), 'quarantine']) await pool.query(`DELETE FROM ${table}`);
}
