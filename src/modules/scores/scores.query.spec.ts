import { InvalidInput } from '../../domain/errors.js';
import { type QueryString } from '../../http/query.js';
import { parseScoreCursorList } from './scores-v3.query.js';
import { parseFirstScoreList, parseScoreList } from './scores.query.js';

const stated = (value: object) => JSON.parse(JSON.stringify(value)) as object;

function refusalOf(parse: (query: QueryString) => unknown, query: QueryString): string | undefined {
  try {
    parse(query);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.field;
  }
}

describe('a list of scores by pages', () => {
  it('asks for everything when nothing is said', () => {
    const { filter, ...rest } = parseScoreList({ userId: '', unknown: 'x', scoreIds: ',' });
    expect(stated(filter)).toEqual({ conditions: [] });
    expect(rest).toEqual({ page: { page: 1, limit: 50 }, withTrace: true });
  });

  it('takes every parameter of its documentation', () => {
    const { filter, page, withTrace } = parseScoreList({
      page: '2',
      limit: '100',
      userId: 'u',
      name: 'n',
      fromTimestamp: '2026-01-01T00:00:00Z',
      toTimestamp: '2026-01-02T00:00:00Z',
      environment: ['a', 'b,c'],
      source: 'EVAL',
      operator: '!=',
      value: '-0.5',
      scoreIds: '1, 2',
      configId: 'c',
      sessionId: 's',
      datasetRunId: 'r',
      traceId: 't',
      observationId: 'o1,o2',
      queueId: 'q',
      dataType: 'TEXT',
      traceTags: 'x,y',
      fields: 'trace',
      filter: '[{"type":"number","column":"value","operator":">","value":1}]',
    });
    expect(stated(filter)).toEqual({
      userId: 'u',
      names: ['n'],
      from: Date.UTC(2026, 0, 1) * 1000,
      before: Date.UTC(2026, 0, 2) * 1000,
      environments: ['a', 'b', 'c'],
      sources: ['EVAL'],
      value: { operator: '!=', value: -0.5 },
      ids: ['1', '2'],
      configIds: ['c'],
      sessionIds: ['s'],
      datasetRunIds: ['r'],
      traceIds: ['t'],
      observationIds: ['o1', 'o2'],
      queueIds: ['q'],
      dataTypes: ['TEXT'],
      traceTags: ['x', 'y'],
      conditions: [{ type: 'number', column: 'value', operator: '>', value: 1 }],
    });
    expect(page).toEqual({ page: 2, limit: 100 });
    expect(withTrace).toBe(true);
  });

  it('in its first version knows no sessions and runs', () => {
    const { filter } = parseFirstScoreList({ sessionId: 's', datasetRunId: 'r' });
    expect(stated(filter)).toEqual({ isOfTrace: true, conditions: [] });
  });

  it('leaves the trace out only where nothing asks for it', () => {
    expect(parseScoreList({ fields: 'score' }).withTrace).toBe(false);
    expect(parseScoreList({ fields: 'nonsense' }).withTrace).toBe(true);
    expect(refusalOf(parseScoreList, { fields: 'score', userId: 'u' })).toBe('fields');
    expect(refusalOf(parseScoreList, { fields: 'score', traceTags: 'u' })).toBe('fields');
  });

  it.each<[QueryString, string]>([
    [{ limit: '101' }, 'limit'],
    [{ limit: '0' }, 'limit'],
    [{ page: '0' }, 'page'],
    [{ source: 'api' }, 'source'],
    [{ dataType: 'STARS' }, 'dataType'],
    [{ operator: "= 1; DROP TABLE scores; --'", value: '1' }, 'operator'],
    [{ operator: '>' }, 'value'],
    [{ value: '1' }, 'operator'],
    [{ operator: '>', value: 'NaN' }, 'value'],
    [{ fromTimestamp: '2026-01-01' }, 'fromTimestamp'],
    [{ filter: 'no json' }, 'filter'],
    [{ name: ['a', 'b'] }, 'name'],
    [{ cursor: "'" }, 'cursor'],
  ])('refuses %j', (query, field) => {
    expect(refusalOf(parseScoreList, query)).toBe(field);
    expect(refusalOf(parseFirstScoreList, query)).toBe(field);
  });
});

describe('a list of scores by cursor', () => {
  it('takes every parameter of its documentation', () => {
    const { filter, ...rest } = parseScoreCursorList({
      limit: '10',
      cursor: 'abc',
      fields: 'details,annotation',
      id: 'a,b',
      name: 'n',
      source: 'api,Eval',
      dataType: 'numeric',
      environment: 'e',
      configId: 'c',
      queueId: 'q',
      authorUserId: 'u',
      value: '1,2.5',
      valueMin: '0',
      valueMax: '3',
      traceId: 't',
      observationId: 'o',
      fromTimestamp: '2026-01-01T00:00:00Z',
      toTimestamp: '2026-01-02T00:00:00Z',
    });
    expect(stated(filter)).toEqual({
      ids: ['a', 'b'],
      names: ['n'],
      sources: ['API', 'EVAL'],
      dataTypes: ['NUMERIC'],
      environments: ['e'],
      configIds: ['c'],
      queueIds: ['q'],
      authorUserIds: ['u'],
      anyNumber: [1, 2.5],
      minValue: 0,
      maxValue: 3,
      traceIds: ['t'],
      observationIds: ['o'],
      from: Date.UTC(2026, 0, 1) * 1000,
      before: Date.UTC(2026, 0, 2) * 1000,
    });
    expect(rest).toEqual({ limit: 10, cursor: 'abc', groups: new Set(['details', 'annotation']) });
  });

  it('reads values by their type', () => {
    expect(parseScoreCursorList({ dataType: 'BOOLEAN', value: 'true,false' }).filter.anyNumber).toEqual([1, 0]);
    expect(parseScoreCursorList({ dataType: 'CATEGORICAL', value: 'good' }).filter.anyText).toEqual(['good']);
    expect(stated(parseScoreCursorList({ experimentId: 'r1,r2' }).filter)).toEqual({ datasetRunIds: ['r1', 'r2'] });
  });

  it.each<[QueryString, string]>([
    [{ page: '1' }, 'query'],
    [{ filter: '[]' }, 'query'],
    [{ limit: '101' }, 'limit'],
    [{ fields: 'details,nonsense' }, 'fields'],
    [{ source: 'x' }, 'source'],
    [{ dataType: 'x' }, 'dataType'],
    [{ value: '1' }, 'dataType'],
    [{ value: '1', dataType: 'NUMERIC,BOOLEAN' }, 'dataType'],
    [{ value: '1', dataType: 'TEXT' }, 'dataType'],
    [{ value: 'x', dataType: 'NUMERIC' }, 'value'],
    [{ value: '1', dataType: 'BOOLEAN' }, 'value'],
    [{ valueMin: '1' }, 'dataType'],
    [{ valueMax: '1', dataType: 'BOOLEAN' }, 'dataType'],
    [{ observationId: 'o' }, 'traceId'],
    [{ traceId: 't', sessionId: 's' }, 'traceId'],
    [{ sessionId: 's', experimentId: 'e' }, 'traceId'],
  ])('refuses %j', (query, field) => {
    expect(refusalOf(parseScoreCursorList, query)).toBe(field);
  });
});
