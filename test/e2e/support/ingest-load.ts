import { waitFor } from '../../support/server-process.js';
import { type Api, BATCH, BEARER, JSON_TYPE, type JsonObject, OTLP } from './api.js';

/** Something that an acknowledged request has said and that must be readable from then on. */
export interface Fact {
  readonly traceId: string;
  readonly observationId: string;
  /** Null while the observation is open. */
  readonly output: string | null;
}

interface LoadRequest {
  readonly path: string;
  readonly body: string;
  readonly facts: readonly Fact[];
}

/** A request that was answered with 2xx. */
export interface Acknowledgement {
  readonly sentAtMs: number;
  readonly facts: readonly Fact[];
}

/** A request that was answered with something else. */
export interface Refusal {
  readonly path: string;
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | null;
  readonly tookMs: number;
}

const SESSIONS = 5;
const STEPS = 3;
const PADDING = 'lorem ipsum '.repeat(40);

/**
 * Several clients that write without a break, half of them through either door. Each trace takes three requests, of
 * which the last moves it to another session, and each request touches two traces; so all sums are under way all the
 * time. A request that was not acknowledged is sent again until it is, as SDKs do.
 */
export class IngestLoad {
  readonly acknowledged: Acknowledgement[] = [];
  readonly refused: Refusal[] = [];
  /** Requests that got no answer at all. */
  unanswered = 0;
  private baseUrl: string | undefined;
  private isStopped = false;
  private readonly clients: Promise<void>[];
  /** Clients that wait for a server and have nothing under way. */
  private waiting = 0;

  /** The clients begin with the first `resume`. */
  constructor(private readonly clientCount = 6) {
    this.clients = Array.from({ length: clientCount }, (_, n) => this.runClient(n));
  }

  /** Sends to the server at `baseUrl` from now on. */
  resume(baseUrl: string): void {
    this.baseUrl = baseUrl;
  }

  /** Resolves when nothing is under way any more; what got no answer is sent again after `resume`. */
  async suspend(): Promise<void> {
    this.baseUrl = undefined;
    await waitFor(() => this.waiting === this.clientCount);
  }

  /** Ends the clients, each after its present request. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.clients);
  }

  /** Waits for that many acknowledgements more. */
  async acknowledge(more: number, timeoutMs?: number): Promise<void> {
    const goal = this.acknowledged.length + more;
    await waitFor(
      () => this.acknowledged.length >= goal,
      timeoutMs,
      () =>
        `only ${more - (goal - this.acknowledged.length)} of ${more} were acknowledged, ${this.refused.length} refused`,
    );
  }

  /** Whether a request that was sent after `timeMs` has been acknowledged. */
  hasAcknowledgedSince(timeMs: number): boolean {
    return this.acknowledged.at(-1) !== undefined && this.acknowledged.some(({ sentAtMs }) => sentAtMs >= timeMs);
  }

  get facts(): Fact[] {
    return this.acknowledged.flatMap(({ facts }) => facts);
  }

  private async runClient(client: number): Promise<void> {
    for (let n = 0; !this.isStopped; n += 1) {
      const request = client % 2 === 0 ? batchRequest(client, n) : otlpRequest(client, n);
      while (!this.isStopped && !(await this.send(request)));
    }
  }

  /** Whether the request was acknowledged. */
  private async send({ path, body, facts }: LoadRequest): Promise<boolean> {
    this.waiting += 1;
    await waitFor(() => this.baseUrl !== undefined || this.isStopped, 120_000);
    this.waiting -= 1;
    if (this.baseUrl === undefined) return false;
    const sentAtMs = Date.now();
    try {
      const answer = await fetch(this.baseUrl + path, { method: 'POST', headers: { ...BEARER, ...JSON_TYPE }, body });
      const text = await answer.text();
      if (answer.status === 200 && !text.includes('partialSuccess')) {
        this.acknowledged.push({ sentAtMs, facts });
        return true;
      }
      const retryAfter = answer.headers.get('retry-after');
      this.refused.push({ path, status: answer.status, body: text, retryAfter, tookMs: Date.now() - sentAtMs });
    } catch {
      this.unanswered += 1;
    }
    // A client that is refused takes a breath, else it would only measure how fast the server can refuse.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return false;
  }
}

/** Two traces per request; a pair is through after STEPS requests. */
function tracesOf(client: number, n: number): { step: number; pair: number; traces: number[] } {
  const pair = Math.floor(n / STEPS);
  return { step: n % STEPS, pair, traces: [2 * pair, 2 * pair + 1] };
}

const isoTime = (milliseconds: number) => new Date(milliseconds).toISOString();

/** First all observations open, then all complete, then the trace's session and one observation more. */
function batchRequest(client: number, n: number): LoadRequest {
  const { step, pair, traces } = tracesOf(client, n);
  // The door takes one trace message per request: the other trace of the pair is a stub until the next pair of steps.
  const traceId = `batch-${client}-${traces[step % 2]}`;
  const session = `session-${(pair + step) % SESSIONS}`;
  const startMs = Date.now() - 60_000 + step;
  const facts: Fact[] = [];
  const observations: JsonObject[] = [];
  for (const trace of traces) {
    const ids = step === 2 ? ['late'] : ['a', 'b', 'c'];
    for (const id of ids) {
      const fact = { traceId: `batch-${client}-${trace}`, observationId: id, output: step === 0 ? null : `${id} done` };
      facts.push(fact);
      observations.push({
        id,
        traceId: fact.traceId,
        name: `${id} ${PADDING}`.slice(0, 40),
        input: { text: PADDING, client, n },
        startTime: isoTime(startMs),
        ...(step === 0
          ? {}
          : { endTime: isoTime(startMs + 500), output: fact.output, usage: { input: 10 + n, output: 3 } }),
        ...(step === 0
          ? {}
          : { model: `model-${trace % 3}`, calculatedTotalCost: 0.001, level: id === 'c' ? 'ERROR' : 'DEFAULT' }),
      });
    }
  }
  const trace = {
    id: traceId,
    name: `run ${client}`,
    sessionId: session,
    userId: `user-${client}`,
    tags: [`step-${step}`],
  };
  return { path: BATCH, body: JSON.stringify({ trace, observations }), facts };
}

/** Children before their root, which brings the session. */
function otlpRequest(client: number, n: number): LoadRequest {
  const { step, traces } = tracesOf(client, n);
  const facts: Fact[] = [];
  const spans: JsonObject[] = [];
  const startMs = Date.now() - 60_000 + step;
  for (const trace of traces) {
    const traceId = `ac1d${client.toString(16).padStart(4, '0')}${trace.toString(16).padStart(24, '0')}`;
    const ids = step === 2 ? [0] : [2 * step + 1, 2 * step + 2];
    for (const id of ids) {
      const fact = { traceId, observationId: (id + 0x10).toString(16).padStart(16, '0'), output: `span ${id} done` };
      facts.push(fact);
      const attributes = {
        'langfuse.observation.output': fact.output,
        'langfuse.observation.input': PADDING,
        'gen_ai.request.model': `model-${trace % 3}`,
        ...(step === 2 ? { 'session.id': `session-${trace % SESSIONS}` } : {}),
      };
      const stringAttributes = Object.entries(attributes).map(([key, value]) => ({
        key,
        value: { stringValue: value },
      }));
      const counts = [
        { key: 'gen_ai.usage.input_tokens', value: { intValue: String(n + 1) } },
        { key: 'gen_ai.usage.output_tokens', value: { intValue: '7' } },
      ];
      spans.push({
        traceId,
        spanId: fact.observationId,
        parentSpanId: id === 0 ? '' : '0000000000000010',
        name: `span ${id}`,
        startTimeUnixNano: `${startMs}000000`,
        endTimeUnixNano: `${startMs + 250}000000`,
        attributes: [...stringAttributes, ...counts],
        status: { code: id === 1 ? 2 : 1 },
      });
    }
  }
  return { path: OTLP, body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }), facts };
}

/** That a client was only told to come again, in the shape that its door promises. */
export function expectRetryLater({ path, status, body, retryAfter }: Refusal): void {
  expect([status, body]).toEqual([503, expect.anything()]);
  expect(Number(retryAfter)).toBeGreaterThan(0);
  expect(JSON.parse(body)).toEqual(
    path === OTLP
      ? { code: 14, message: expect.any(String) }
      : { code: 'SERVICE_UNAVAILABLE', message: expect.any(String), data: null },
  );
}

/** How many traces are read at once. */
const READERS = 8;

/** Everything in `facts` that the API does not show. */
export async function findLost(api: Api, facts: readonly Fact[]): Promise<Fact[]> {
  const byTrace = new Map<string, Fact[]>();
  for (const fact of facts) {
    const known = byTrace.get(fact.traceId);
    if (known === undefined) byTrace.set(fact.traceId, [fact]);
    else known.push(fact);
  }
  const lost: Fact[] = [];
  const open = [...byTrace];
  const readOn = async (): Promise<void> => {
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [traceId, expected] = next;
      const answer = await api.get(`/api/public/traces/${traceId}`);
      const { observations = [] } = answer.json() as { observations?: JsonObject[] };
      const outputs = new Map(observations.map(({ id, output }) => [id, output]));
      for (const fact of expected) {
        const isThere = outputs.has(fact.observationId);
        // A later request of the same client may have completed what this one left open.
        if (!isThere || (fact.output !== null && outputs.get(fact.observationId) !== fact.output)) lost.push(fact);
      }
    }
  };
  await Promise.all(Array.from({ length: READERS }, readOn));
  return lost;
}

/** The ids of all traces and their observations as the list shows them, page by page; an id that comes twice is there twice. */
export async function listEverything(api: Api): Promise<string[]> {
  const keys: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page = await api.read(
      `/api/public/traces?limit=200&fields=core,observations&cursor=${encodeURIComponent(cursor)}`,
    );
    for (const { id, observations } of page['data'] as { id: string; observations: string[] }[]) {
      keys.push(id, ...observations.map((observation) => `${id}/${observation}`));
    }
    cursor = (page['meta'] as { nextCursor?: string }).nextCursor;
  }
  return keys;
}
