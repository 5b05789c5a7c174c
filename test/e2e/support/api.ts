import { type RunningServer, type ServerOptions, startServer, TEST_TOKEN } from '../../support/server-process.js';

export const BEARER = { authorization: `Bearer ${TEST_TOKEN}` };
export const BATCH = '/v1/l/batch';
export const OTLP = '/api/public/otel/v1/traces';
export const JSON_TYPE = { 'content-type': 'application/json' };
export const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' };

/** Tests ask faster than a person at a dashboard. */
const NO_RATE_LIMIT = { RATE_LIMIT_QPS: '1000000', RATE_LIMIT_BURST: '1000000' };

/** A JSON object whose keys a test looks at one by one. */
export type JsonObject = Record<string, unknown>;

export interface ObservationAnswer extends JsonObject {
  readonly id: string;
  readonly name: string | null;
  readonly input: unknown;
  readonly output: unknown;
  readonly metadata: JsonObject;
}

export interface TraceAnswer extends JsonObject {
  readonly id: string;
  readonly metadata: JsonObject;
  readonly observations: readonly ObservationAnswer[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON; throws when it is none. */
  json(): JsonObject;
}

/** What the whole server needs for tests that read back what they wrote, in a process of its own. */
export function startE2eServer(options: ServerOptions = {}): Promise<RunningServer> {
  return startServer({ ...options, env: { ...NO_RATE_LIMIT, ...options.env } });
}

/** A client of the public API that sends the bearer token. */
export class Api {
  constructor(readonly baseUrl: string) {}

  async get(path: string, headers: Record<string, string> = BEARER): Promise<Answer> {
    return answerOf(await fetch(this.baseUrl + path, { headers }));
  }

  async post(path: string, body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE): Promise<Answer> {
    return answerOf(await fetch(this.baseUrl + path, { method: 'POST', headers: { ...BEARER, ...headers }, body }));
  }

  postJson(path: string, value: unknown): Promise<Answer> {
    return this.post(path, JSON.stringify(value));
  }

  /** Writes what must be taken whole. */
  async write(path: string, value: unknown): Promise<void> {
    const { status, text } = await this.postJson(path, value);
    if (status !== 200) throw new Error(`POST ${path} answered ${status}: ${text}`);
  }

  /** Writes spans in OTLP/JSON that must be taken whole. */
  writeSpans(...spans: object[]): Promise<void> {
    return this.write(OTLP, { resourceSpans: [{ scopeSpans: [{ spans }] }] });
  }

  async read(path: string): Promise<JsonObject> {
    const answer = await this.get(path);
    if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${answer.text}`);
    return answer.json();
  }

  async trace(id: string): Promise<TraceAnswer> {
    return (await this.read(`/api/public/traces/${encodeURIComponent(id)}`)) as TraceAnswer;
  }

  async hasTrace(id: string): Promise<boolean> {
    return (await this.get(`/api/public/traces/${encodeURIComponent(id)}`)).status === 200;
  }

  session(id: string): Promise<JsonObject> {
    return this.read(`/api/public/sessions/${encodeURIComponent(id)}`);
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('utf8');
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    json: () => JSON.parse(text) as JsonObject,
  };
}

/** The observation of that name; fails when there is none or several. */
export function observationNamed(trace: TraceAnswer, name: string): ObservationAnswer {
  const found = trace.observations.filter((observation) => observation.name === name);
  if (found.length !== 1) throw new Error(`${found.length} observations are named ${name}`);
  return found[0]!;
}

let made = 0;

/** An id that no other test of the same server uses. */
export function uniqueId(prefix: string): string {
  made += 1;
  return `${prefix}-${made}`;
}

/** Ids as OpenTelemetry makes them, different at each call. */
export function otelTraceId(): string {
  made += 1;
  return `e2e0${made.toString(16).padStart(28, '0')}`;
}

export function otelSpanId(): string {
  made += 1;
  return `5ba0${made.toString(16).padStart(12, '0')}`;
}

const NANOS_PER_MS = 1_000_000n;

/** A span in OTLP/JSON that the server takes, a second ago; override what matters. */
export function aSpan(fields: JsonObject = {}): JsonObject {
  const start = BigInt(Date.now() - 1000) * NANOS_PER_MS;
  return {
    traceId: otelTraceId(),
    spanId: otelSpanId(),
    name: 'a span',
    kind: 1,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 250n * NANOS_PER_MS),
    ...fields,
  };
}
