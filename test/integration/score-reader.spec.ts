import { type Filter } from '../../src/domain/filter.js';
import { type Page } from '../../src/domain/page.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { type ScoreFilter } from '../../src/storage/scores/score-filter.js';
import { type ScoreListItem, ScoreReader } from '../../src/storage/scores/score-reader.js';
import { whereScores } from '../../src/storage/scores/score-filter.js';
import { SCORES_OF_TRACES_SQL, scoreListSql } from '../../src/storage/scores/score-statements.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { insertRows, OTHER_PROJECT, PROJECT } from '../support/rows.js';

jest.setTimeout(60_000);

const MINUTE = 60_000_000;
const START = Date.UTC(2026, 0, 31, 9) * 1000;

let database: TestDatabase;
let reader: ScoreReader;

/** A row of `scores`, `minute` minutes after the start. */
async function insertScore(id: string, minute: number, columns: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const row = {
    project_no: PROJECT.no,
    id,
    ts: new Date((START + minute * MINUTE) / 1000).toISOString(),
    name: 'accuracy',
    source: 'API',
    data_type: 'NUMERIC',
    first_stamp: 1,
    stamp: 1,
    created_at: '2026-01-31T12:00:00Z',
    updated_at: '2026-01-31T12:00:00Z',
    ...columns,
  };
  await database.pool.query('INSERT INTO scores SELECT * FROM json_populate_record(NULL::scores, $1)', [
    JSON.stringify(row),
  ]);
}

beforeAll(async () => {
  database = await createTestDatabase();
  reader = new ScoreReader(new ReadPool(await database.dataSource(), { readTimeoutMs: 30_000 }));
  await insertRows(database.pool, 'traces', [
    { trace_id: 't1', user_id: 'ada', tags: ['a', 'b'], environment: 'prod', session_id: 's1', name: 'chat' },
    { trace_id: 't2', user_id: 'bob', tags: ['b'] },
    { trace_id: 't1', project_no: OTHER_PROJECT.no, user_id: 'eve', tags: ['a'] },
  ]);
  await insertScore('n1', 1, { trace_id: 't1', value: 0.25, environment: 'prod', metadata: { k: 'v', n: 3 } });
  await insertScore('n2', 2, { trace_id: 't2', value: 0.75, observation_id: 'o1', comment: 'fine' });
  await insertScore('b1', 3, { trace_id: 't1', data_type: 'BOOLEAN', value: 1, string_value: 'True', name: 'ok' });
  await insertScore('c1', 4, {
    ...{ trace_id: 't1', data_type: 'CATEGORICAL', value: 0, string_value: 'good' },
    ...{ name: 'tone', config_id: 'cfg', queue_id: 'q', author_user_id: 'rev', source: 'ANNOTATION' },
  });
  await insertScore('x1', 5, { trace_id: 't1', data_type: 'TEXT', string_value: 'a text', name: 'note' });
  await insertScore('k1', 6, {
    trace_id: 't1',
    data_type: 'CORRECTION',
    value: 0,
    string_value: 'better',
    name: 'output',
  });
  await insertScore('s1', 7, { session_id: 's1', value: 5, source: 'EVAL' });
  await insertScore('r1', 8, { dataset_run_id: 'r1', value: -1 });
  await insertScore('lost', 9, { trace_id: 'not there yet', value: 9 });
  await insertScore('n1', 1, { project_no: OTHER_PROJECT.no, trace_id: 't1', value: 100 });
});

afterAll(() => database.drop());

const list = (filter: ScoreFilter, page = { page: 1, limit: 50 }): Promise<Page<ScoreListItem>> =>
  reader.findScores(PROJECT, filter, page);
const idsOf = async (filter: ScoreFilter): Promise<string[]> => (await list(filter)).items.map(({ id }) => id);

describe('a list of scores', () => {
  it('has those of its project, newest first, and what is known of their traces', async () => {
    const { items, totalItems } = await list({});
    expect(items.map(({ id }) => id)).toEqual(['lost', 'r1', 's1', 'k1', 'x1', 'c1', 'b1', 'n2', 'n1']);
    expect(totalItems).toBe(9);
    expect(items.at(-1)).toMatchObject({
      value: 0.25,
      timestamp: START + MINUTE,
      trace: { userId: 'ada', tags: ['a', 'b'], environment: 'prod', sessionId: 's1' },
    });
    expect(items[0]!.trace).toBeNull();
    expect(items[1]!.trace).toBeNull();
  });

  it.each<[ScoreFilter, string[]]>([
    [{ isOfTrace: true }, ['lost', 'x1', 'c1', 'b1', 'n2', 'n1']],
    [{ ids: ['n1', 'c1', 'nothing'] }, ['c1', 'n1']],
    [{ names: ['tone'] }, ['c1']],
    [{ sources: ['EVAL', 'ANNOTATION'] }, ['s1', 'c1']],
    [{ dataTypes: ['BOOLEAN'] }, ['b1']],
    [{ environments: ['prod'] }, ['n1']],
    [{ environments: ['prod', 'default'], traceIds: ['t1'] }, ['k1', 'x1', 'c1', 'b1', 'n1']],
    [{ configIds: ['cfg'] }, ['c1']],
    [{ queueIds: ['q'] }, ['c1']],
    [{ authorUserIds: ['rev'] }, ['c1']],
    [{ traceIds: ['t2', 'not there yet'] }, ['lost', 'n2']],
    [{ observationIds: ['o1'] }, ['n2']],
    [{ sessionIds: ['s1'] }, ['s1']],
    [{ datasetRunIds: ['r1'] }, ['r1']],
    [{ from: START + 8 * MINUTE }, ['lost', 'r1']],
    [{ before: START + 2 * MINUTE }, ['n1']],
    [{ value: { operator: '>=', value: 0.75 } }, ['lost', 's1', 'b1', 'n2']],
    [{ value: { operator: '!=', value: 0 } }, ['lost', 'r1', 's1', 'b1', 'n2', 'n1']],
    [{ minValue: -1, maxValue: 0.25, dataTypes: ['NUMERIC'] }, ['r1', 'n1']],
    [{ anyNumber: [0.25, 9] }, ['lost', 'n1']],
    [{ anyText: ['good'] }, ['c1']],
    [{ userId: 'ada', names: ['accuracy'] }, ['n1']],
    [{ traceTags: ['a', 'b'], dataTypes: ['TEXT'] }, ['x1']],
    [{ traceTags: ['b'], names: ['accuracy'] }, ['n2', 'n1']],
    [{ userId: 'eve' }, []],
  ])('with %j has %j', async (filter, ids) => {
    expect(await idsOf(filter)).toEqual(ids);
  });

  it.each<[Filter, string[]]>([
    [[{ type: 'stringObject', column: 'metadata', key: 'k', operator: '=', value: 'v' }], ['n1']],
    [[{ type: 'numberObject', column: 'metadata', key: 'n', operator: '>', value: 2 }], ['n1']],
    [[{ type: 'string', column: 'comment', operator: 'contains', value: 'in' }], ['n2']],
    [[{ type: 'stringOptions', column: 'User ID', operator: 'any of', value: ['bob'] }], ['n2']],
    [[{ type: 'string', column: 'traceName', operator: '=', value: 'chat' }], ['k1', 'x1', 'c1', 'b1', 'n1']],
    [[{ type: 'arrayOptions', column: 'tags', operator: 'all of', value: ['a'] }], ['k1', 'x1', 'c1', 'b1', 'n1']],
    [[{ type: 'null', column: 'userId', operator: 'is null', value: '' }], ['lost', 'r1', 's1']],
    [[{ type: 'stringOptions', column: 'userId', operator: 'none of', value: ['ada'] }], ['n2']],
    [[{ type: 'number', column: 'value', operator: '<', value: 0 }], ['r1']],
    [[{ type: 'datetime', column: 'timestamp', operator: '>=', value: START + 9 * MINUTE }], ['lost']],
    [[{ type: 'null', column: 'traceId', operator: 'is null', value: '' }], ['r1', 's1']],
    [
      [{ type: 'stringOptions', column: 'environment', operator: 'any of', value: ['default'] }],
      ['lost', 'r1', 's1', 'k1', 'x1', 'c1', 'b1', 'n2'],
    ],
  ])('with the filter %j has %j', async (conditions, ids) => {
    expect(await idsOf({ conditions })).toEqual(ids);
  });

  it('gives a filter precedence over the plain condition on the same column', async () => {
    const conditions: Filter = [{ type: 'string', column: 'name', operator: '=', value: 'tone' }];
    expect(await idsOf({ names: ['accuracy'], conditions })).toEqual(['c1']);
    expect(await idsOf({ names: ['tone'], traceIds: ['t2'], conditions })).toEqual([]);
  });

  it('takes what looks like SQL as the text it is', async () => {
    const evil = "x'); DROP TABLE scores; --";
    const texts = [evil];
    const filter: ScoreFilter = {
      ...{ ids: texts, names: texts, environments: texts, configIds: texts, queueIds: texts, authorUserIds: texts },
      ...{ traceIds: texts, observationIds: texts, sessionIds: texts, datasetRunIds: texts, anyText: texts },
      ...{ userId: evil, traceTags: texts },
      conditions: [
        { type: 'stringObject', column: 'metadata', key: evil, operator: 'contains', value: evil },
        { type: 'string', column: 'comment', operator: 'matches', value: evil },
      ],
    };
    expect(await idsOf(filter)).toEqual([]);
    expect(await idsOf({ ids: ['n1'] })).toEqual(['n1']);
    await expect(list({ conditions: [{ type: 'string', column: evil, operator: '=', value: '' }] })).rejects.toThrow(
      /filter\[0\].*there is no such column/,
    );
  });

  it('has every score once, by pages and by cursor', async () => {
    const byPage: string[] = [];
    for (let page = 1; page <= 5; page += 1) {
      const { items, hasMore, totalItems } = await list({}, { page, limit: 2 });
      byPage.push(...items.map(({ id }) => id));
      expect({ hasMore, totalItems }).toEqual({ hasMore: page < 5, totalItems: 9 });
    }
    const byCursor: string[] = [];
    let cursor: string | undefined;
    do {
      const { scores, nextCursor } = await reader.findFrom(PROJECT, {}, { limit: 2, cursor });
      byCursor.push(...scores.map(({ id }) => id));
      cursor = nextCursor;
    } while (cursor !== undefined);
    expect(byPage).toEqual(await idsOf({}));
    expect(byCursor).toEqual(byPage);
  });

  it('counts up to its cap', async () => {
    const capped = new ScoreReader(new ReadPool(await database.dataSource(), { readTimeoutMs: 30_000 }), 4);
    expect(await capped.findScores(PROJECT, {}, { page: 1, limit: 2 })).toMatchObject({
      totalItems: 4,
      isTotalCapped: true,
      hasMore: true,
    });
  });
});

describe('scores of traces', () => {
  it('are at the positions of the traces, newest first, without corrections', async () => {
    const scores = await reader.ofTraces(PROJECT, ['t2', 'nothing', 't1']);
    expect(scores.map((ofTrace) => ofTrace.map(({ id }) => id))).toEqual([['n2'], [], ['x1', 'c1', 'b1', 'n1']]);
    expect(await reader.idsOfTraces(PROJECT, ['t2', 'nothing', 't1'])).toEqual([['n2'], [], ['x1', 'c1', 'b1', 'n1']]);
    expect(await reader.ofTraces(OTHER_PROJECT, ['t1'])).toMatchObject([[{ id: 'n1', value: 100 }]]);
  });
});

describe('one score', () => {
  it('is found by its project alone', async () => {
    await expect(reader.getScore(PROJECT, 'n1')).resolves.toMatchObject({ id: 'n1', value: 0.25 });
    await expect(reader.getScore(OTHER_PROJECT, 'n2')).rejects.toThrow('Score n2 not found');
    await expect(reader.getScore(PROJECT, 'a\u0000')).rejects.toThrow('not found');
  });
});

describe('the plan of a list', () => {
  beforeAll(async () => {
    await database.pool.query(
      `INSERT INTO scores (project_no, id, ts, trace_id, observation_id, session_id, dataset_run_id, name, source,
         data_type, value, config_id, queue_id, first_stamp, stamp, created_at, updated_at)
       SELECT 9, 'p' || n, now() - n * interval '1 second', CASE WHEN n % 4 > 0 THEN 't' || n / 4 END,
         CASE WHEN n % 4 > 1 THEN 'o' || n END, CASE WHEN n % 40 = 0 THEN 's' || n % 400 END,
         CASE WHEN n % 40 = 20 THEN 'r' || n % 400 END, 'name ' || n % 50, 'API', 'NUMERIC', n,
         CASE WHEN n % 100 = 7 THEN 'cfg' || n % 1000 END, CASE WHEN n % 100 = 8 THEN 'q' || n % 1000 END, 1, 1, now(), now()
       FROM generate_series(1, 20000) n`,
    );
    await database.pool.query('ANALYZE scores');
  });

  async function planOf(sql: string, parameters: unknown[]): Promise<string> {
    const { rows } = await database.pool.query<Record<string, string>>(`EXPLAIN ${sql}`, parameters);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  }

  it.each<[ScoreFilter, string]>([
    [{}, 'scores_by_ts'],
    [{ from: START }, 'scores_by_ts'],
    [{ names: ['name 7'] }, 'scores_by_name'],
    [{ traceIds: ['t77'] }, 'scores_by_trace'],
    [{ observationIds: ['o78'] }, 'scores_by_observation'],
    [{ sessionIds: ['s40'] }, 'scores_by_session'],
    [{ datasetRunIds: ['r20'] }, 'scores_by_run'],
    [{ configIds: ['cfg107'] }, 'scores_by_config'],
    [{ queueIds: ['q108'] }, 'scores_by_queue'],
    [{ ids: ['p1', 'p2'] }, 'scores_pkey'],
  ])('with %j goes by %s and reads no other rows', async (filter, index) => {
    const where = whereScores(9, filter);
    const plan = await planOf(scoreListSql(where, { limit: 51, offset: 0 }), where.parameters);
    expect(plan).toContain(index);
    expect(plan).not.toContain('Seq Scan');
    if (filter.ids === undefined) expect(plan).not.toContain('Sort');
  });

  it('of the scores of traces goes by the index of traces', async () => {
    const plan = await planOf(SCORES_OF_TRACES_SQL, [9, ['t1', 't2'], 1000]);
    expect(plan).toContain('scores_by_trace');
    expect(plan).not.toContain('Seq Scan on scores');
  });
});
