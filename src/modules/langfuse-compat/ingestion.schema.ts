import { type TProperties } from 'typebox';
import { type Validator } from 'typebox/compile';
import { InvalidInput, TooLarge } from '../../domain/errors.js';
import { type ObservationType } from '../../domain/observation.js';
import { parseRequestJson } from '../../domain/request-json.js';
import { type PayloadTexts, readEventTexts } from './batch.payload-texts.js';
import { bodyText, compileFields, type Fields, firstProblem, type Kinds } from './item-schema.js';

/** The documented fields of the body of a `trace-create` (langfuse.md §3.4). */
const TRACE_FIELDS = {
  id: 'text',
  timestamp: 'text',
  name: 'text',
  externalId: 'loose',
  input: 'loose',
  output: 'loose',
  sessionId: 'text',
  userId: 'text',
  environment: 'loose',
  metadata: 'loose',
  release: 'loose',
  version: 'loose',
  public: 'flag',
  tags: 'texts',
} as const satisfies Fields;

const EVENT_FIELDS = {
  id: 'text',
  traceId: 'text',
  environment: 'loose',
  name: 'text',
  startTime: 'text',
  metadata: 'loose',
  input: 'loose',
  output: 'loose',
  level: 'loose',
  statusMessage: 'text',
  parentObservationId: 'text',
  version: 'loose',
} as const satisfies Fields;

const SPAN_FIELDS = { ...EVENT_FIELDS, endTime: 'text' } as const satisfies Fields;

const GENERATION_FIELDS = {
  ...SPAN_FIELDS,
  completionStartTime: 'text',
  model: 'text',
  modelParameters: 'object',
  usage: 'loose',
  usageDetails: 'loose',
  costDetails: 'loose',
  promptName: 'text',
  promptVersion: 'textOrNumber',
} as const satisfies Fields;

const LEGACY_FIELDS = { ...GENERATION_FIELDS, type: 'text' } as const satisfies Fields;

/** A body as it comes from JSON.parse once its check has passed. It may own any other key, `__proto__` included. */
type Wire<F extends Fields> = { readonly [K in keyof F]?: Kinds[F[K]] | null };

export type TraceBody = Wire<typeof TRACE_FIELDS>;
export type ObservationBody = Wire<typeof LEGACY_FIELDS>;

/** What the body of an event says something about, and which fields it may have. */
type Subject = 'trace' | 'observation' | 'score' | 'log';

/** One type of event. */
export interface EventKind {
  readonly subject: Subject;
  /** At equal times an update beats the create that it follows. */
  readonly isUpdate: boolean;
  /** Of its observation; undefined where the body names it. */
  readonly type?: ObservationType;
  /** Of its body; undefined for those that this door does not look into. */
  readonly check?: Validator<TProperties>;
  /** Which fields of an observation count; a client's others are ignored, whatever they hold. */
  readonly hasEnd: boolean;
  readonly isGeneration: boolean;
}

function kind(subject: Subject, type?: ObservationType, fields?: Fields): EventKind {
  return {
    subject,
    isUpdate: false,
    ...(type && { type }),
    ...(fields && { check: compileFields(fields) }),
    hasEnd: fields !== undefined && 'endTime' in fields,
    isGeneration: fields !== undefined && 'model' in fields,
  };
}

function update(create: EventKind): EventKind {
  return { ...create, isUpdate: true };
}

const SPAN = kind('observation', 'SPAN', SPAN_FIELDS);
const GENERATION = kind('observation', 'GENERATION', GENERATION_FIELDS);
const LEGACY = kind('observation', undefined, LEGACY_FIELDS);

/** Types that have a create and no update of their own. */
const CREATED_ONLY = ['AGENT', 'TOOL', 'CHAIN', 'RETRIEVER', 'EVALUATOR', 'EMBEDDING', 'GUARDRAIL'] as const;

/** Every type of event that clients send (langfuse.md §3.3). */
export const EVENT_KINDS: ReadonlyMap<unknown, EventKind> = new Map<unknown, EventKind>([
  ['trace-create', kind('trace', undefined, TRACE_FIELDS)],
  ['span-create', SPAN],
  ['span-update', update(SPAN)],
  ['generation-create', GENERATION],
  ['generation-update', update(GENERATION)],
  ['event-create', kind('observation', 'EVENT', EVENT_FIELDS)],
  ...CREATED_ONLY.map((type): [string, EventKind] => [`${type.toLowerCase()}-create`, { ...GENERATION, type }]),
  ['observation-create', LEGACY],
  ['observation-update', update(LEGACY)],
  ['score-create', kind('score')],
  ['sdk-log', kind('log')],
]);

/** Why `body` is none that an event of `kind` may have; undefined when it is one. */
export function bodyProblem({ check }: EventKind, body: unknown): InvalidInput | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return new InvalidInput('must be an object');
  return check === undefined || check.Check(body) ? undefined : firstProblem(check, body);
}

/** More events than this belong into several requests: each costs memory beyond the bytes that the body limit counts. */
const MAX_EVENTS = 50_000;

/** A request whose outer shape is right; its events are still unchecked. */
export interface Envelope {
  readonly events: readonly unknown[];
  /** Payloads of their bodies as they were sent. */
  readonly texts: readonly PayloadTexts[];
}

/**
 * Reads the outer shape of a `POST /api/public/ingestion` body.
 * @throws InvalidInput for what is no JSON object with an array `batch`, TooLarge beyond MAX_EVENTS.
 */
export function readEnvelope(body: Buffer): Envelope {
  const text = bodyText(body);
  const request = parseRequestJson(text);
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw new InvalidInput('The body must be a JSON object with "batch"', 'batch');
  }
  const { batch } = request as { batch?: unknown };
  if (!Array.isArray(batch)) throw new InvalidInput('batch must be an array', 'batch');
  if (batch.length > MAX_EVENTS) {
    throw new TooLarge(`batch holds ${batch.length} events, at most ${MAX_EVENTS} fit one request`);
  }
  return { events: batch, texts: readEventTexts(text) };
}

/** A write of the time before batches: one thing a request, and the request is the body of an event. */
export interface SingleWrite {
  readonly type: string;
  /** Fields that name the thing, the first that is stated counts; one is made where none may be needed. */
  readonly idFields: readonly string[];
  readonly isCreate: boolean;
}

/**
 * Reads a single write as the event that says the same. `newId` becomes the id of what is created without one; `idField`
 * is what the caller calls it.
 * @throws InvalidInput for what is no JSON object.
 */
export function readSingle(
  body: Buffer,
  write: SingleWrite,
  newId: string,
): { event: unknown; id: string; idField: string } {
  const parsed = parseRequestJson(bodyText(body));
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new InvalidInput('The body must be a JSON object');
  const fields = parsed as Readonly<Record<string, unknown>>;
  const isStated = (name: string) => fields[name] !== undefined && fields[name] !== null;
  const idField = write.idFields.find(isStated) ?? write.idFields[0]!;
  const id = fields[idField] ?? (write.isCreate ? newId : undefined);
  // What comes after a spread wins, and a key `__proto__` of the client stays a key.
  const event = { id: newId, type: write.type, timestamp: new Date().toISOString(), body: { ...fields, id } };
  // Any other id is refused with the event.
  return { event, id: typeof id === 'string' ? id : newId, idField };
}
