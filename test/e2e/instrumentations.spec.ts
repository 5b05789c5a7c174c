import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeLlm } from '../support/fake-llm.js';
import {
  PROJECT_ROOT,
  type RunningServer,
  TEST_PUBLIC_KEY,
  TEST_SECRET_KEY,
  TEST_TOKEN,
} from '../support/server-process.js';
import {
  Api,
  BEARER,
  type JsonObject,
  type ObservationAnswer,
  startE2eServer,
  type TraceAnswer,
} from './support/api.js';
import { saidIn } from './support/conversation.js';
import { readJsonSpans, readSpans, type SentSpan } from './support/otlp-spans.js';
import { RecordingProxy } from './support/recording-proxy.js';

jest.setTimeout(60_000);

/**
 * Replays what instrumentations really sent (test/interop/record-otlp.ts), runs those of Node (test/interop/js), and
 * compares what the server shows with what the program and the fake model really did, as the `.expected.json` beside
 * each tells it. Every fact is a test
 * of its own. What is known not to hold yet is listed in known-gaps.txt and must fail: who closes a gap takes its line out.
 */
const FIXTURES = join(PROJECT_ROOT, 'test/fixtures/otlp');
const PROGRAMS = join(PROJECT_ROOT, 'test/interop/js');
const ENDING = '.expected.json';
/** In every recording; each gets a session of its own here, of the same length, so that sums are its own. */
const RECORDED_SESSION = 'session-42';

interface Recording {
  readonly exports: readonly { readonly path: string; readonly contentType: string; readonly body: string }[];
}

/** What must be seen; a field that is missing was not transmitted, or is of no interest. */
interface ExpectedObservation {
  /** The name the span was sent with, `#2` after it for the second of that name by start. */
  readonly span: string;
  readonly type?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly level?: string;
  /** Part of the text. */
  readonly statusMessage?: string;
  /** Messages, one line each. */
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  /** Texts that the content must hold, where it is no list of messages. */
  readonly inputSays?: readonly string[];
  readonly outputSays?: readonly string[];
  /** Disjoint classes and their total. */
  readonly usage?: Readonly<Record<string, number>>;
  /** Whether the time to the first token must be there, within the duration. */
  readonly firstToken?: boolean;
  readonly parameters?: JsonObject;
  /** USD, of everything. */
  readonly cost?: number;
  /** Name and version of the prompt that the call is linked with. */
  readonly prompt?: string;
  readonly step?: string;
  /** Part of it. */
  readonly metadata?: JsonObject;
}

interface Expected {
  readonly trace: {
    readonly session?: boolean;
    readonly userId?: string;
    readonly tags?: readonly string[];
    readonly environment?: string;
    /** Part of it. */
    readonly metadata?: JsonObject;
    /** By name. */
    readonly scores?: Readonly<Record<string, number | string>>;
    /** Tokens of everything in the session, each model call counted once. */
    readonly totalTokens?: number;
  };
  readonly observations: readonly ExpectedObservation[];
}

interface Replayed {
  readonly session: string;
  readonly spans: readonly SentSpan[];
  readonly statuses: readonly string[];
}

/** A recording that is replayed, or a program that is run. */
interface Source {
  readonly name: string;
  readonly expected: Expected;
  readonly send: (session: string) => Promise<Replayed>;
}

const readText = (...path: string[]) => readFileSync(join(...path), 'utf8');
const withExpectation = (folder: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length));
const expectation = (folder: string, name: string) => JSON.parse(readText(folder, name + ENDING)) as Expected;

const sources: readonly Source[] = [
  ...withExpectation(FIXTURES).map((name) => ({
    name,
    expected: expectation(FIXTURES, name),
    send: (session: string) => replay(name, session),
  })),
  ...withExpectation(PROGRAMS).map((name) => ({
    name: `js ${name}`,
    expected: expectation(PROGRAMS, name),
    send: (session: string) => runProgram(name, session),
  })),
];
const gaps = new Set(
  readText(FIXTURES, 'known-gaps.txt')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
);
const seen = new Set<string>();

let server: RunningServer;
let api: Api;
let llm: FakeLlm;
const replayed = new Map<string, Replayed>();
const traces = new Map<string, TraceAnswer>();

async function replay(name: string, session: string): Promise<Replayed> {
  const spans: SentSpan[] = [];
  const statuses: string[] = [];
  for (const { path, contentType, body } of (JSON.parse(readText(FIXTURES, `${name}.json`)) as Recording).exports) {
    const bytes = Buffer.from(body, contentType.includes('json') ? 'utf8' : 'base64');
    const own = Buffer.from(bytes.toString('latin1').replaceAll(RECORDED_SESSION, session), 'latin1');
    if (path.endsWith('/traces')) spans.push(...readSpans(own));
    const answer = await api.post(path, own, { ...BEARER, 'content-type': contentType });
    statuses.push(`${answer.status} ${path}`);
  }
  return { session, spans: inOrder(spans), statuses };
}

/** Runs a program of test/interop/js in a Node of its own, as an application would be. */
async function runProgram(name: string, session: string): Promise<Replayed> {
  const proxy = await RecordingProxy.start(server.url);
  try {
    const child = spawn(process.execPath, [join(PROGRAMS, `${name}.mjs`)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        OPENAI_BASE_URL: llm.openAiUrl,
        OPENAI_API_KEY: 'sk-fake',
        OTLP_URL: proxy.url,
        OTLP_TOKEN: TEST_TOKEN,
        LANGFUSE_BASE_URL: proxy.url,
        LANGFUSE_PUBLIC_KEY: TEST_PUBLIC_KEY,
        LANGFUSE_SECRET_KEY: TEST_SECRET_KEY,
        SESSION: session,
      },
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`${name}.mjs ended with ${String(code)}`);
    const ofTraces = proxy.requests.filter(({ path }) => path.endsWith('/traces'));
    const spans = ofTraces.flatMap(({ headers, body }) =>
      headers['content-type'] === 'application/json' ? readJsonSpans(body) : readSpans(body),
    );
    const statuses = proxy.requests.map(({ status, path }) => `${status} ${path}`);
    return { session, spans: inOrder(spans), statuses };
  } finally {
    await proxy.stop();
  }
}

const inOrder = (spans: readonly SentSpan[]) =>
  [...spans].sort((a, b) => (a.startNanos < b.startNanos ? -1 : a.startNanos > b.startNanos ? 1 : 0));

function spanOf(name: string, reference: string): SentSpan {
  const [, spanName, nth] = /^(.*?)(?:#(\d+))?$/.exec(reference)!;
  const found = replayed.get(name)!.spans.filter((span) => span.name === spanName)[Number(nth ?? 1) - 1];
  if (found === undefined) throw new Error(`${name} has no span ${reference}`);
  return found;
}

async function traceOf(name: string, reference?: string): Promise<TraceAnswer> {
  const { spans } = replayed.get(name)!;
  const { traceId } = reference === undefined ? spans[0]! : spanOf(name, reference);
  const known = traces.get(traceId) ?? (await api.trace(traceId));
  traces.set(traceId, known);
  return known;
}

async function observationOf(name: string, reference: string): Promise<ObservationAnswer> {
  const { spanId } = spanOf(name, reference);
  const trace = await traceOf(name, reference);
  const found = trace.observations.find(({ id }) => id === spanId);
  if (found === undefined) throw new Error(`the span ${reference} of ${name} is not in its trace`);
  return found;
}

/** One test, or where it is a known gap the assertion that it does not hold: by a comparison, not by an accident. */
function fact(title: string, check: () => unknown): void {
  seen.add(title);
  if (!gaps.has(title)) return void it(title, async () => void (await check()));
  it(`${title} (known gap)`, async () => {
    const outcome = await Promise.resolve()
      .then(check)
      .catch((error: unknown) => error);
    expect(outcome).toHaveProperty('matcherResult');
  });
}

const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function observationFacts(name: string, expected: ExpectedObservation): void {
  const { span } = expected;
  const observe = (field: string, check: (observation: ObservationAnswer) => void) => {
    if (!(field in expected)) return;
    fact(`${name} › ${span} › ${field}`, async () => check(await observationOf(name, span)));
  };
  observe('type', ({ type }) => expect(type).toBe(expected.type));
  observe('model', ({ model }) => expect(model).toBe(expected.model));
  observe('provider', ({ provider }) => expect(provider).toBe(expected.provider));
  observe('level', ({ level }) => expect(level).toBe(expected.level));
  observe('statusMessage', ({ statusMessage }) => expect(shown(statusMessage)).toContain(expected.statusMessage));
  observe('input', ({ input }) => expect(saidIn(input, 'user')).toEqual(expected.input));
  observe('output', ({ output }) => expect(saidIn(output, 'assistant')).toEqual(expected.output));
  observe('inputSays', ({ input }) => {
    for (const text of expected.inputSays!) expect(shown(input)).toContain(text);
  });
  observe('outputSays', ({ output }) => {
    for (const text of expected.outputSays!) expect(shown(output)).toContain(text);
  });
  observe('parameters', ({ modelParameters }) =>
    expect(modelParameters).toEqual(expect.objectContaining(expected.parameters!)),
  );
  observe('usage', ({ usageDetails }) => {
    const present = Object.entries(usageDetails as Record<string, number>).filter(([, count]) => count !== 0);
    expect(Object.fromEntries(present)).toEqual(expected.usage);
  });
  observe('cost', ({ calculatedTotalCost }) => expect(calculatedTotalCost).toBeCloseTo(expected.cost!, 12));
  observe('prompt', ({ promptName, promptVersion }) =>
    expect(`${String(promptName)} ${String(promptVersion)}`).toBe(expected.prompt),
  );
  observe('step', ({ stepId }) => expect(stepId).toBe(expected.step));
  observe('metadata', ({ metadata }) => expect(metadata).toEqual(expect.objectContaining(expected.metadata!)));
  observe('firstToken', ({ timeToFirstToken, latency }) => {
    expect(timeToFirstToken).toEqual(expect.any(Number));
    expect(timeToFirstToken).toBeGreaterThan(0);
    expect(timeToFirstToken).toBeLessThanOrEqual(latency as number);
  });
}

beforeAll(async () => {
  // First, and so stopped also where the server does not start: else Jest would wait for it.
  llm = await FakeLlm.start();
  server = await startE2eServer({ env: { METRICS_RETENTION_DAYS: '0' } });
  api = new Api(server.url);
  await Promise.all(
    sources.map(async ({ name, send }, index) => {
      replayed.set(name, await send(`session-${String(index).padStart(2, '0')}`));
    }),
  );
});
afterAll(async () => {
  await llm.stop();
  await server.stop();
});

describe.each(sources)('$name', ({ name, expected: { trace, observations } }) => {
  fact(`${name} › every export is taken`, () => {
    const { statuses } = replayed.get(name)!;
    expect(statuses).not.toEqual([]);
    expect(statuses.filter((status) => !status.startsWith('2'))).toEqual([]);
  });

  if (observations.length > 0)
    fact(`${name} › every span is an observation`, async () => {
      const { spans } = replayed.get(name)!;
      const ids = new Set(spans.map(({ traceId }) => traceId));
      const stored: string[] = [];
      for (const id of ids) stored.push(...(await api.trace(id)).observations.map((observation) => observation.id));
      expect(stored).toEqual(expect.arrayContaining(spans.map(({ spanId }) => spanId)));
    });

  if (trace.session)
    fact(`${name} › trace › session`, async () =>
      expect((await traceOf(name))['sessionId']).toBe(replayed.get(name)!.session),
    );
  for (const field of ['userId', 'environment'] as const)
    if (trace[field] !== undefined)
      fact(`${name} › trace › ${field}`, async () => expect((await traceOf(name))[field]).toBe(trace[field]));
  if (trace.tags !== undefined)
    fact(`${name} › trace › tags`, async () => expect((await traceOf(name))['tags']).toEqual(trace.tags));
  if (trace.metadata !== undefined)
    fact(`${name} › trace › metadata`, async () =>
      expect((await traceOf(name)).metadata).toEqual(expect.objectContaining(trace.metadata!)),
    );
  if (trace.scores !== undefined)
    fact(`${name} › trace › scores`, async () => {
      const scores = (await traceOf(name))['scores'] as JsonObject[];
      expect(
        Object.fromEntries(scores.map((score) => [score['name'], score['stringValue'] ?? score['value']])),
      ).toEqual(trace.scores);
    });
  if (trace.totalTokens !== undefined)
    fact(`${name} › trace › totalTokens`, async () => {
      const { session } = replayed.get(name)!;
      const answer = await api.get(`/api/public/sessions/${session}`);
      expect(answer.json()['totalTokens']).toBe(trace.totalTokens);
    });
  for (const observation of observations) observationFacts(name, observation);
});

it('names no known gap that is not looked at', () => {
  expect([...gaps].filter((gap) => !seen.has(gap))).toEqual([]);
});
