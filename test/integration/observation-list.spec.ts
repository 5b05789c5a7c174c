import { type Filter, type FilterCondition, FILTER_OPERATORS, type FilterType } from '../../src/domain/filter.js';
import { type ObservationParts } from '../../src/domain/observation-list.js';
import { type FilterColumn } from '../../src/storage/filter/filter-columns.js';
import { OBSERVATION_V2_FILTER } from '../../src/storage/filter/observation-filter.js';
import { TRACE_FILTER } from '../../src/storage/filter/trace-filter.js';
import { ObservationListReader } from '../../src/storage/observations/observation-list-reader.js';
import { SnapshotReader } from '../../src/storage/pricing/snapshot-reader.js';
import { PromptReader } from '../../src/storage/prompts/prompt-reader.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { TraceReader } from '../../src/storage/trace-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { BUCKET, insertRows, makePartitions, OTHER_PROJECT, PROJECT, second } from '../support/rows.js';

jest.setTimeout(60_000);

const ROWS_ONLY: ObservationParts = { io: false, metadata: false, trace: false, prompt: false };
const EVERYTHING: ObservationParts = { io: true, metadata: true, trace: true, prompt: true };
const NEXT_BUCKET = BUCKET + 1;

let database: TestDatabase;
let list: ObservationListReader;
let traces: TraceReader;

beforeAll(async () => {
  database = await createTestDatabase();
  const dataSource = await database.dataSource();
  await makePartitions(dataSource);
  const pool = new ReadPool(dataSource, { readTimeoutMs: 10_000 });
  list = new ObservationListReader(pool, new SnapshotReader(pool), new PromptReader(pool));
  traces = new TraceReader(pool);
  await fill();
});

afterAll(async () => {
  await database.drop();
});

async function fill(): Promise<void> {
  await insertRows(database.pool, 'traces', [
    {
      trace_id: 't1',
      name: 'chat',
      user_id: 'ann',
      session_id: 's1',
      tags: ['red'],
      release: 'r1',
      version: 'v7',
      bookmarked: true,
      error_count: 1,
      observation_count: 3,
      total_tokens: 10,
      metadata: { tenant: 'acme', tries: 3, final: true },
    },
    { trace_id: 't2', name: 'plan', user_id: 'bob', bucket: NEXT_BUCKET, observation_count: 3 },
    { trace_id: 't3', observation_count: 1, name: 'debug' },
    { trace_id: 't4', name: 'empty' },
    { trace_id: 't1', name: 'theirs', user_id: 'ann', project_no: OTHER_PROJECT.no },
  ]);
  await insertRows(database.pool, 'observations', [
    {
      trace_id: 't1',
      id: 'a',
      start_time: second(1),
      end_time: second(3),
      completion_start_time: second(2),
      type: 'GENERATION',
      name: 'chat.generation',
      tool_names: 'search\nbook',
      called_tool_names: 'search\nsearch\nbook',
      level: 'ERROR',
      status_message: 'upstream answered 503',
      model: 'gpt-4o',
      version: '1',
      environment: 'production',
      prompt_name: 'greeting',
      prompt_version: '3',
      input_tokens: 6,
      output_tokens: 4,
      total_tokens: 10,
      cost_nano_usd: 2_000_000_000,
      input_cost_nano_usd: 750_000_000,
      output_cost_nano_usd: 1_250_000_000,
      stated_facts: { modelId: 'model-1' },
      stated_cost: { input: 0.5, input_cached_tokens: 0.25, output: 1.25 },
    },
    { trace_id: 't1', id: 'b', start_time: second(2), parent_observation_id: 'a', type: 'TOOL', tool_name: 'search' },
    // Without a start: shown with its arrival.
    { trace_id: 't1', id: 'c', created_at: second(4), parent_observation_id: 'a', name: 'late' },
    { trace_id: 't2', id: 'a', start_time: second(3), bucket: NEXT_BUCKET, type: 'SPAN', level: 'WARNING' },
    {
      trace_id: 't2',
      id: 'd',
      start_time: second(3),
      bucket: NEXT_BUCKET,
      name: 'chat.generation',
      usage: { input: 1_000_000, output: 500_000 },
      price_key: 77,
      cost_nano_usd: 4_000_000_000,
      input_cost_nano_usd: 2_000_000_000,
      output_cost_nano_usd: 2_000_000_000,
    },
    { trace_id: 't2', id: 'e', start_time: second(3), bucket: NEXT_BUCKET, end_time: second(2), level: 'DEBUG' },
    { trace_id: 't3', id: 'f', start_time: second(0), level: 'DEBUG' },
    { trace_id: 't1', id: 'theirs', start_time: second(9), name: 'chat.generation', project_no: OTHER_PROJECT.no },
  ]);
  await insertRows(database.pool, 'observation_payloads', [
    {
      trace_id: 't1',
      id: 'a',
      input: '"The Quick brown 100% fox"',
      output: '{"b" : 1.00}',
      metadata: '{"k":"x","n":2}',
    },
    { trace_id: 't2', id: 'd', bucket: NEXT_BUCKET, input: '[1]', metadata: '{"k":{"deep":true}}' },
    { trace_id: 't1', id: 'theirs', input: '"secret"', project_no: OTHER_PROJECT.no },
  ]);
  const sheet = { prices: [usdPerMillion('input', 2), usdPerMillion('output', 4)], tiers: [] };
  await database.pool.query('INSERT INTO price_snapshots VALUES (77, $1, now())', [
    JSON.stringify({ priceId: 'price-1', sheet }),
  ]);
  await database.pool.query(
    `INSERT INTO scores (project_no, id, ts, trace_id, observation_id, name, source, data_type, value, string_value,
      first_stamp, stamp, created_at, updated_at)
      SELECT project_no, id, now(), trace_id, observation_id, name, 'API', data_type, value, string_value, 0, 0, now(), now()
      FROM json_populate_recordset(NULL::scores, $1)`,
    [
      JSON.stringify([
        {
          project_no: 1,
          id: '1',
          trace_id: 't1',
          observation_id: 'a',
          name: 'quality',
          data_type: 'NUMERIC',
          value: 0.4,
        },
        {
          project_no: 1,
          id: '2',
          trace_id: 't1',
          observation_id: 'a',
          name: 'quality',
          data_type: 'NUMERIC',
          value: 0.8,
        },
        { project_no: 1, id: '3', trace_id: 't2', name: 'quality', data_type: 'NUMERIC', value: 0.1 },
        {
          project_no: 1,
          id: '4',
          trace_id: 't1',
          observation_id: 'b',
          name: 'tone',
          data_type: 'CATEGORICAL',
          value: 0,
          string_value: 'kind',
        },
        { project_no: 1, id: '5', trace_id: 't1', observation_id: 'c', name: 'ok', data_type: 'BOOLEAN', value: 1 },
        { project_no: 2, id: '6', trace_id: 't3', name: 'quality', data_type: 'NUMERIC', value: 1 },
      ]),
    ],
  );
}

const usdPerMillion = (usageClass: string, usd: number) => ({ usageClass, usdPerMillion: usd });

const NEWEST_FIRST = ['t1/c', 't2/e', 't2/d', 't2/a', 't1/b', 't1/a', 't3/f'];

async function find(conditions: Filter, plain: Filter = []): Promise<string[]> {
  const { items, nextCursor } = await list.findSlice(PROJECT, { plain, conditions }, { limit: 1000 }, ROWS_ONLY);
  expect(nextCursor).toBeUndefined();
  return items.map(({ observation }) => `${observation.traceId}/${observation.id}`);
}

async function findTraces(conditions: Filter): Promise<string[]> {
  const order = { key: 'id', direction: 'asc' } as const;
  const parts = { io: false, observations: false };
  const page = await traces.findTraces(PROJECT, { conditions }, { page: 1, limit: 100 }, order, parts);
  return page.items.map(({ traceId }) => traceId);
}

const is = (column: string, value: string): FilterCondition => ({ type: 'string', column, operator: '=', value });
const anyOf = (column: string, ...value: string[]): FilterCondition => ({
  type: 'stringOptions',
  column,
  operator: 'any of',
  value,
});
const number = (column: string, operator: '>' | '=' | '<', value: number): FilterCondition => ({
  type: 'number',
  column,
  operator,
  value,
});
const at = (operator: '>' | '<=' | '<' | '>=', time: string): FilterCondition => ({
  type: 'datetime',
  column: 'startTime',
  operator,
  value: Date.parse(time) * 1000,
});
const position = (key: 'root' | 'first' | 'last' | 'nthFromStart' | 'nthFromEnd', value?: number): FilterCondition => ({
  type: 'positionInTrace',
  column: 'positionInTrace',
  operator: '=',
  key,
  value,
});

describe('a list of observations', () => {
  it.each<[string, Filter, string[]]>([
    ['nothing', [], NEWEST_FIRST],
    ['an id, which two traces use', [is('id', 'a')], ['t2/a', 't1/a']],
    ['type', [is('type', 'GENERATION')], ['t1/a']],
    ['the type of those that state none', [is('type', 'SPAN')], ['t1/c', 't2/e', 't2/d', 't2/a', 't3/f']],
    ['several types', [anyOf('type', 'TOOL', 'GENERATION')], ['t1/b', 't1/a']],
    ['name', [is('name', 'chat.generation')], ['t2/d', 't1/a']],
    ['type and name', [is('name', 'chat.generation'), is('type', 'GENERATION')], ['t1/a']],
    ['trace', [is('traceId', 't2')], ['t2/e', 't2/d', 't2/a']],
    ['a trace that is not there', [is('traceId', 'nope')], []],
    ['several traces', [anyOf('traceId', 't1', 't3')], ['t1/c', 't1/b', 't1/a', 't3/f']],
    ['parent', [is('parentObservationId', 'a')], ['t1/c', 't1/b']],
    ['no parent', [is('parentObservationId', '')], ['t2/e', 't2/d', 't2/a', 't1/a', 't3/f']],
    ['level', [is('level', 'ERROR')], ['t1/a']],
    ['the level of those that state none', [is('level', 'DEFAULT')], ['t1/c', 't2/d', 't1/b']],
    ['environment', [anyOf('environment', 'production')], ['t1/a']],
    ['start, that of arrival included', [at('>=', second(3))], ['t1/c', 't2/e', 't2/d', 't2/a']],
    ['start, exclusive', [at('>', second(1)), at('<', second(3))], ['t1/b']],
    ['version', [is('version', '1')], ['t1/a']],
    ['model under its other name', [is('providedModelName', 'gpt-4o')], ['t1/a']],
    ['model id', [is('Model ID', 'model-1')], ['t1/a']],
    ['prompt', [is('promptName', 'greeting'), number('promptVersion', '=', 3)], ['t1/a']],
    ['status message', [{ ...is('statusMessage', '503'), operator: 'ends with' } as FilterCondition], ['t1/a']],
    ['latency, never below 0', [number('latency', '<', 1)], ['t2/e']],
    ['latency in seconds', [number('Latency (s)', '=', 2)], ['t1/a']],
    ['time to first token', [number('timeToFirstToken', '=', 1)], ['t1/a']],
    ['tokens per second', [number('tokensPerSecond', '=', 2)], ['t1/a']],
    ['tokens', [number('totalTokens', '>', 9)], ['t1/a']],
    ['cost in USD', [number('totalCost', '=', 2)], ['t1/a']],
    [
      'the cost of inputs and of outputs by a price',
      [number('inputCost', '=', 2), number('outputCost', '=', 2)],
      ['t2/d'],
    ],
    ['the price row as model', [is('modelId', 'price-1')], ['t2/d']],
    [
      'the cost of inputs and of outputs in USD',
      [number('inputCost', '=', 0.75), number('outputCost', '=', 1.25)],
      ['t1/a'],
    ],
    ['user, who is the trace’s', [is('userId', 'ann')], ['t1/c', 't1/b', 't1/a']],
    ['session', [is('sessionId', 's1')], ['t1/c', 't1/b', 't1/a']],
    ['trace version', [is('traceVersion', 'v7')], ['t1/c', 't1/b', 't1/a']],
    ['trace name', [anyOf('traceName', 'plan', 'debug')], ['t2/e', 't2/d', 't2/a', 't3/f']],
    [
      'tags',
      [{ type: 'arrayOptions', column: 'traceTags', operator: 'all of', value: ['red'] }],
      ['t1/c', 't1/b', 't1/a'],
    ],
    ['the tool that ran', [is('toolName', 'search')], ['t1/b']],
    ['tools that were offered', [anyOf('toolNames', 'book', 'none')], ['t1/a']],
    [
      'tools that were all offered',
      [{ type: 'arrayOptions', column: 'toolNames', operator: 'all of', value: ['search', 'book'] }],
      ['t1/a'],
    ],
    ['a tool whose name is part of another', [anyOf('toolNames', 'boo')], []],
    ['called tools', [anyOf('calledToolNames', 'search')], ['t1/a']],
    ['how many tools', [number('toolDefinitions', '=', 2), number('toolCalls', '>', 2)], ['t1/a']],
    ['metadata', [{ type: 'stringObject', column: 'metadata', key: 'k', operator: '=', value: 'x' }], ['t1/a']],
    [
      'a number in metadata',
      [{ type: 'numberObject', column: 'metadata', key: 'n', operator: '>', value: 1 }],
      ['t1/a'],
    ],
    [
      'an object in metadata',
      [{ type: 'stringObject', column: 'metadata', key: 'k', operator: 'contains', value: '"deep"' }],
      ['t2/d'],
    ],
    ['words of the input', [{ ...is('input', 'quick FOX'), operator: 'matches' } as FilterCondition], ['t1/a']],
    ['an input as its text', [{ ...is('input', 'The Quick'), operator: 'starts with' } as FilterCondition], ['t1/a']],
    ['an output as its JSON', [is('output', '{"b" : 1.00}')], ['t1/a']],
    ['scores', [{ type: 'numberObject', column: 'scores_avg', key: 'quality', operator: '>', value: 0.5 }], ['t1/a']],
    [
      'a category',
      [
        {
          type: 'categoryOptions',
          column: 'score_categories',
          key: 'tone',
          operator: 'any of',
          value: ['kind', 'cold'],
        },
      ],
      ['t1/b'],
    ],
    [
      'a boolean score',
      [{ type: 'booleanObject', column: 'score_booleans', key: 'ok', operator: '=', value: true }],
      ['t1/c'],
    ],
    ['being a root', [{ type: 'boolean', column: 'isRootObservation', operator: '<>', value: true }], ['t1/c', 't1/b']],
    ['position: roots', [position('root')], ['t2/e', 't2/d', 't2/a', 't1/a', 't3/f']],
    ['position: first', [position('first')], ['t2/a', 't1/a', 't3/f']],
    ['position: last', [position('last')], ['t1/c', 't2/e', 't3/f']],
    ['position: second', [position('nthFromStart', 2)], ['t2/d', 't1/b']],
    ['position: third from the end', [position('nthFromEnd', 3)], ['t2/a', 't1/a']],
  ])('by %s shows exactly those that match, newest first', async (_, conditions, expected) => {
    expect(await find(conditions)).toEqual(expected);
  });

  it('gives way to the filter where a plain parameter is about the same column', async () => {
    expect(await find([is('Name', 'late')], [is('name', 'chat.generation'), is('userId', 'ann')])).toEqual(['t1/c']);
    expect(await find([], [is('name', 'late'), is('userId', 'bob')])).toEqual([]);
  });

  it.each([1, 2, 3, 7])('is walked by cursor in parts of %d, each observation once', async (limit) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const slice = { limit, ...(cursor === undefined ? {} : { cursor }) };
      const found = await list.findSlice(PROJECT, { plain: [], conditions: [] }, slice, ROWS_ONLY);
      seen.push(...found.items.map(({ observation }) => `${observation.traceId}/${observation.id}`));
      cursor = found.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(NEWEST_FIRST);
  });

  it('is paged by number and counted', async () => {
    const filter = { plain: [], conditions: [] };
    const second = await list.findPage(PROJECT, filter, { page: 2, limit: 3 }, ROWS_ONLY);
    expect(second).toMatchObject({ totalItems: 7, hasMore: true, isTotalCapped: false });
    expect(second.items.map(({ observation }) => observation.id)).toEqual(['a', 'b', 'a']);
    const last = await list.findPage(PROJECT, filter, { page: 3, limit: 3 }, ROWS_ONLY);
    expect(last).toMatchObject({ totalItems: 7, hasMore: false });
    expect(last.nextCursor).toBeUndefined();
    const beyond = await list.findPage(PROJECT, filter, { page: 9, limit: 3 }, ROWS_ONLY);
    expect(beyond).toMatchObject({ items: [], totalItems: 7 });
    const onward = { page: 1, limit: 3, cursor: second.nextCursor! };
    expect((await list.findPage(PROJECT, filter, onward, ROWS_ONLY)).items).toEqual(last.items);
  });

  it('looks up payloads and traces where they are asked for, each with its own observation', async () => {
    const { items } = await list.findSlice(PROJECT, { plain: [], conditions: [] }, { limit: 1000 }, EVERYTHING);
    const shown = new Map(
      items.map(({ observation, trace }) => [
        `${observation.traceId}/${observation.id}`,
        [
          observation.input?.toString() ?? null,
          observation.metadata?.toString() ?? null,
          trace?.name,
          trace?.bookmarked,
        ],
      ]),
    );
    expect(shown.get('t1/a')).toEqual(['"The Quick brown 100% fox"', '{"k":"x","n":2}', 'chat', true]);
    expect(shown.get('t2/a')).toEqual([null, null, 'plan', false]);
    expect(shown.get('t2/d')).toEqual(['[1]', '{"k":{"deep":true}}', 'plan', false]);
    const bare = await list.findSlice(PROJECT, { plain: [], conditions: [] }, { limit: 1 }, ROWS_ONLY);
    expect(bare.items).toMatchObject([{ trace: null, observation: { input: null, metadata: null } }]);
  });

  it('never shows what belongs to another project', async () => {
    const { items } = await list.findSlice(OTHER_PROJECT, { plain: [], conditions: [] }, { limit: 9 }, EVERYTHING);
    expect(items.map(({ observation, trace }) => [observation.id, observation.input?.toString(), trace?.name])).toEqual(
      [['theirs', '"secret"', 'theirs']],
    );
    expect(await find([is('id', 'theirs')])).toEqual([]);
  });

  it.each([
    '',
    'abc',
    'e30',
    Buffer.from('{"lastStartTimeTo":1}').toString('base64'),
    Buffer.from('[]').toString('base64'),
  ])('refuses %j as a cursor', async (cursor) => {
    const found = list.findSlice(PROJECT, { plain: [], conditions: [] }, { limit: 5, cursor }, ROWS_ONLY);
    await expect(found).rejects.toThrow('Invalid cursor format');
  });
});

describe('a list of traces', () => {
  it.each<[string, Filter, string[]]>([
    ['id', [anyOf('ID', 't1', 't3')], ['t1', 't3']],
    ['name', [{ ...is('traceName', 'e'), operator: 'does not contain' } as FilterCondition], ['t1', 't2']],
    ['no user', [{ type: 'null', column: 'User ID', operator: 'is null', value: '' }], ['t3', 't4']],
    ['bookmark', [{ type: 'boolean', column: 'bookmarked', operator: '=', value: true }], ['t1']],
    ['gravest level ERROR', [anyOf('level', 'ERROR')], ['t1']],
    ['gravest level WARNING', [is('level', 'WARNING')], ['t2']],
    ['gravest level DEBUG', [is('level', 'DEBUG')], ['t3']],
    [
      'another gravest level',
      [{ type: 'stringOptions', column: 'level', operator: 'none of', value: ['WARNING', 'DEBUG'] }],
      ['t1'],
    ],
    ['warnings', [number('warningCount', '>', 0)], ['t2']],
    ['errors', [number('Error Level Count', '=', 1)], ['t1']],
    ['observations at DEBUG', [number('debugCount', '=', 1)], ['t2', 't3']],
    ['observations at DEFAULT', [number('defaultCount', '=', 2)], ['t1']],
    ['tokens', [number('tokens', '=', 10)], ['t1']],
    ['the cost of inputs and of outputs', [number('Input Cost ($)', '=', 0.75), number('outputCost', '>', 1)], ['t1']],
    [
      'metadata',
      [
        { type: 'stringObject', column: 'metadata', key: 'tenant', operator: 'starts with', value: 'ac' },
        { type: 'numberObject', column: 'metadata', key: 'tries', operator: '>=', value: 3 },
        { type: 'booleanObject', column: 'metadata', key: 'final', operator: '=', value: true },
      ],
      ['t1'],
    ],
    [
      'average scores, those of observations included',
      [{ type: 'numberObject', column: 'scores_avg', key: 'quality', operator: '<', value: 0.65 }],
      ['t1', 't2'],
    ],
    [
      'no such category',
      [{ type: 'categoryOptions', column: 'score_categories', key: 'tone', operator: 'none of', value: ['kind'] }],
      ['t2', 't3', 't4'],
    ],
  ])('by %s shows exactly those that match', async (_, conditions, expected) => {
    expect(await findTraces(conditions)).toEqual(expected);
  });
});

/** A condition of each type that a column takes, of every operator; what it finds does not matter. */
function everyCondition(column: FilterColumn): FilterCondition[] {
  const types = Object.keys(FILTER_OPERATORS) as FilterType[];
  return types.flatMap((type) =>
    FILTER_OPERATORS[type].map((operator) => {
      const value = { datetime: 0, number: 1, numberObject: 1, boolean: true, booleanObject: true, null: '' }[
        type as 'null'
      ];
      const isList = type.endsWith('Options');
      const key = type === 'positionInTrace' ? 'nthFromEnd' : "k' OR '1'='1";
      const text =
        type === 'positionInTrace' ? 1 : isList ? ["x'; DROP TABLE traces; --", ''] : "x'; DROP TABLE traces; --";
      return { type, column: column.name, operator, key, value: value ?? text } as FilterCondition;
    }),
  );
}

function takes(columns: typeof TRACE_FILTER, condition: FilterCondition): boolean {
  try {
    columns.resolve([condition]);
    return true;
  } catch {
    return false;
  }
}

it('every column runs with every operator it takes, whatever text is asked for', async () => {
  let asked = 0;
  for (const condition of OBSERVATION_V2_FILTER.columns.flatMap(everyCondition)) {
    if (!takes(OBSERVATION_V2_FILTER, condition)) continue;
    await find([condition]);
    asked += 1;
  }
  for (const condition of TRACE_FILTER.columns.flatMap(everyCondition)) {
    if (!takes(TRACE_FILTER, condition)) continue;
    await findTraces([condition]);
    asked += 1;
  }
  expect(asked).toBeGreaterThan(300);
  expect(await find([])).toEqual(NEWEST_FIRST);
});

it('a list of errors and its count go by the index of what went wrong', async () => {
  await database.pool.query(
    `INSERT INTO observations (project_no, trace_id, id, bucket, start_time, created_at, updated_at, level)
     SELECT 9, 't' || n / 8, 'o' || n, $1, now() - n * interval '1 second', now(), now(), CASE WHEN n % 200 = 0 THEN 'ERROR' END
     FROM generate_series(1, 20000) n`,
    [BUCKET],
  );
  await database.pool.query('ANALYZE observations');
  const asked: [string, readonly unknown[]][] = [];
  const pool = new ReadPool(await database.dataSource(), { readTimeoutMs: 10_000 });
  const query = pool.query.bind(pool);
  pool.query = (sql, parameters = []) => {
    asked.push([sql, parameters]);
    return query(sql, parameters);
  };
  const errors = new ObservationListReader(pool, new SnapshotReader(pool), new PromptReader(pool));
  const plain: Filter = [{ type: 'string', column: 'level', operator: '=', value: 'ERROR' }];
  const page = await errors.findPage({ no: 9, id: 'p9' }, { plain, conditions: [] }, { page: 1, limit: 10 }, ROWS_ONLY);
  expect(page.totalItems).toBe(100);
  for (const [sql, parameters] of asked.filter(([text]) => text.includes('o.level = '))) {
    const { rows } = await database.pool.query<Record<string, string>>(`EXPLAIN ${sql}`, [...parameters]);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain(`observations_w${BUCKET}_project_no_level_start_time_idx`);
  }
  expect(asked.length).toBeGreaterThan(1);
  await database.pool.query('DELETE FROM observations WHERE project_no = 9');
});
