import fc from 'fast-check';
import { encodeArray } from '../../src/storage/binary-array.js';
import { type ElementType } from '../../src/storage/binary-value.js';
import { type CopyColumn } from '../../src/storage/copy-writer.js';
import { StatementBatch } from '../../src/storage/statement-batch.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { storedContents } from '../support/fold.js';
import { batchOf, NOW_MS, type Patch } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

type Way = 'an array' | 'copied rows';

describe.each<Way>(['an array', 'copied rows'])('a value on its way into PostgreSQL in %s', (way) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  /** What PostgreSQL understands of an encoded column, each element as text (times as microseconds). */
  async function understood(type: ElementType, values: readonly unknown[]): Promise<(string | null)[]> {
    const shown = type === 'timestamptz' ? '(extract(epoch FROM v) * 1000000)::int8' : 'v';
    const client = await database.pool.connect();
    try {
      let from = `unnest($1::${type}[]) WITH ORDINALITY AS x(v, n)`;
      let parameters = [encodeArray('column', type, values)];
      if (way === 'copied rows') {
        await client.query(`BEGIN; CREATE TEMPORARY TABLE copied (n int4, v ${type}) ON COMMIT DROP`);
        await StatementBatch.run(client, (batch) =>
          batch.copy({ name: 'copied', text: 'COPY copied (n, v) FROM STDIN (FORMAT binary)' }, (writer) =>
            writer.writeRows('copied', columnsOf(type), [...values.entries()]),
          ),
        );
        [from, parameters] = ['copied', []];
      }
      const sql = `SELECT ${shown}::text AS text FROM ${from} ORDER BY n`;
      return (await client.query<{ text: string | null }>(sql, parameters)).rows.map((row) => row.text);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }

  function columnsOf(type: ElementType): CopyColumn<[number, unknown]>[] {
    return [
      { name: 'n', type: 'int4', value: ([n]) => n },
      { name: 'v', type, value: ([, value]) => value },
    ];
  }

  const MAX = Number.MAX_SAFE_INTEGER;

  it.each<[ElementType, unknown[], (string | null)[]]>([
    ['bool', [true, null, false], ['true', null, 'false']],
    ['int4', [0, -1, null, 2 ** 31 - 1, -(2 ** 31) + 1], ['0', '-1', null, '2147483647', '-2147483647']],
    [
      'int8',
      [0, -0, -1, 2 ** 32, -(2 ** 32) - 1, MAX, -MAX, undefined],
      ['0', '0', '-1', '4294967296', '-4294967297', `${MAX}`, `-${MAX}`, null],
    ],
    ['float8', [0.1, -1.5, 1e308, 5e-324, null], ['0.1', '-1.5', '1e+308', '5e-324', null]],
    ['text', ['', 'é😀\uff5e', '"{,}\\', null, 'NULL', '\u0001'], ['', 'é😀\uff5e', '"{,}\\', null, 'NULL', '\u0001']],
    ['jsonb', ['{"b":1,"a":[null,"\\\\u0000"]}', 'null', null], ['{"a": [null, "\\\\u0000"], "b": 1}', 'null', null]],
  ])('arrives as it was sent: %s', async (type, values, texts) => {
    expect(await understood(type, values)).toEqual(texts);
  });

  it('arrives as it was sent: timestamptz, to the microsecond', async () => {
    const times = [
      0,
      -1,
      1,
      1_795_400_000_123_456,
      946_684_800_000_000,
      946_684_799_999_999,
      null,
      9_000_000_000_000_000,
    ];
    expect(await understood('timestamptz', times)).toEqual(times.map((time) => (time === null ? null : String(time))));
  });

  it('arrives as it was sent: columns of any length', async () => {
    expect(await understood('text', [])).toEqual([]);
    const many = Array.from({ length: 20_000 }, (_, i) => (i % 7 === 0 ? null : `${'é'.repeat(i % 5)}${i}`));
    expect(await understood('text', many)).toEqual(many);
  });

  it('arrives as it was sent: texts of any size', async () => {
    const sizes = [65_515, 65_516, 65_517, 65_530, 65_536, 0, 200_000, 1, 131_072, 21_845];
    const texts = sizes.flatMap((size) => ['x'.repeat(size), '漢'.repeat(size), null]);
    expect(await understood('text', texts)).toEqual(texts);
  });

  it('arrives as it was sent: any numbers, texts and documents', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 }).filter((value) => !value.includes('\0'));
    const json = fc.json({ maxDepth: 3, stringUnit: 'grapheme' }).filter((value) => !value.includes('\\u0000'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(text), { maxLength: 20 }),
        fc.array(fc.maxSafeInteger(), { maxLength: 20 }),
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 20 }),
        fc.array(json, { maxLength: 5 }),
        async (texts, integers, doubles, documents) => {
          expect(await understood('text', texts)).toEqual(texts);
          expect(await understood('int8', integers)).toEqual(integers.map((value) => String(value + 0)));
          expect((await understood('float8', doubles)).map(Number)).toEqual(doubles);
          const stored = await understood('jsonb', documents);
          expect(stored.map((value) => JSON.parse(value!) as unknown)).toEqual(
            documents.map((value) => JSON.parse(value) as unknown),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is replaced by U+FFFD where it is a lone surrogate, and refused where it is U+0000', async () => {
    expect(await understood('text', ['a\ud800b', '\udc00'])).toEqual(['a\ufffdb', '\ufffd']);
    await expect(understood('text', ['a\0'])).rejects.toMatchObject({ code: '22021' });
    await expect(understood('jsonb', ['"\\u0000"'])).rejects.toMatchObject({ code: '22P05' });
    await expect(understood('jsonb', ['"\\ud800"'])).rejects.toMatchObject({ code: '22P02' });
  });
});

describe('a stored item', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createWriteDatabase();
  });
  afterAll(() => database.drop());

  it('has every field as it was stated, and still has it after an update that says nothing', async () => {
    const time = NOW_MS * 1000 + 123_456;
    const patches: Patch[] = [
      {
        kind: 'trace',
        index: 0,
        traceId: 't/1 "ü"',
        stamp: 5,
        timestamp: time,
        name: 'trace name',
        userId: 'user',
        sessionId: 'session',
        release: 'r1',
        version: 'v1',
        public: true,
        bookmarked: false,
        externalId: 'x',
        statedLatencySeconds: 0.1,
        statedCostUsd: 1e-9,
        environment: 'prod',
        input: '{"z":1,"a":2}',
        output: '"😀"',
        tags: ['{d}', 'e,f', '"g"', 'NULL', ''],
        metadata: new Map([
          ['__proto__', '{"z":1,"a":[1,2]}'],
          ['', 'null'],
        ]),
      },
      {
        kind: 'observation',
        index: 0,
        traceId: 't/1 "ü"',
        id: 'o',
        stamp: 5,
        startTime: time,
        endTime: time + 1,
        completionStartTime: time - 1,
        type: 'GENERATION',
        name: 'observation name',
        level: 'ERROR',
        statusMessage: 'status',
        model: 'model',
        modelParameters: '{"temperature":0.5}',
        parentObservationId: 'parent',
        version: 'v2',
        promptId: 'p',
        promptName: 'pn',
        promptVersion: '3',
        usage: { input: 3, output: 4, input_cached_tokens: 5 },
        statedCost: { input: 0.1, output: 0.2 },
        usageUnit: 'TOKENS',
        statedLatencySeconds: 0.25,
        statedTimeToFirstTokenSeconds: 0.125,
        modelId: 'm',
        inputPriceUsd: 1e-7,
        outputPriceUsd: 2e-7,
        totalPriceUsd: 0,
        requestedModel: 'model-latest',
        provider: 'openai',
        finishReason: 'stop',
        toolName: 'tool "ü"',
        toolNames: 'one\ntwo "ü"',
        calledToolNames: 'two "ü"\ntwo "ü"',
        agentName: 'agent',
        turnId: 'turn',
        runId: 'run',
        stepId: 'step',
        parentStepId: 'parent step',
        stepType: 'tool_call',
        attemptIndex: 0,
        runState: 'paused',
        experiment: { id: 'e', name: 'n "ü"', itemId: 'i' },
        environment: 'dev',
        input: '[1,{"b":1,"a":2}]',
        output: 'null',
        metadata: new Map([['k', '{"z":1,"a":[1,2]}']]),
      },
    ];
    const queue = openQueue(database.connection);
    await queue.submit(batchOf(1, patches));
    const silent: Patch[] = [
      { kind: 'trace', index: 0, traceId: 't/1 "ü"', stamp: 9 },
      { kind: 'observation', index: 0, traceId: 't/1 "ü"', id: 'o', stamp: 9 },
    ];
    for (const again of [[], silent]) {
      await queue.submit(batchOf(1, again));
      const stored = await storedContents(database.pool, 1);
      expect(stored.traces).toEqual([
        {
          trace_id: 't/1 "ü"',
          ts: time,
          stated_ts: time,
          first_start: time,
          last_end: time + 1,
          name: 'trace name',
          user_id: 'user',
          session_id: 'session',
          release: 'r1',
          version: 'v1',
          public: true,
          bookmarked: false,
          external_id: 'x',
          stated_latency_seconds: 0.1,
          stated_cost_usd: 1e-9,
          environment: 'prod',
          input: '{"z":1,"a":2}',
          output: '"😀"',
          tags: ['', '"g"', 'NULL', 'e,f', '{d}'],
          metadata: JSON.parse('{"__proto__":{"z":1,"a":[1,2]},"":null}'),
          observation_count: 1,
          generation_count: 1,
          error_count: 1,
          input_tokens: 8,
          output_tokens: 4,
          total_tokens: 12,
          cost_nano_usd: 300_000_000,
        },
      ]);
      expect(stored.observations).toEqual([
        {
          trace_id: 't/1 "ü"',
          id: 'o',
          start_time: time,
          end_time: time + 1,
          completion_start_time: time - 1,
          type: 'GENERATION',
          name: 'observation name',
          level: 'ERROR',
          status_message: 'status',
          model: 'model',
          model_parameters: '{"temperature":0.5}',
          parent_observation_id: 'parent',
          version: 'v2',
          prompt_id: 'p',
          prompt_name: 'pn',
          prompt_version: '3',
          usage: { input: 3, output: 4, input_cached_tokens: 5 },
          stated_cost: { input: 0.1, output: 0.2 },
          stated_facts: {
            usageUnit: 'TOKENS',
            statedLatencySeconds: 0.25,
            statedTimeToFirstTokenSeconds: 0.125,
            modelId: 'm',
            inputPriceUsd: 1e-7,
            outputPriceUsd: 2e-7,
            totalPriceUsd: 0,
            attemptIndex: 0,
            runState: 'paused',
          },
          experiment: { id: 'e', name: 'n "ü"', itemId: 'i' },
          requested_model: 'model-latest',
          provider: 'openai',
          finish_reason: 'stop',
          tool_name: 'tool "ü"',
          tool_names: 'one\ntwo "ü"',
          called_tool_names: 'two "ü"\ntwo "ü"',
          agent_name: 'agent',
          turn_id: 'turn',
          run_id: 'run',
          step_id: 'step',
          parent_step_id: 'parent step',
          step_type: 'tool_call',
          repeated: null,
          environment: 'dev',
          input: '[1,{"b":1,"a":2}]',
          output: 'null',
          metadata: '{"k":{"z":1,"a":[1,2]}}',
          input_tokens: 8,
          output_tokens: 4,
          total_tokens: 12,
          cost_nano_usd: 300_000_000,
        },
      ]);
    }
    await queue.stop();
  });
});
