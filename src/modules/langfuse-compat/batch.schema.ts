import { InvalidInput, TooLarge } from '../../domain/errors.js';
import { parseRequestJson } from '../../domain/request-json.js';
import { type BatchTexts, readPayloadTexts } from './batch.payload-texts.js';
import { bodyText, compileFields, firstProblem, type Kinds, snakeCase } from './item-schema.js';

/** The documented fields of `trace`. Each is also known by its snake_case name. */
export const TRACE_FIELDS = {
  id: 'text',
  timestamp: 'text',
  name: 'text',
  input: 'loose',
  output: 'loose',
  sessionId: 'text',
  userId: 'text',
  externalId: 'text',
  metadata: 'loose',
  tags: 'texts',
  public: 'flag',
  bookmarked: 'flag',
  latency: 'number',
  totalCost: 'number',
  environment: 'loose',
  release: 'loose',
  version: 'loose',
  updatedAt: 'text',
} as const satisfies Readonly<Record<string, keyof Kinds>>;

/** The documented fields of an observation. Each is also known by its snake_case name. */
export const OBSERVATION_FIELDS = {
  id: 'text',
  traceId: 'text',
  parentObservationId: 'text',
  type: 'loose',
  name: 'text',
  startTime: 'text',
  endTime: 'text',
  completionStartTime: 'text',
  model: 'text',
  modelParameters: 'object',
  input: 'loose',
  output: 'loose',
  metadata: 'loose',
  level: 'loose',
  statusMessage: 'text',
  environment: 'loose',
  version: 'loose',
  promptId: 'text',
  promptName: 'text',
  promptVersion: 'textOrNumber',
  usage: 'loose',
  promptTokens: 'number',
  completionTokens: 'number',
  totalTokens: 'number',
  unit: 'text',
  modelId: 'text',
  inputPrice: 'number',
  outputPrice: 'number',
  totalPrice: 'number',
  calculatedInputCost: 'number',
  calculatedOutputCost: 'number',
  calculatedTotalCost: 'number',
  latency: 'number',
  timeToFirstToken: 'number',
  updatedAt: 'text',
} as const satisfies Readonly<Record<string, keyof Kinds>>;

type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : '';

/** An item as it comes from JSON.parse once its check has passed. It may own any other key, `__proto__` included. */
type Wire<F extends Readonly<Record<string, keyof Kinds>>> = {
  readonly [K in keyof F]?: Kinds[F[K]] | null;
} & { readonly [K in keyof F & string as SnakeCase<K>]?: Kinds[F[K]] | null };

export type WireTrace = Wire<typeof TRACE_FIELDS>;
export type WireObservation = Wire<typeof OBSERVATION_FIELDS>;

/** A request whose outer shape is right; its items are still unchecked. */
export interface WireBatch {
  readonly trace?: unknown;
  readonly observations: readonly unknown[];
  /** Payloads as they were sent. */
  readonly texts: BatchTexts;
}

const checks = {
  trace: compileFields(TRACE_FIELDS, [snakeCase]),
  observation: compileFields(OBSERVATION_FIELDS, [snakeCase]),
};

/** Whether every field of `item` has a type it may have. Costs well under a microsecond; unknown fields are ignored. */
export function isWireTrace(item: unknown): item is WireTrace {
  return checks.trace.Check(item);
}

export function isWireObservation(item: unknown): item is WireObservation {
  return checks.observation.Check(item);
}

/** Why an item that failed its check did. Slow: only for items that are refused anyway. */
export function typeProblem(kind: 'trace' | 'observation', item: unknown): InvalidInput {
  return firstProblem(checks[kind], item);
}

/** More items than this belong into several requests: each costs memory beyond the bytes that the body limit counts. */
const MAX_OBSERVATIONS = 50_000;

/**
 * Reads the outer shape of a `POST /v1/l/batch` body.
 * @throws InvalidInput for what is no JSON object with `trace` or `observations`, TooLarge beyond MAX_OBSERVATIONS.
 */
export function readBatch(body: Buffer): WireBatch {
  const text = bodyText(body);
  const request = parseRequestJson(text);
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw new InvalidInput('The body must be a JSON object with "trace", "observations" or both');
  }
  const trace = (request as { trace?: unknown }).trace ?? undefined;
  const observations = (request as { observations?: unknown }).observations ?? undefined;
  if (trace === undefined && observations === undefined) {
    throw new InvalidInput('The body must hold "trace", "observations" or both', 'observations');
  }
  if (observations === undefined) return { trace, observations: [], texts: readPayloadTexts(text) };
  if (!Array.isArray(observations)) throw new InvalidInput('observations must be an array', 'observations');
  if (observations.length > MAX_OBSERVATIONS) {
    throw new TooLarge(`observations holds ${observations.length} items, at most ${MAX_OBSERVATIONS} fit one request`);
  }
  return { trace, observations, texts: readPayloadTexts(text) };
}
