import { encodeBySdk, type SdkSpan } from '../fixtures/otlp/wire.js';
import { Random } from '../support/messages.js';
import { type RequestBody } from './bodies.js';
import { generate, type Generated, type GeneratedObservation, OBSERVATIONS_PER_TRACE } from './generator.js';

const HOUR_MS = 3_600_000;
const NANOS_PER_MS = 1_000_000n;
const ID_TAIL_BYTES = 4;

interface PooledBody extends RequestBody {
  /** Where the last four bytes of ids are. */
  readonly ids: readonly number[];
  /** Where the last eight hex digits of sessions are. */
  readonly sessions: readonly number[];
  round: number;
}

/**
 * The workload of `/v1/l/batch` as OTLP protobuf, written by OpenTelemetry's own encoder: model calls by the GenAI
 * conventions, other steps by OpenInference. Bodies come again with other ids, which are overwritten in place.
 */
export class OtlpBodyPool {
  private readonly free: PooledBody[];

  constructor(options: { seed: number; observations: number; observationsPerBody: number }) {
    const toMs = Date.now();
    const traces = Math.ceil(options.observations / OBSERVATIONS_PER_TRACE);
    const all = [...generate({ seed: options.seed, fromMs: toMs - HOUR_MS, toMs, traces })];
    const parts = all.flatMap((of) => of.observations.map((observation) => ({ observation, of })));
    this.free = [];
    for (let at = 0; at + options.observationsPerBody <= parts.length; at += options.observationsPerBody) {
      this.free.push(makeBody(parts.slice(at, at + options.observationsPerBody)));
    }
  }

  /** A body with ids that were never sent. */
  take(): RequestBody {
    const body = this.free.shift();
    if (body === undefined) throw new Error('the pool is too small for this many connections');
    body.round += 1;
    for (const at of body.ids) body.bytes.writeUInt32BE(body.round, at);
    const digits = body.round.toString(16).padStart(8, '0');
    for (const at of body.sessions) body.bytes.write(digits, at, 'latin1');
    return body;
  }

  give(body: RequestBody): void {
    this.free.push(body as PooledBody);
  }

  bytesPerObservation(): number {
    const bytes = this.free.reduce((sum, body) => sum + body.bytes.length, 0);
    return bytes / this.free.reduce((sum, body) => sum + body.observations, 0);
  }
}

function makeBody(parts: readonly { observation: GeneratedObservation; of: Generated }[]): PooledBody {
  const spans = parts.map(({ observation, of }) => toSpan(observation, of));
  const { environment } = parts[0]!.of.trace;
  const bytes = encodeBySdk(spans, {
    resource: { 'service.name': 'assistant', 'deployment.environment.name': environment },
    scope: { name: 'bench', version: '1.0.0' },
  }).protobuf;
  const hexIds = new Set(
    parts.flatMap(({ observation: { id, traceId, parentObservationId } }) => [id, traceId, parentObservationId ?? id]),
  );
  const ids = [...hexIds].flatMap((hex) => {
    const id = Buffer.from(hex, 'hex');
    return positionsOf(bytes, id).map((at) => at + id.length - ID_TAIL_BYTES);
  });
  const sessionIds = new Set(parts.map(({ of }) => of.trace.sessionId));
  const sessions = [...sessionIds].flatMap((session) => {
    const id = Buffer.from(session, 'latin1');
    return positionsOf(bytes, id).map((at) => at + id.length - 8);
  });
  return {
    bytes,
    observations: parts.length,
    traces: new Set(parts.map(({ of }) => of)).size,
    ids,
    sessions,
    round: 0,
  };
}

function positionsOf(bytes: Buffer, part: Buffer): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(part); at >= 0; at = bytes.indexOf(part, at + 1)) found.push(at);
  return found;
}

function toSpan(observation: GeneratedObservation, { trace }: Generated): SdkSpan {
  const { id, traceId, parentObservationId, type, name, startTime, endTime, level, statusMessage } = observation;
  const startMs = Date.parse(startTime);
  return {
    traceId,
    spanId: id,
    ...(parentObservationId === undefined ? {} : { parentSpanId: parentObservationId }),
    name,
    kind: type === 'GENERATION' ? 3 : 1,
    startNanos: BigInt(startMs) * NANOS_PER_MS,
    durationNanos: BigInt(Date.parse(endTime) - startMs) * NANOS_PER_MS,
    ...(level === 'ERROR' ? { status: { code: 2, message: statusMessage ?? '' } } : {}),
    attributes: {
      ...(type === 'GENERATION' ? callAttributes(observation) : stepAttributes(observation)),
      ...flat(observation.metadata),
      ...(parentObservationId === undefined
        ? { 'session.id': trace.sessionId, 'user.id': trace.userId, 'tag.tags': trace.tags }
        : {}),
    },
  };
}

function callAttributes({
  model,
  modelParameters,
  usage,
  input,
  output,
}: GeneratedObservation): Record<string, unknown> {
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': model,
    'gen_ai.response.model': model,
    'gen_ai.request.temperature': modelParameters?.['temperature'],
    'gen_ai.request.max_tokens': modelParameters?.['max_tokens'],
    'gen_ai.response.time_to_first_chunk': 0.25,
    'gen_ai.usage.input_tokens': usage?.['input'],
    'gen_ai.usage.output_tokens': usage?.['output'],
    'gen_ai.input.messages': JSON.stringify((input as Message[]).map(withParts)),
    'gen_ai.output.messages': JSON.stringify([withParts(output as Message)]),
  };
}

interface Message {
  readonly role: string;
  readonly content: string;
}

const withParts = ({ role, content }: Message) => ({ role, parts: [{ type: 'text', content }] });

function stepAttributes({ type, input, output }: GeneratedObservation): Record<string, unknown> {
  return {
    'openinference.span.kind': type,
    'input.value': JSON.stringify(input),
    'input.mime_type': 'application/json',
    'output.value': JSON.stringify(output),
    'output.mime_type': 'application/json',
  };
}

/** What is nested becomes dotted keys, as instrumentations write it. */
function flat(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([key, value]) =>
      typeof value === 'object' && value !== null ? Object.entries(value) : [[key, value] as [string, unknown]],
    ),
  );
}

/** Spans of corpus A (otlp.md §7.1): 25 attributes, two of them 2 KB of messages with some non-ASCII; 5 KB a span. */
export function modelCallSpans(count: number, seed: number): SdkSpan[] {
  const random = new Random(seed);
  const nowNanos = BigInt(Date.now()) * NANOS_PER_MS;
  const [trace] = generate({ seed, fromMs: 0, toMs: 1, traces: 1 });
  const text = trace!.observations.map(({ output }) => (output as Message).content).join(' ');
  const message = (role: string) => {
    const at = random.below(text.length - 1900);
    return JSON.stringify([{ role, parts: [{ type: 'text', content: `Grüße – ${text.slice(at, at + 1900)} 東京` }] }]);
  };
  const hex = (digits: number) => Array.from({ length: digits }, () => random.below(16).toString(16)).join('');
  const traceIds = Array.from({ length: Math.ceil(count / 8) }, () => hex(32));
  return Array.from({ length: count }, (_, n): SdkSpan => ({
    traceId: traceIds[n >> 3]!,
    spanId: hex(16),
    name: 'chat gpt-4.1-mini',
    kind: 3,
    startNanos: nowNanos - BigInt(count - n) * NANOS_PER_MS,
    durationNanos: 900n * NANOS_PER_MS,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4.1-mini',
      'gen_ai.response.model': 'gpt-4.1-mini-2025-04-14',
      'gen_ai.response.id': `chatcmpl-${hex(24)}`,
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.request.temperature': 0.7,
      'gen_ai.request.max_tokens': 1024,
      'gen_ai.request.top_p': 0.9,
      'gen_ai.request.stop_sequences': ['END', 'STOP'],
      'gen_ai.usage.input_tokens': 200 + random.below(4000),
      'gen_ai.usage.output_tokens': 20 + random.below(600),
      'gen_ai.usage.cache_read.input_tokens': random.below(200),
      'gen_ai.response.time_to_first_chunk': 0.31,
      'gen_ai.conversation.id': `conversation-${n >> 3}`,
      'gen_ai.input.messages': message('user'),
      'gen_ai.output.messages': message('assistant'),
      'server.address': 'api.openai.com',
      'server.port': 443,
      'user.id': `user-${random.below(2000)}`,
      'session.id': `session-${n >> 3}`,
      'app.tenant': 'acme',
      'app.feature': 'support',
      'app.is_retry': false,
      'app.ratio': random.next(),
    },
    ...(n % 5 === 0 ? { events: [{ name: 'first token', attributes: { position: 1 } }] } : {}),
  }));
}

export const CORPUS_ORIGIN = {
  resource: { 'service.name': 'bench', 'deployment.environment.name': 'production' },
  scope: { name: 'bench', version: '1.0.0' },
};
