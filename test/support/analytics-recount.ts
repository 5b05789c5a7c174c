import { type Pool } from 'pg';
import { type FilterCondition } from '../../src/domain/filter.js';
import { summed } from './repeated-usage.js';

/**
 * Answers of the metrics query language, counted anew row by row from what the tables hold. Shares no code with what it
 * checks, and knows nothing of sums that are kept.
 */

type Row = Readonly<Record<string, unknown>>;
type Value = string | number | boolean | null | readonly string[];

/** One trace, observation or score. */
interface Entity {
  readonly time: number;
  /** Every dimension by name; lists of exploded ones. */
  readonly dimensions: Readonly<Record<string, Value>>;
  readonly measures: Readonly<Record<string, number | string | null>>;
  /** What `uniq` counts where it is something else. */
  readonly ids?: Readonly<Record<string, string | null>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Asked {
  readonly view: string;
  readonly dimensions: readonly string[];
  readonly metrics: readonly { readonly measure: string; readonly aggregation: string }[];
  readonly filter: readonly FilterCondition[];
  readonly granularity: string | null;
  readonly from: number;
  readonly to: number;
  readonly bins: number;
}

export interface Answered {
  readonly time: number | null;
  readonly dimensions: readonly Value[];
  readonly metrics: readonly unknown[];
}

const EXPLODED = ['toolNames', 'calledToolNames', 'usageType', 'costType'];

const micros = (column: string) =>
  `(extract(epoch FROM ${column}) * 1000000)::float8 AS ${column.replace(/^.*\./, '')}`;

/** Everything of one project, by view; in the order of ids, so that tests which choose among them at random choose the same in every run. */
export async function loadEntities(pool: Pool, projectNo: number): Promise<ReadonlyMap<string, Entity[]>> {
  const rows = async (sql: string) => (await pool.query<Row>(sql, [projectNo])).rows;
  const traces = await rows(
    'SELECT trace_id, name, tags, user_id, session_id, release, version, environment, metadata, stated_latency_seconds, ' +
      `stated_cost_usd, ${micros('ts')} FROM traces WHERE project_no = $1 ORDER BY trace_id`,
  );
  const observations = await rows(
    'SELECT o.trace_id, o.id, type, name, level, model, parent_observation_id, version, environment, prompt_name, ' +
      'prompt_version, usage, input_tokens::float8, output_tokens::float8, total_tokens::float8, stated_cost, ' +
      `cost_nano_usd::float8, repeated, stated_facts, tool_names, called_tool_names, experiment, p.metadata, ` +
      `${['start_time', 'end_time', 'completion_start_time', 'created_at'].map((name) => micros(`o.${name}`)).join(', ')} ` +
      'FROM observations o LEFT JOIN observation_payloads p USING (project_no, trace_id, id, bucket) WHERE o.project_no = $1 ' +
      'ORDER BY trace_id, id',
  );
  const scores = await rows(
    `SELECT *, ${micros('ts')} FROM (SELECT s.*, s.ts AS at FROM scores s) s WHERE project_no = $1 ORDER BY id`,
  );
  const byTrace = new Map(traces.map((trace) => [trace['trace_id'], trace]));
  const numeric = scores.filter((row) => ['NUMERIC', 'BOOLEAN'].includes(row['data_type'] as string));
  const scoreEntity = (score: Row): Entity =>
    ofScore(
      score,
      byTrace.get(score['trace_id']),
      observations.find((row) => row['trace_id'] === score['trace_id'] && row['id'] === score['observation_id']),
    );
  return new Map([
    [
      'traces',
      traces.map((trace) =>
        ofTrace(
          trace,
          observations.filter((row) => row['trace_id'] === trace['trace_id']),
          scores.filter((row) => row['trace_id'] === trace['trace_id']),
        ),
      ),
    ],
    [
      'observations',
      observations.map((row) =>
        ofObservation(
          row,
          byTrace.get(row['trace_id'])!,
          scores.filter((score) => score['trace_id'] === row['trace_id'] && score['observation_id'] === row['id']),
        ),
      ),
    ],
    ['scores-numeric', numeric.map(scoreEntity)],
    ['scores-boolean', scores.filter((row) => row['data_type'] === 'BOOLEAN').map(scoreEntity)],
    ['scores-categorical', scores.filter((row) => row['data_type'] === 'CATEGORICAL').map(scoreEntity)],
  ]);
}

const text = (value: unknown) => (value ?? null) as string | null;
const experimentOf = (row: Row | undefined, member: string) =>
  text((row?.['experiment'] as Record<string, string> | null | undefined)?.[member]);
const iso = (time: number) => new Date(Math.floor(time / 1000)).toISOString();
const add = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const millis = (from: unknown, to: unknown): number | null =>
  typeof from === 'number' && typeof to === 'number' ? Math.round(Math.max(0, to - from) / 1000) : null;

function ofTrace(trace: Row, observations: readonly Row[], scores: readonly Row[]): Entity {
  const time = trace['ts'] as number;
  const numbers = (...columns: string[]) =>
    observations.flatMap((row) => columns.map((column) => row[column])).filter((value) => typeof value === 'number');
  const starts = numbers('start_time');
  const ends = numbers('start_time', 'end_time');
  const cost = add(observations.map((row) => summed(row, 'cost_nano_usd')));
  const stated = trace['stated_latency_seconds'] as number | null;
  const isTimed = starts.length > 0 && ends.length > 0;
  return {
    time,
    dimensions: {
      id: text(trace['trace_id']),
      name: text(trace['name']),
      tags: trace['tags'] as string[],
      userId: text(trace['user_id']),
      sessionId: text(trace['session_id']),
      release: text(trace['release']),
      version: text(trace['version']),
      environment: text(trace['environment']) ?? 'default',
      timestampMonth: iso(time).slice(0, 7),
    },
    measures: {
      count: 1,
      observationsCount: observations.length,
      scoresCount: scores.length,
      uniqueUserIds: trace['user_id'] === null ? 0 : 1,
      uniqueSessionIds: trace['session_id'] === null ? 0 : 1,
      latency: isTimed
        ? millis(Math.min(...starts), Math.max(...ends))
        : stated === null
          ? null
          : Math.round(stated * 1000),
      totalTokens: add(observations.map((row) => summed(row, 'total_tokens'))),
      totalCost: (cost === 0 ? Math.round(((trace['stated_cost_usd'] as number | null) ?? 0) * 1e9) : cost) / 1e9,
    },
    ids: { uniqueUserIds: text(trace['user_id']), uniqueSessionIds: text(trace['session_id']) },
    metadata: (trace['metadata'] ?? {}) as Row,
  };
}

function ofObservation(row: Row, trace: Row, scores: readonly Row[]): Entity {
  const time = (row['start_time'] ?? row['created_at']) as number;
  const facts = (row['stated_facts'] ?? {}) as Record<string, number>;
  const fact = (name: string) => (facts[name] === undefined ? null : Math.round(facts[name] * 1000));
  const latency = millis(row['start_time'], row['end_time']) ?? fact('statedLatencySeconds');
  const rate = (tokens: unknown) =>
    typeof tokens === 'number' && latency !== null && latency > 0 ? (tokens * 1000) / latency : null;
  const isCounted = (bit: number) => (((row['repeated'] as number | null) ?? 0) & bit) === 0;
  const cost = (row['stated_cost'] ?? {}) as Record<string, number>;
  const costOf = (part: string) =>
    isCounted(2)
      ? add(
          Object.entries(cost)
            .filter(([name]) => name.includes(part))
            .map(([, usd]) => Math.round(usd * 1e9)),
        ) / 1e9
      : 0;
  const usage = row['usage'] as Record<string, number> | null;
  const linesOf = (column: string) => (row[column] === null ? [] : (row[column] as string).split('\n'));
  const offered = linesOf('tool_names');
  const called = linesOf('called_tool_names');
  return {
    time,
    dimensions: {
      id: text(row['id']),
      traceId: text(row['trace_id']),
      traceName: text(trace['name']),
      environment: text(row['environment']) ?? 'default',
      parentObservationId: text(row['parent_observation_id']),
      type: text(row['type']) ?? 'SPAN',
      name: text(row['name']),
      level: text(row['level']) ?? 'DEFAULT',
      version: text(row['version']),
      tags: trace['tags'] as string[],
      providedModelName: text(row['model']),
      promptName: text(row['prompt_name']),
      promptVersion: text(row['prompt_version']),
      userId: text(trace['user_id']),
      sessionId: text(trace['session_id']),
      traceRelease: text(trace['release']),
      traceVersion: text(trace['version']),
      startTimeMonth: iso(time).slice(0, 7),
      toolNames: offered,
      calledToolNames: called,
      isRootObservation: row['parent_observation_id'] === null,
      release: text(trace['release']),
      usageType: usage === null || !isCounted(1) ? [] : [...new Set([...Object.keys(usage), 'total'])],
      costType: row['cost_nano_usd'] === null || !isCounted(2) ? [] : [...new Set([...Object.keys(cost), 'total'])],
      experimentName: experimentOf(row, 'name'),
      experimentDatasetId: experimentOf(row, 'datasetId'),
      experimentId: experimentOf(row, 'id'),
    },
    measures: {
      count: 1,
      latency,
      streamingLatency: millis(row['completion_start_time'], row['end_time']),
      inputTokens: summed(row, 'input_tokens'),
      outputTokens: summed(row, 'output_tokens'),
      totalTokens: summed(row, 'total_tokens'),
      outputTokensPerSecond: rate(row['output_tokens']),
      tokensPerSecond: rate(row['total_tokens']),
      inputCost: costOf('input'),
      outputCost: costOf('output'),
      totalCost: summed(row, 'cost_nano_usd') / 1e9,
      timeToFirstToken:
        millis(row['start_time'], row['completion_start_time']) ?? fact('statedTimeToFirstTokenSeconds'),
      countScores: scores.length,
      toolDefinitions: offered.length,
      toolCalls: called.length,
      traceId: text(row['trace_id']),
      uniqueUserIds: text(trace['user_id']),
      uniqueSessionIds: text(trace['session_id']),
    },
    metadata: JSON.parse((row['metadata'] as string | null) ?? '{}') as Row,
  };
}

function ofScore(score: Row, trace: Row | undefined, observation: Row | undefined): Entity {
  const time = score['ts'] as number;
  return {
    time,
    dimensions: {
      id: text(score['id']),
      environment: text(score['environment']) ?? 'default',
      name: text(score['name']),
      source: text(score['source']),
      dataType: text(score['data_type']),
      traceId: text(score['trace_id']),
      configId: text(score['config_id']),
      timestampMonth: iso(time).slice(0, 7),
      timestampDay: iso(time).slice(0, 10),
      observationId: text(score['observation_id']),
      traceName: text(trace?.['name']),
      tags: (trace?.['tags'] ?? []) as string[],
      userId: text(trace?.['user_id']),
      sessionId: text(score['session_id']) ?? text(trace?.['session_id']),
      traceRelease: text(trace?.['release']),
      traceVersion: text(trace?.['version']),
      observationName: text(observation?.['name']),
      observationModelName: text(observation?.['model']),
      observationPromptName: text(observation?.['prompt_name']),
      observationPromptVersion: text(observation?.['prompt_version']),
      datasetRunId: text(score['dataset_run_id']),
      experimentName: experimentOf(observation, 'name'),
      experimentId: text(score['dataset_run_id']) ?? experimentOf(observation, 'id'),
      value: score['value'] as number,
      stringValue: text(score['string_value']),
      booleanValue: score['value'] === 1,
    },
    measures: { count: 1, value: score['value'] as number },
    metadata: (score['metadata'] ?? {}) as Row,
  };
}

/** The groups of the answer in no order. */
export function recount(entities: readonly Entity[], asked: Asked): Answered[] {
  const last = asked.to % 1000 === 0 ? asked.to + 999 : asked.to;
  const kept = entities.filter(
    (entity) => entity.time >= asked.from && entity.time <= last && asked.filter.every((one) => meets(entity, one)),
  );
  const groups = new Map<string, { time: number | null; dimensions: Value[]; of: Entity[] }>();
  for (const entity of kept) {
    const time = asked.granularity === null ? null : bucketOf(entity.time, asked.granularity);
    for (const dimensions of explode(
      asked.dimensions.map((name) => entity.dimensions[name]!),
      asked.dimensions,
    )) {
      const key = JSON.stringify([time, dimensions]);
      const group = groups.get(key) ?? { time, dimensions, of: [] };
      group.of.push(entity);
      groups.set(key, group);
    }
  }
  if (asked.granularity === null && asked.dimensions.length === 0 && groups.size === 0) {
    groups.set('', { time: null, dimensions: [], of: [] });
  }
  const metrics = asked.metrics.length === 0 ? [{ measure: 'count', aggregation: 'count' }] : asked.metrics;
  return [...groups.values()].map(({ time, dimensions, of }) => ({
    time,
    dimensions,
    metrics: metrics.map(({ measure, aggregation }) => {
      const values = of.map(
        (one) => (aggregation === 'uniq' ? one.ids?.[measure] : undefined) ?? one.measures[measure],
      );
      const ids = of.map((one) =>
        one.ids !== undefined && measure in one.ids ? one.ids[measure]! : one.measures[measure]!,
      );
      return aggregate(aggregation === 'uniq' ? ids : (values as (number | string | null)[]), aggregation, asked.bins);
    }),
  }));
}

/** One list per combination of the entries of exploded dimensions. */
function explode(values: readonly Value[], names: readonly string[]): Value[][] {
  return values.reduce<Value[][]>(
    (lists, value, i) =>
      lists.flatMap((before) => {
        const entries = EXPLODED.includes(names[i]!) ? (value as readonly string[]) : [value];
        return entries.map((entry) => [...before, entry]);
      }),
    [[]],
  );
}

function aggregate(all: readonly (number | string | null)[], aggregation: string, bins: number): unknown {
  const values = all.filter((value) => value !== null);
  if (aggregation === 'count') return values.length;
  if (aggregation === 'uniq') return new Set(values).size;
  const numbers = (values as number[]).sort((a, b) => a - b);
  if (aggregation === 'sum') return add(numbers);
  if (aggregation === 'histogram') {
    const [least, greatest] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
    const counts = Array.from({ length: bins }, () => 0);
    for (const value of numbers) {
      const bin = greatest === least ? 0 : Math.floor(((value - least) * bins) / (greatest - least));
      counts[Math.min(bins - 1, bin)]! += 1;
    }
    return { least, greatest, counts: numbers.length === 0 ? [] : counts };
  }
  if (numbers.length === 0) return null;
  if (aggregation === 'avg') return add(numbers) / numbers.length;
  if (aggregation === 'min') return numbers[0];
  if (aggregation === 'max') return numbers.at(-1);
  const position = (Number(aggregation.slice(1)) / 100) * (numbers.length - 1);
  const [below, above] = [numbers[Math.floor(position)]!, numbers[Math.ceil(position)]!];
  return below + (position - Math.floor(position)) * (above - below);
}

function bucketOf(time: number, granularity: string): number {
  const date = new Date(Math.floor(time / 1000));
  if (granularity === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  if (granularity === 'month') date.setUTCDate(1);
  if (granularity === 'minute') date.setUTCSeconds(0, 0);
  else if (granularity === 'hour') date.setUTCMinutes(0, 0, 0);
  else date.setUTCHours(0, 0, 0, 0);
  return date.getTime() * 1000;
}

function meets(entity: Entity, condition: FilterCondition): boolean {
  const value =
    condition.column === 'metadata'
      ? memberText(entity.metadata[(condition as { key: string }).key])
      : entity.dimensions[condition.column]!;
  switch (condition.type) {
    case 'string':
    case 'stringObject':
      return (
        value !== null &&
        (condition.operator === '=' ? value === condition.value : String(value).includes(condition.value))
      );
    case 'stringOptions':
      return value !== null && condition.value.includes(value as string) === (condition.operator === 'any of');
    case 'arrayOptions': {
      const has = (one: string) => (value as readonly string[]).includes(one);
      if (condition.operator === 'all of') return condition.value.every(has);
      return condition.value.some(has) === (condition.operator === 'any of');
    }
    case 'null':
      return (value === null) === (condition.operator === 'is null');
    case 'number':
      return (
        value !== null && (condition.operator === '=' ? value === condition.value : (value as number) > condition.value)
      );
    case 'boolean':
      return value === condition.value;
    default:
      throw new Error(`the recount knows no ${condition.type}`);
  }
}

function memberText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
