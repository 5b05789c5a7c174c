import { type ExperimentRef } from '../../domain/experiment.js';
import { type JsonText } from '../../domain/json.js';
import {
  type CostDetails,
  type Level,
  type ObservationType,
  type ObservationWithPayload,
  type RunState,
  type UsageDetails,
} from '../../domain/observation.js';
import { micros, toNumber } from '../bulk-insert.js';
import { decodeIdentity, IDENTITY_SELECTION, type IdentityColumns } from './identity-columns.js';

/** The columns of `o` that an observation is made of, without its payload. */
export const OBSERVATION_COLUMNS =
  `o.id, ${micros('o.start_time')} AS start_time, ${micros('o.end_time')} AS end_time, ` +
  `${micros('o.completion_start_time')} AS completion_start_time, ${micros('o.created_at')} AS created_at, ` +
  `${micros('o.updated_at')} AS updated_at, o.type, o.name, o.level, o.status_message, o.model, o.model_parameters, ` +
  'o.parent_observation_id, o.version, o.environment, o.prompt_id, o.prompt_name, o.prompt_version, o.usage, ' +
  'o.input_tokens, o.output_tokens, o.total_tokens, o.stated_cost, o.cost_nano_usd, o.price_key, o.stated_facts, o.experiment, ' +
  IDENTITY_SELECTION;

/** A row of `OBSERVATION_COLUMNS` as `pg` gives it: int8 is text, jsonb is parsed. */
export interface ObservationColumns extends IdentityColumns {
  id: string;
  start_time: string | null;
  end_time: string | null;
  completion_start_time: string | null;
  created_at: string;
  updated_at: string;
  type: ObservationType | null;
  name: string | null;
  level: Level | null;
  status_message: string | null;
  model: string | null;
  model_parameters: JsonText | null;
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
  price_key: string | null;
  stated_facts: StatedFacts | null;
  experiment: ExperimentRef | null;
}

/** What `stated_facts` holds: the seldom stated fields by their names in the domain. */
interface StatedFacts {
  usageUnit?: string;
  statedLatencySeconds?: number;
  statedTimeToFirstTokenSeconds?: number;
  modelId?: string;
  inputPriceUsd?: number;
  outputPriceUsd?: number;
  totalPriceUsd?: number;
  attemptIndex?: number;
  runState?: RunState;
}

const NO_FACTS: StatedFacts = {};

/** The observation of a row, its payload still missing. */
export function decodeObservation(traceId: string, row: ObservationColumns): ObservationWithPayload {
  const facts = row.stated_facts ?? NO_FACTS;
  return {
    traceId,
    id: row.id,
    startTime: toNumber(row.start_time),
    endTime: toNumber(row.end_time),
    completionStartTime: toNumber(row.completion_start_time),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    type: row.type,
    name: row.name,
    level: row.level,
    statusMessage: row.status_message,
    model: row.model,
    modelParameters: row.model_parameters,
    parentObservationId: row.parent_observation_id,
    version: row.version,
    environment: row.environment,
    promptId: row.prompt_id,
    promptName: row.prompt_name,
    promptVersion: row.prompt_version,
    usage: row.usage,
    inputTokens: toNumber(row.input_tokens),
    outputTokens: toNumber(row.output_tokens),
    totalTokens: toNumber(row.total_tokens),
    statedCost: row.stated_cost,
    costNanoUsd: toNumber(row.cost_nano_usd),
    priceKey: toNumber(row.price_key),
    price: null,
    usageUnit: facts.usageUnit ?? null,
    statedLatencySeconds: facts.statedLatencySeconds ?? null,
    statedTimeToFirstTokenSeconds: facts.statedTimeToFirstTokenSeconds ?? null,
    modelId: facts.modelId ?? null,
    inputPriceUsd: facts.inputPriceUsd ?? null,
    outputPriceUsd: facts.outputPriceUsd ?? null,
    totalPriceUsd: facts.totalPriceUsd ?? null,
    attemptIndex: facts.attemptIndex ?? null,
    runState: facts.runState ?? null,
    experiment: row.experiment,
    ...decodeIdentity(row),
    input: null,
    output: null,
    metadata: null,
  };
}
