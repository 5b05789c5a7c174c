import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { decodeJson } from '../../src/modules/otlp/otlp.json.js';
import { mapExport } from '../../src/modules/otlp/otlp.map.js';
import { anyValue, aRequest, jsonBody } from '../fixtures/otlp/wire.js';
import { type TestDatabase } from '../support/database.js';
import { type Contents, dumpProject, storedContents, wrongSums } from '../support/fold.js';
import { cutInPieces, disordered, NOW_MS, Random } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

/** Spans of OTLP exports in any order, through the mapper into PostgreSQL. */

jest.setTimeout(120_000);

const TRACE = 'ab'.repeat(16);
const SECOND = 1_000_000_000n;
const T0 = BigInt(NOW_MS - 3_600_000) * 1_000_000n;
const micros = (seconds: number): number => NOW_MS * 1000 - 3_600_000_000 + seconds * 1_000_000;

type Json = Record<string, unknown>;
type Attributes = Readonly<Record<string, unknown>>;

const idOf = (name: string): string => Buffer.from(name.padEnd(8, '.')).toString('hex');

/** A span from second `start` to second `end`; without an end it is still running. Its id is made of its name. */
function span(
  name: string,
  parent: string | undefined,
  start: number,
  end?: number,
  attributes: Attributes = {},
): Json {
  const at = (seconds: number): string => String(T0 + BigInt(Math.round(seconds * 1000)) * (SECOND / 1000n));
  return {
    traceId: TRACE,
    spanId: idOf(name),
    parentSpanId: parent === undefined ? '' : idOf(parent),
    name,
    kind: 1,
    startTimeUnixNano: at(start),
    endTimeUnixNano: end === undefined ? '0' : at(end),
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) })),
  };
}

const call = (tokens: number, model = 'm'): Attributes => ({
  'gen_ai.operation.name': 'chat',
  'gen_ai.response.model': model,
  'gen_ai.usage.input_tokens': tokens,
  'gen_ai.usage.output_tokens': 1,
  'gen_ai.usage.cost': tokens / 1000,
});
const agent = (tokens: number): Attributes => ({ ...call(tokens), 'gen_ai.operation.name': 'invoke_agent' });
const chain = (tokens: number): Attributes => ({ ...call(tokens), 'openinference.span.kind': 'CHAIN' });
const says = (input: string, output?: string): Attributes => ({
  'input.value': input,
  ...(output === undefined ? {} : { 'output.value': output }),
});

let database: TestDatabase;
let queue: WriteQueue;
let projectNo = 0;

beforeAll(async () => {
  database = await createWriteDatabase();
  queue = openQueue(database.connection);
});
afterAll(async () => {
  await queue.stop();
  await database.drop();
});

async function deliver(spans: readonly Json[], no = projectNo): Promise<void> {
  const body = jsonBody(aRequest([...spans]));
  const context = { project: { no, id: `project ${no}` }, nowMs: NOW_MS, bytes: body.length };
  const { batch, rejected } = mapExport(decodeJson(body), context);
  expect(rejected).toEqual([]);
  expect((await queue.submit(batch)).rejected).toEqual([]);
}

/** What is stored after each of `deliveries`, as a project of its own. */
async function afterwards(...deliveries: Json[][]): Promise<Contents> {
  projectNo += 1;
  for (const spans of deliveries) await deliver(spans);
  expect(await wrongSums(database.pool)).toEqual({});
  return storedContents(database.pool, projectNo);
}

/** What is stored of `spans`, however they come: whole, one by one, reversed, and in random orders with repetitions. */
async function whateverTheOrder(spans: readonly Json[], seed = 1): Promise<Contents> {
  const random = new Random(seed);
  const whole = await afterwards([...spans]);
  const dump = await dumpProject(database.pool, projectNo);
  const orders = [spans.map((one) => [one]), spans.toReversed().map((one) => [one])];
  for (let n = 0; n < 4; n += 1) orders.push(cutInPieces(random, disordered(random, spans, 0.5), 4));
  for (const deliveries of orders) {
    await afterwards(...deliveries);
    expect(await dumpProject(database.pool, projectNo)).toBe(dump);
  }
  return whole;
}

describe('a trace', () => {
  it('whose children come before their parents has the name and content of its root', async () => {
    const { traces, observations } = await whateverTheOrder([
      span('leaf', 'middle', 2, 3, { ...call(10), ...says('prompt', 'answer') }),
      span('middle', 'root', 1, 4, says('step', 'done')),
      span('root', undefined, 0, 5, { ...says('question', 'reply'), 'session.id': 's1', 'user.id': 'ada' }),
    ]);
    expect(traces).toMatchObject([
      { name: 'root', input: '"question"', output: '"reply"', session_id: 's1', observation_count: 3 },
    ]);
    expect(traces[0]).toMatchObject({
      first_start: micros(0),
      last_end: micros(5),
      input_tokens: 10,
      total_tokens: 11,
    });
    expect(observations.map((row) => row['parent_observation_id'])).toEqual([idOf('middle'), idOf('root'), null]);
  });

  it('whose root never comes shows its earliest span, and the root once it has come', async () => {
    const children = [
      span('second', 'gone', 2, 4, says('b')),
      span('first', 'gone', 1, 3, { ...says('a', 'out'), 'session.id': 's1' }),
    ];
    const { traces, sessions } = await whateverTheOrder(children);
    expect(traces).toMatchObject([{ name: 'first', input: '"a"', output: '"out"', ts: micros(1), session_id: 's1' }]);
    expect(sessions).toMatchObject([{ session_id: 's1', trace_count: 1, observation_count: 2 }]);
    const later = await whateverTheOrder([...children, span('gone', undefined, 0, 9, says('root in'))]);
    expect(later.traces).toMatchObject([{ name: 'gone', input: '"root in"', output: '"out"', ts: micros(0) }]);
  });

  it('with two roots is that of the earlier one', async () => {
    const { traces } = await whateverTheOrder([
      span('root two', undefined, 3, 4, says('late')),
      span('root', undefined, 0, 2, says('early')),
    ]);
    expect(traces).toMatchObject([{ name: 'root', input: '"early"', observation_count: 2, last_end: micros(4) }]);
  });

  it('keeps the times of clocks that disagree as they were sent', async () => {
    const { traces, observations } = await whateverTheOrder([
      span('root', undefined, 10, 20),
      span('early', 'root', 5, 12),
      span('late', 'root', 15, 40),
      span('backward', 'root', 18, 16),
    ]);
    expect(observations.map((row) => [row['start_time'], row['end_time']])).toEqual([
      [micros(18), micros(16)],
      [micros(5), micros(12)],
      [micros(15), micros(40)],
      [micros(10), micros(20)],
    ]);
    expect(traces).toMatchObject([{ name: 'root', first_start: micros(5), last_end: micros(40) }]);
  });
});

describe('a span that was reported while it ran', () => {
  const failed = { code: 2, message: 'rate limited' };

  it('is shown as running until it has ended', async () => {
    const running = span('work', undefined, 0, undefined, { ...call(0), ...says('in') });
    const before = await whateverTheOrder([running]);
    expect(before.observations).toMatchObject([{ start_time: micros(0), end_time: null, type: 'GENERATION' }]);
    expect(before.traces).toMatchObject([{ name: 'work', input: '"in"', output: null }]);

    const ended = { ...span('work', undefined, 0, 7, { ...call(10), ...says('whole in', 'out') }), status: failed };
    const after = await whateverTheOrder([running, ended]);
    expect(after.observations).toMatchObject([{ end_time: micros(7), level: 'ERROR', input: '"whole in"' }]);
    expect(after.traces).toMatchObject([{ input: '"whole in"', output: '"out"', error_count: 1, total_tokens: 11 }]);
  });

  it('is completed also when it ends within the microsecond it began in', async () => {
    const ended = span('work', undefined, 0, 0, says('a whole', 'out'));
    const { observations, traces } = await whateverTheOrder([span('work', undefined, 0, undefined, says('z')), ended]);
    expect(observations).toMatchObject([{ end_time: micros(0), input: '"a whole"' }]);
    expect(traces).toMatchObject([{ input: '"a whole"' }]);
  });

  it('by logfire as a span of its own is one observation', async () => {
    const pending = (name: string, of: string, parent: string, start: number): Json => ({
      ...span(name, of, start, start, { 'logfire.span_type': 'pending_span', 'logfire.pending_parent_id': parent }),
      name: of,
    });
    const announced = [pending('p1', 'root', '0'.repeat(16), 0), pending('p2', 'child', idOf('root'), 1)];
    const before = await whateverTheOrder(announced);
    expect(before.observations).toMatchObject([
      { id: idOf('child'), parent_observation_id: idOf('root'), end_time: null },
      { id: idOf('root'), parent_observation_id: null, end_time: null },
    ]);
    const real = [span('root', undefined, 0, 9), span('child', 'root', 1, 8, call(5))];
    const after = await whateverTheOrder([...announced, ...real]);
    expect(after.observations).toMatchObject([{ end_time: micros(8) }, { end_time: micros(9) }]);
    expect(after.traces).toMatchObject([{ name: 'root', observation_count: 2, total_tokens: 6 }]);
  });
});

describe('usage that wrappers repeat', () => {
  const totalsOf = ({ traces, usageHourly }: Contents): unknown[] => {
    const [trace] = traces;
    expect(usageHourly.reduce((sum, row) => sum + Number(row['total_tokens']), 0)).toBe(trace!['total_tokens']);
    return [trace!['input_tokens'], trace!['cost_nano_usd']];
  };

  it('on agents and chains above the calls is kept and not summed', async () => {
    const contents = await whateverTheOrder([
      span('agent', undefined, 0, 9, agent(30)),
      span('chain', 'agent', 1, 8, chain(30)),
      span('one', 'chain', 2, 3, call(10)),
      span('two', 'chain', 4, 5, call(20)),
    ]);
    expect(totalsOf(contents)).toEqual([30, 30e6]);
    expect(contents.observations.map((row) => row['input_tokens'])).toEqual([30, 30, 10, 20]);
  });

  it('on a call above the same call counts once', async () => {
    const contents = await whateverTheOrder([
      span('litellm', undefined, 0, 9, call(30)),
      span('raw', 'litellm', 1, 8, call(30)),
      span('other', 'litellm', 1, 8, call(7)),
    ]);
    expect(totalsOf(contents)).toEqual([37, 37e6]);
  });

  it('counts where it is all there is', async () => {
    const contents = await whateverTheOrder([
      span('agent', undefined, 0, 9, agent(30)),
      span('step', 'agent', 1, 8),
      span('inner', 'step', 2, 7, agent(12)),
    ]);
    expect(totalsOf(contents)).toEqual([30, 30e6]);
  });

  it('leaves the sums as soon as the span between agent and call has come', async () => {
    const parts = [span('agent', undefined, 0, 9, agent(30)), span('call', 'step', 2, 3, call(30))];
    expect(totalsOf(await whateverTheOrder(parts))).toEqual([60, 60e6]);
    expect(totalsOf(await whateverTheOrder([...parts, span('step', 'agent', 1, 8)]))).toEqual([30, 30e6]);
  });

  it('is found among more calls with missing parents than a trace remembers', async () => {
    const calls = Array.from({ length: 140 }, (_, i) => span(`c${i}`, `p${i}`, i / 100, i / 100 + 1, call(5)));
    const outer = span('p7', undefined, 0, 9, call(5));
    expect(totalsOf(await afterwards(calls.slice(0, 70), calls.slice(70), [outer]))).toEqual([700, 700e6]);
    expect(totalsOf(await afterwards([outer], ...calls.map((one) => [one])))).toEqual([700, 700e6]);
  });

  it.each(Array.from({ length: 6 }, (_, seed) => seed))(
    'is the same for any order of a random tree (seed %i)',
    async (seed) => {
      const random = new Random(seed);
      const names = Array.from({ length: 12 }, (_, i) => `n${i}`);
      const kinds = [() => call(5), () => call(1 + random.below(3)), () => agent(5), () => chain(5), () => ({})];
      const spans = names.map((name, i) => {
        // Some parents never come.
        const parent = i === 0 ? undefined : random.chance(0.1) ? 'gone' : names[random.below(i)];
        return span(name, parent, i, i + 20, random.pick(kinds)());
      });
      await whateverTheOrder(spans, seed);
    },
  );
});
