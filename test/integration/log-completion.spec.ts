import { Logger } from '@nestjs/common';
import { type IngestBatch } from '../../src/domain/ingest-batch.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { decodeJson } from '../../src/modules/otlp/otlp.json.js';
import { decodeLogsJson } from '../../src/modules/otlp/otlp.logs-json.js';
import { mapLogs } from '../../src/modules/otlp/otlp.logs-map.js';
import { mapExport } from '../../src/modules/otlp/otlp.map.js';
import { aLogRequest, anAgentEvent, anEvent } from '../fixtures/otlp/logs.js';
import { aRequest, aSpan, attributes, jsonBody, SPAN_ID, START_MICROS, TRACE_ID } from '../fixtures/otlp/wire.js';
import { type TestDatabase } from '../support/database.js';
import { dumpProject, wrongSums } from '../support/fold.js';
import { NOW_MS, Random } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

type Json = Record<string, unknown>;

describe('GenAI events that come as logs', () => {
  let database: TestDatabase;
  let queue: WriteQueue;
  let projectNo = 0;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    database = await createWriteDatabase();
    queue = openQueue(database.connection);
  });
  afterAll(async () => {
    await queue.stop();
    await database.drop();
    Logger.overrideLogger(['log', 'warn', 'error']);
  });

  const context = () => ({ project: { no: projectNo, id: `p${projectNo}` }, nowMs: NOW_MS, bytes: 1000 });
  const logs = (...records: Json[]): IngestBatch =>
    mapLogs(decodeLogsJson(jsonBody(aLogRequest(records))), context()).batch;
  const spans = (...list: Json[]): IngestBatch => mapExport(decodeJson(jsonBody(aRequest(list))), context()).batch;

  async function submit(...batches: IngestBatch[]): Promise<void> {
    for (const batch of batches) {
      expect((await queue.submit({ ...batch, project: { no: projectNo, id: '' } })).rejected).toEqual([]);
    }
  }

  const observations = async () => {
    const { rows } = await database.pool.query<Json>(
      `SELECT o.id, o.name, o.type, o.model, o.level, o.status_message, o.usage, p.input, p.output
       FROM observations o LEFT JOIN observation_payloads p USING (project_no, trace_id, id, bucket)
       WHERE o.project_no = $1 ORDER BY o.start_time, o.id`,
      [projectNo],
    );
    return rows;
  };
  const storedLogs = async () =>
    (await database.pool.query<Json>('SELECT * FROM logs WHERE project_no = $1 ORDER BY ts, id', [projectNo])).rows;

  const CHAT = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-x', 'gen_ai.usage.input_tokens': 7 };
  const span = () => spans(aSpan({ name: 'chat gpt-x', attributes: attributes(CHAT) }));
  const system = anEvent(1, 'gen_ai.system.message', { content: 'Be brief.' }, { 'gen_ai.system': 'openai' });
  const user = anEvent(2, 'gen_ai.user.message', { content: 'Hi' }, { 'gen_ai.system': 'openai' });
  const choice = anEvent(
    900,
    'gen_ai.choice',
    { index: 0, finish_reason: 'stop', message: { content: 'Hello!', role: 'assistant' } },
    { 'gen_ai.system': 'openai' },
  );
  const INPUT = '[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]';
  const OUTPUT = '[{"role":"assistant","content":"Hello!","finish_reason":"stop"}]';

  it('give the same rows in any order, split and repetition, with the spans and without waiting for them', async () => {
    const details = anEvent(950, 'gen_ai.client.inference.operation.details', undefined, {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'other-model',
      'gen_ai.response.id': 'r-1',
      'gen_ai.usage.output_tokens': 5,
      'session.id': 'chat-1',
    });
    const failure = anEvent(960, 'gen_ai.client.operation.exception', undefined, {
      'exception.type': 'Timeout',
      'exception.message': 'gave up',
    });
    const second = { spanId: 'aaaaaaaaaaaaaaaa' };
    const messages: (() => IngestBatch)[] = [
      span,
      () => spans(aSpan({ spanId: second.spanId, parentSpanId: SPAN_ID, name: 'inner' })),
      ...[system, user, choice, details, failure].map((record) => () => logs(record)),
      () => logs(user, choice),
      () => logs(anEvent(3, 'gen_ai.user.message', { content: 'inner' }, {}, second)),
      () => logs(anEvent(3, 'gen_ai.evaluation.result', undefined, { 'gen_ai.evaluation.name': 'good' })),
    ];
    let first: string | undefined;
    for (let seed = 0; seed < 12; seed += 1) {
      projectNo += 1;
      const random = new Random(seed);
      const order = random.shuffled([...messages, ...messages.filter(() => random.chance(0.3))]);
      const open: Promise<void>[] = [];
      for (const message of order) {
        const done = submit(message());
        open.push(done);
        if (random.chance(0.5)) await done;
      }
      await Promise.all(open);
      const logRows = (await storedLogs()).map(({ id, event_name }) => ({ id, event_name }));
      expect(logRows).toHaveLength(7);
      const dump = `${await dumpProject(database.pool, projectNo)}${JSON.stringify(logRows)}`;
      expect(dump).toBe((first ??= dump));
    }
    const [inner, outer] = await observations();
    expect(outer).toMatchObject({
      ...{ name: 'chat gpt-x', type: 'GENERATION', model: 'gpt-x', input: INPUT, output: OUTPUT },
      ...{ level: 'ERROR', status_message: 'Timeout: gave up', usage: { input: 7, total: 7 } },
    });
    expect(inner).toMatchObject({ name: 'inner', input: expect.stringContaining('inner') as string, output: null });
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('fill only what the span does not state itself', async () => {
    projectNo += 1;
    const own = { ...CHAT, 'gen_ai.input.messages': '[{"role":"user","parts":[]}]' };
    await submit(logs(system, user, choice), spans(aSpan({ attributes: attributes(own) })), logs(user));
    expect(await observations()).toMatchObject([{ input: '[{"role":"user","content":""}]', output: OUTPUT }]);
  });

  it('make a named generation of their own where the span never comes, with the trace named too', async () => {
    projectNo += 1;
    await submit(logs(system), logs(choice, user));
    expect(await observations()).toMatchObject([
      { id: SPAN_ID, name: 'chat', type: 'GENERATION', input: INPUT, output: OUTPUT },
    ]);
    const traces = await database.pool.query(
      `SELECT t.trace_id, t.name, p.input, p.output FROM traces t JOIN trace_payloads p USING (project_no, trace_id, bucket)
       WHERE project_no = $1`,
      [projectNo],
    );
    expect(traces.rows).toEqual([{ trace_id: TRACE_ID, name: 'chat', input: INPUT, output: OUTPUT }]);
  });

  it('without content, of other names or without a span stay log records and make no trace', async () => {
    projectNo += 1;
    await submit(
      logs(
        anEvent(1, 'my.event', 'plain'),
        anEvent(2, 'gen_ai.evaluation.result', undefined, { 'gen_ai.evaluation.score.value': 0.5 }),
        anEvent(3, 'gen_ai.user.message', { content: 'lost' }, {}, { spanId: '' }),
        anEvent(4, 'gen_ai.user.message', { content: 'lost' }, {}, { traceId: 'nonsense' }),
      ),
    );
    expect(await observations()).toEqual([]);
    expect(await storedLogs()).toMatchObject([
      { event_name: 'my.event', trace_id: TRACE_ID, span_id: SPAN_ID, body: '"plain"' },
      { event_name: 'gen_ai.evaluation.result', trace_id: TRACE_ID, span_id: SPAN_ID },
      { trace_id: TRACE_ID, span_id: null },
      { trace_id: null, span_id: null },
    ]);
  });

  it('sent again after the turn of the week are stored once', async () => {
    projectNo += 1;
    const WEEK_MS = 7 * 86_400_000;
    const monday = Math.floor((NOW_MS + 3 * 86_400_000) / WEEK_MS) * WEEK_MS - 3 * 86_400_000 + WEEK_MS;
    for (const nowMs of [monday - 1000, monday + 1000]) {
      const clocked = openQueue(database.connection, { nowMs: () => nowMs });
      await clocked.submit({ ...logs(user), project: { no: projectNo, id: '' } });
      await clocked.stop();
    }
    expect(await storedLogs()).toHaveLength(1);
  });

  it('that PostgreSQL refuses cost only themselves', async () => {
    projectNo += 1;
    const batch = logs(anEvent(1, 'bad', 'x'), user, anEvent(5, 'fine', 'y', {}, { traceId: '', spanId: '' }));
    const spoiled = { ...batch, logs: batch.logs!.map((log, i) => (i === 0 ? { ...log, body: 'a\0b' } : log)) };
    const { rejected } = await queue.submit(spoiled);
    expect(rejected).toMatchObject([{ kind: 'log', index: 0, code: 'NOT_STORABLE' }]);
    expect((await storedLogs()).map((log) => log['event_name'])).toEqual(['gen_ai.user.message', 'fine']);
    expect(await observations()).toMatchObject([{ input: expect.stringContaining('Hi') as string }]);
  });

  it('of a coding agent read as a session: a trace per prompt with its calls and tools', async () => {
    const common = { 'session.id': 's-1', 'prompt.id': 'p-1', 'user.id': 'u-1' };
    const events = [
      anAgentEvent(0, 'claude_code.user_prompt', { ...common, prompt: 'Fix the test', prompt_length: '12' }),
      anAgentEvent(1500, 'claude_code.api_request', {
        ...{ ...common, model: 'claude-x', cost_usd: '0.01', duration_ms: '1000' },
        ...{ input_tokens: '10', output_tokens: '20', cache_read_tokens: '300', cache_creation_tokens: '4' },
      }),
      anAgentEvent(1600, 'claude_code.tool_decision', {
        ...{ ...common, tool_name: 'Bash', tool_use_id: 't-1', decision: 'accept', source: 'config' },
      }),
      anAgentEvent(2000, 'claude_code.tool_result', {
        ...{ ...common, tool_name: 'Bash', tool_use_id: 't-1', success: 'false', duration_ms: '250', error: 'exit 1' },
        tool_parameters: '{"bash_command":"npm"}',
      }),
      anAgentEvent(2100, 'claude_code.api_error', {
        ...common,
        model: 'claude-x',
        error: 'overloaded',
        status_code: '529',
      }),
    ];
    let first: string | undefined;
    for (let seed = 0; seed < 4; seed += 1) {
      projectNo += 1;
      for (const event of new Random(seed).shuffled([...events, events[1]!])) await submit(logs(event));
      const dump = await dumpProject(database.pool, projectNo);
      expect(dump).toBe((first ??= dump));
    }
    const { rows } = await database.pool.query<Json>(
      `SELECT t.trace_id, t.name, t.session_id, t.user_id, t.total_tokens::int4 AS tokens, t.cost_nano_usd::int4 AS cost,
        p.input FROM traces t JOIN trace_payloads p USING (project_no, trace_id, bucket) WHERE project_no = $1`,
      [projectNo],
    );
    expect(rows).toMatchObject([
      {
        name: 'claude_code',
        session_id: 's-1',
        user_id: 'u-1',
        tokens: 334,
        cost: 10_000_000,
        input: '"Fix the test"',
      },
    ]);
    expect(await observations()).toMatchObject([
      { type: 'GENERATION', model: 'claude-x', usage: { input: 10, output: 20, input_cached_tokens: 300, total: 334 } },
      { type: 'TOOL', name: 'Bash', level: 'ERROR', status_message: 'exit 1', input: '{"bash_command":"npm"}' },
      { type: 'GENERATION', level: 'ERROR', status_message: 'overloaded' },
    ]);
    const calls = await database.pool.query<{ start: string }>(
      `SELECT (extract(epoch FROM start_time) * 1000000)::int8 AS start FROM observations
       WHERE project_no = $1 AND type = 'TOOL'`,
      [projectNo],
    );
    expect(Number(calls.rows[0]!.start)).toBe(START_MICROS + 1_750_000);
    const linked = await storedLogs();
    expect(linked).toHaveLength(5);
    expect(new Set(linked.map((log) => log['trace_id']))).toEqual(new Set([rows[0]!['trace_id']]));
    expect(await wrongSums(database.pool)).toEqual({});
  });
});
