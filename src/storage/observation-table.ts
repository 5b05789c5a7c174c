import { type ClientBase } from 'pg';
import { type ExperimentRef } from '../domain/experiment.js';
import {
  applyObservationPatch,
  newObservationState,
  OBSERVATION_FIELDS,
  type ObservationState,
} from '../domain/merge.js';
import {
  type CostDetails,
  type ObservationFields,
  type ObservationPatch,
  type UsageDetails,
} from '../domain/observation.js';
import { decodeStamps, encodeStamps } from '../domain/stamp-codec.js';
import { type Micros } from '../domain/time.js';
import { countTokens } from '../domain/usage.js';
import { encodeArray } from './binary-array.js';
import { BulkInsert, type Column, micros, replaceColumns, toNumber } from './bulk-insert.js';
import { costOf, type RowCost } from './pricing/observation-cost.js';
import { type PriceBook } from './pricing/price-book.js';
import { type ContributingRow } from './rollup.js';
import { IDENTITY_COLUMNS, IDENTITY_SELECTION, type IdentityColumns } from './sql/identity-columns.js';
import { type StatementBatch } from './statement-batch.js';

/** Key of an observation with the bucket of its trace, by which it is found in one partition. */
export interface ObservationKey {
  projectNo: number;
  traceId: string;
  id: string;
  bucket: number;
}

/** A row of `observations`. */
export interface ObservationRow extends ObservationKey, ContributingRow, RowCost {
  parentId: string | null;
  state: ObservationState;
  updatedAt: Micros;
  stamp: number | null;
  stamps: string | null;
}

/** Fields a client may state but seldom does; they share the column `stated_facts`. */
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
] as const satisfies readonly (keyof ObservationFields)[];

type StatedFacts = Partial<Record<(typeof FACTS)[number], unknown>>;
const NO_FACTS: StatedFacts = {};

/** What a fold needs besides the messages. */
export interface FoldContext {
  readonly now: Micros;
  /** Undefined: nothing has a price. */
  readonly prices: PriceBook | undefined;
  /** Prices anew also what has not changed. */
  readonly isRepricing: boolean;
}

/** The row that follows when `patches` are folded into `stored` (or into nothing). */
export function foldObservation(
  key: ObservationKey,
  stored: ObservationRow | undefined,
  patches: readonly ObservationPatch[],
  { now, prices, isRepricing }: FoldContext,
): ObservationRow {
  const state = stored === undefined ? newObservationState() : copyState(stored.state);
  for (const patch of patches) applyObservationPatch(state, patch);
  const { values } = state;
  const { projectNo, traceId, id, bucket } = key;
  const tokens = values.usage ? countTokens(values.usage) : undefined;
  const createdAt = stored?.createdAt ?? now;
  const { stamp, stamps } = encodeStamps(OBSERVATION_FIELDS, state);
  const cost = costOf(state, stored, { projectNo, createdAt, prices, isRepricing });
  // Member by member: alone, in a loop, a literal with several spreads took ten times as long as all of this.
  return {
    projectNo,
    traceId,
    id,
    bucket,
    stamp,
    stamps,
    state,
    startTime: state.startTime,
    endTime: values.endTime ?? null,
    createdAt,
    updatedAt: now,
    type: values.type ?? null,
    level: values.level ?? null,
    model: values.model ?? null,
    parentId: values.parentObservationId ?? null,
    inputTokens: tokens?.inputTokens ?? null,
    outputTokens: tokens?.outputTokens ?? null,
    totalTokens: tokens?.totalTokens ?? null,
    costNanoUsd: cost.costNanoUsd,
    inputCostNanoUsd: cost.inputCostNanoUsd,
    outputCostNanoUsd: cost.outputCostNanoUsd,
    priceKey: cost.priceKey,
    priceTier: cost.priceTier,
    price: cost.price,
    repeated: stored?.repeated ?? null,
  };
}

function copyState(state: ObservationState): ObservationState {
  return { ...state, values: { ...state.values }, stamps: state.stamps.slice() };
}

function field(name: keyof ObservationFields): (row: ObservationRow) => unknown {
  return (row) => row.state.values[name];
}

function encodeFacts(row: ObservationRow): string | null {
  const { values } = row.state;
  let facts: StatedFacts | undefined;
  for (const name of FACTS) {
    const value = values[name];
    if (value !== undefined && value !== null) (facts ??= {})[name] = value;
  }
  return facts === undefined ? null : JSON.stringify(facts);
}

function json(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

const COLUMNS: readonly Column<ObservationRow>[] = [
  { name: 'project_no', type: 'int4', value: (row) => row.projectNo },
  { name: 'trace_id', type: 'text', value: (row) => row.traceId },
  { name: 'id', type: 'text', value: (row) => row.id },
  { name: 'bucket', type: 'int4', value: (row) => row.bucket },
  { name: 'start_time', type: 'timestamptz', value: (row) => row.startTime },
  { name: 'end_time', type: 'timestamptz', value: (row) => row.endTime },
  { name: 'completion_start_time', type: 'timestamptz', value: field('completionStartTime') },
  { name: 'created_at', type: 'timestamptz', value: (row) => row.createdAt },
  { name: 'updated_at', type: 'timestamptz', value: (row) => row.updatedAt },
  { name: 'type', type: 'text', value: (row) => row.type },
  { name: 'name', type: 'text', value: field('name') },
  { name: 'level', type: 'text', value: (row) => row.level },
  { name: 'status_message', type: 'text', value: field('statusMessage') },
  { name: 'model', type: 'text', value: (row) => row.model },
  { name: 'model_parameters', type: 'text', value: field('modelParameters') },
  { name: 'parent_observation_id', type: 'text', value: field('parentObservationId') },
  { name: 'version', type: 'text', value: field('version') },
  { name: 'environment', type: 'text', value: (row) => row.state.environment?.value },
  { name: 'prompt_id', type: 'text', value: field('promptId') },
  { name: 'prompt_name', type: 'text', value: field('promptName') },
  { name: 'prompt_version', type: 'text', value: field('promptVersion') },
  { name: 'usage', type: 'jsonb', value: (row) => json(row.state.values.usage) },
  { name: 'input_tokens', type: 'int8', value: (row) => row.inputTokens },
  { name: 'output_tokens', type: 'int8', value: (row) => row.outputTokens },
  { name: 'total_tokens', type: 'int8', value: (row) => row.totalTokens },
  { name: 'stated_cost', type: 'jsonb', value: (row) => json(row.state.values.statedCost) },
  { name: 'cost_nano_usd', type: 'int8', value: (row) => row.costNanoUsd },
  { name: 'input_cost_nano_usd', type: 'int8', value: (row) => row.inputCostNanoUsd },
  { name: 'output_cost_nano_usd', type: 'int8', value: (row) => row.outputCostNanoUsd },
  { name: 'price_key', type: 'int8', value: (row) => row.priceKey },
  { name: 'price_tier', type: 'int4', value: (row) => row.priceTier },
  { name: 'repeated', type: 'int4', value: (row) => row.repeated },
  { name: 'stated_facts', type: 'jsonb', value: encodeFacts },
  { name: 'experiment', type: 'jsonb', value: (row) => json(row.state.values.experiment) },
  ...IDENTITY_COLUMNS.map(([name, column]): Column<ObservationRow> => ({
    name: column,
    type: 'text',
    value: field(name),
  })),
  { name: 'stamp', type: 'int8', value: (row) => row.stamp },
  { name: 'stamps', type: 'jsonb', value: (row) => row.stamps },
];

const INSERT = new BulkInsert(
  'observations',
  COLUMNS,
  `(project_no, trace_id, id, bucket) DO UPDATE SET ` +
    replaceColumns(COLUMNS, ['project_no', 'trace_id', 'id', 'bucket', 'created_at']),
);

/** `added` are not stored yet, `changed` are. */
export function writeObservations(
  batch: StatementBatch,
  added: readonly ObservationRow[],
  changed: readonly ObservationRow[],
): void {
  INSERT.addNewTo(batch, added);
  INSERT.addTo(batch, changed);
}

/** The key columns of `rows` as array parameters $1 to $4. */
export function keyParameters(keys: readonly ObservationKey[]): Buffer[] {
  return [
    encodeArray(
      'key.project_no',
      'int4',
      keys.map((key) => key.projectNo),
    ),
    encodeArray(
      'key.trace_id',
      'text',
      keys.map((key) => key.traceId),
    ),
    encodeArray(
      'key.id',
      'text',
      keys.map((key) => key.id),
    ),
    encodeArray(
      'key.bucket',
      'int4',
      keys.map((key) => key.bucket),
    ),
  ];
}

/** Joins `k`, the keys of `keyParameters`, to one row each of a table; a plain join would let the planner hash the whole table. */
export const KEYED = 'unnest($1::int4[], $2::text[], $3::text[], $4::int4[]) WITH ORDINALITY AS k(p, t, i, b, n)';
export const SAME_KEY = 'o.project_no = k.p AND o.trace_id = k.t AND o.id = k.i AND o.bucket = k.b';

const SELECT_STORED =
  `SELECT k.n::int4 AS n, o.* FROM ${KEYED} CROSS JOIN LATERAL (SELECT ` +
  `${micros('o.start_time')} AS start_time, ${micros('o.end_time')} AS end_time, ` +
  `${micros('o.completion_start_time')} AS completion_start_time, ${micros('o.created_at')} AS created_at, ` +
  `${micros('o.updated_at')} AS updated_at, o.type, o.name, o.level, o.status_message, o.model, o.model_parameters, ` +
  `o.parent_observation_id, o.version, o.environment, o.prompt_id, o.prompt_name, o.prompt_version, o.usage, ` +
  `o.input_tokens, o.output_tokens, o.total_tokens, o.stated_cost, o.cost_nano_usd, o.input_cost_nano_usd, o.output_cost_nano_usd, o.price_key, o.price_tier, ` +
  `o.repeated, o.stated_facts, o.experiment, ` +
  `${IDENTITY_SELECTION}, o.stamp, o.stamps ` +
  `FROM observations o WHERE ${SAME_KEY} LIMIT 1) o`;

interface StoredColumns extends IdentityColumns {
  n: number;
  start_time: string | null;
  end_time: string | null;
  completion_start_time: string | null;
  created_at: string;
  updated_at: string;
  type: string | null;
  name: string | null;
  level: string | null;
  status_message: string | null;
  model: string | null;
  model_parameters: string | null;
  parent_observation_id: string | null;
  version: string | null;
  environment: string | null;
  prompt_id: string | null;
  prompt_name: string | null;
  prompt_version: string | null;
  usage: UsageDetails | null;
  input_tokens: string | null;
  output_tokens: string | null;
  total_tokens: string | null;
  stated_cost: CostDetails | null;
  cost_nano_usd: string | null;
  input_cost_nano_usd: string | null;
  output_cost_nano_usd: string | null;
  price_key: string | null;
  price_tier: number | null;
  repeated: number | null;
  stated_facts: StatedFacts | null;
  experiment: ExperimentRef | null;
  stamp: string | null;
  stamps: Record<string, number> | null;
}

/** The stored rows of `keys`, at the keys' positions; undefined where there is none. */
export async function selectObservations(
  client: ClientBase,
  keys: readonly ObservationKey[],
): Promise<(ObservationRow | undefined)[]> {
  const found = new Array<ObservationRow | undefined>(keys.length);
  if (keys.length === 0) return found;
  const result = await client.query<StoredColumns>({
    name: 'select observations',
    text: SELECT_STORED,
    values: keyParameters(keys),
  });
  for (const row of result.rows) found[row.n - 1] = decodeRow(keys[row.n - 1]!, row);
  return found;
}

function decodeRow(key: ObservationKey, row: StoredColumns): ObservationRow {
  const state = newObservationState();
  const endTime = toNumber(row.end_time);
  state.startTime = toNumber(row.start_time);
  const facts = row.stated_facts ?? NO_FACTS;
  // One literal and no spreads: this runs for every stored row that a message is merged into.
  const values: Record<(typeof OBSERVATION_FIELDS)[number], unknown> = {
    endTime,
    completionStartTime: toNumber(row.completion_start_time),
    type: row.type,
    name: row.name,
    level: row.level,
    statusMessage: row.status_message,
    model: row.model,
    modelParameters: row.model_parameters,
    parentObservationId: row.parent_observation_id,
    version: row.version,
    promptId: row.prompt_id,
    promptName: row.prompt_name,
    promptVersion: row.prompt_version,
    usage: row.usage,
    statedCost: row.stated_cost,
    usageUnit: facts.usageUnit,
    statedLatencySeconds: facts.statedLatencySeconds,
    statedTimeToFirstTokenSeconds: facts.statedTimeToFirstTokenSeconds,
    modelId: facts.modelId,
    inputPriceUsd: facts.inputPriceUsd,
    outputPriceUsd: facts.outputPriceUsd,
    totalPriceUsd: facts.totalPriceUsd,
    requestedModel: row.requested_model,
    provider: row.provider,
    finishReason: row.finish_reason,
    toolName: row.tool_name,
    toolNames: row.tool_names,
    calledToolNames: row.called_tool_names,
    agentName: row.agent_name,
    turnId: row.turn_id,
    runId: row.run_id,
    stepId: row.step_id,
    parentStepId: row.parent_step_id,
    stepType: row.step_type,
    attemptIndex: facts.attemptIndex,
    runState: facts.runState,
    experiment: row.experiment,
  };
  decodeStamps(OBSERVATION_FIELDS, state, {
    values,
    environment: row.environment,
    stamp: toNumber(row.stamp),
    stamps: row.stamps,
  });
  return {
    ...key,
    state,
    startTime: state.startTime,
    endTime,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    type: row.type,
    level: row.level,
    model: row.model,
    parentId: row.parent_observation_id,
    inputTokens: toNumber(row.input_tokens),
    outputTokens: toNumber(row.output_tokens),
    totalTokens: toNumber(row.total_tokens),
    costNanoUsd: toNumber(row.cost_nano_usd),
    inputCostNanoUsd: toNumber(row.input_cost_nano_usd),
    outputCostNanoUsd: toNumber(row.output_cost_nano_usd),
    priceKey: toNumber(row.price_key),
    priceTier: row.price_tier,
    repeated: row.repeated,
    stamp: toNumber(row.stamp),
    stamps: null,
  };
}
