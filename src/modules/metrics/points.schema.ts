import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { InvalidInput, TooLarge } from '../../domain/errors.js';
import { parseRequestJson } from '../../domain/request-json.js';

/** An item as it comes from JSON.parse once its check has passed. Labels may own any key, `__proto__` included. */
export interface WirePoint {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>> | null;
  /** Finite. */
  readonly value: number;
  readonly timestamp: string;
}

const check = Compile(
  Type.Object({
    name: Type.String(),
    labels: Type.Optional(Type.Unsafe({ type: ['object', 'null'], additionalProperties: { type: 'string' } })),
    value: Type.Number(),
    timestamp: Type.String(),
  }),
);

/** Whether every field of `item` has the type it must have. Costs under a microsecond; unknown fields are ignored. */
export function isWirePoint(item: unknown): item is WirePoint {
  return check.Check(item);
}

/** Why an item that failed its check did, naming the first field to blame. Slow: only for items that are refused anyway. */
export function typeProblem(item: unknown): InvalidInput {
  const [error] = check.Errors(item);
  if (error?.keyword === 'required') return new InvalidInput('is required', error.params.requiredProperties[0]);
  if (error === undefined || error.instancePath === '') return new InvalidInput('must be an object');
  const [field, label] = error.instancePath.slice(1).split('/');
  if (label !== undefined) return new InvalidInput('must be an object of strings', field);
  // JSON has no infinity, but 1e400 is one once it is read.
  if (field === 'value') return new InvalidInput('must be a finite number', field);
  return new InvalidInput(error.message, field);
}

/** More items than this belong into several requests: each costs memory beyond the bytes that the body limit counts. */
const MAX_POINTS = 500_000;

/**
 * Reads the outer shape of a `POST /v1/metrics/batch` body: its items, still unchecked.
 * @throws InvalidInput for what is no JSON object with a list `metrics`, TooLarge beyond MAX_POINTS and as `parseRequestJson`.
 */
export function readBatch(body: Buffer): readonly unknown[] {
  const request = parseRequestJson(body.toString('utf8'));
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw new InvalidInput('The body must be a JSON object with "metrics"');
  }
  const { metrics } = request as { metrics?: unknown };
  if (!Array.isArray(metrics)) throw new InvalidInput('metrics must be an array', 'metrics');
  if (metrics.length > MAX_POINTS) {
    throw new TooLarge(`metrics holds ${metrics.length} items, at most ${MAX_POINTS} fit one request`);
  }
  return metrics;
}
