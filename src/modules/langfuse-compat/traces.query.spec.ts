import { InvalidInput } from '../../domain/errors.js';
import { type QueryString } from '../../http/query.js';
import { TraceListQuery } from './traces.dto.js';
import { parseFieldGroups, parseTraceList } from './traces.query.js';

const EVERYTHING = { io: true, scores: true, observations: true, metrics: true };

describe('the query of the trace list', () => {
  it('asks for the newest 50 traces with everything unless told', () => {
    expect(parseTraceList({})).toEqual({
      filter: {},
      page: { page: 1, limit: 50 },
      order: { key: 'timestamp', direction: 'desc' },
      groups: EVERYTHING,
    });
  });

  it('reads every documented parameter', () => {
    const query = {
      page: '3',
      limit: '200',
      cursor: 'abc',
      userId: 'ann',
      name: 'chat',
      sessionId: 's',
      fromTimestamp: '2026-01-31T00:00:00Z',
      toTimestamp: '2026-01-31T09:30:00.123456+01:00',
      orderBy: 'timestamp.asc',
      tags: ['a', 'b,c'],
      version: '1',
      release: 'r',
      environment: ['production', 'staging'],
      fields: 'core,io',
      filter: '[{"type":"boolean","column":"public","operator":"=","value":true}]',
    };
    const names = Reflect.getMetadata('swagger/apiModelPropertiesArray', TraceListQuery.prototype) as string[];
    expect(Object.keys(query).sort()).toEqual(names.map((name) => name.slice(1)).sort());
    expect(parseTraceList(query)).toEqual({
      filter: {
        userId: 'ann',
        name: 'chat',
        sessionId: 's',
        version: '1',
        release: 'r',
        from: Date.parse('2026-01-31T00:00:00Z') * 1000,
        to: Date.parse('2026-01-31T08:30:00.123Z') * 1000 + 456,
        tagSets: [['a', 'b,c']],
        environments: ['production', 'staging'],
        conditions: [{ type: 'boolean', column: 'public', operator: '=', value: true }],
      },
      page: { page: 3, limit: 200, cursor: 'abc' },
      order: { key: 'timestamp', direction: 'asc' },
      groups: { io: true, scores: false, observations: false, metrics: false },
    });
  });

  it('takes one tag with commas as that tag or as all its parts, because some SDKs join lists', () => {
    expect(parseTraceList({ tags: 'a, b' }).filter.tagSets).toEqual([['a, b'], ['a', 'b']]);
    expect(parseTraceList({ tags: 'a' }).filter.tagSets).toEqual([['a']]);
    expect(parseTraceList({ tags: ',a' }).filter.tagSets).toEqual([[',a']]);
    expect(parseTraceList({ environment: 'production,staging' }).filter.environments).toEqual([
      'production',
      'staging',
    ]);
  });

  it('reads empty values, as SDKs send for what is not set, like absent ones', () => {
    const names = [
      'page',
      'limit',
      'cursor',
      'userId',
      'name',
      'fromTimestamp',
      'orderBy',
      'tags',
      'environment',
      'fields',
    ];
    expect(parseTraceList(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(parseTraceList({}));
  });

  it('ignores what it does not know', () => {
    expect(parseTraceList({ foo: 'bar', __proto__: 'x', offset: '-1' })).toEqual(parseTraceList({}));
  });

  it.each<[string, QueryString]>([
    ['page', { page: '0' }],
    ['page', { page: '1.5' }],
    ['limit', { limit: '0' }],
    ['limit', { limit: '201' }],
    ['limit', { limit: 'all' }],
    ['cursor', { cursor: 'a b' }],
    ['cursor', { cursor: 'abc', orderBy: 'name.asc' }],
    ['orderBy', { orderBy: 'timestamp' }],
    ['orderBy', { orderBy: 'timestamp.up' }],
    ['orderBy', { orderBy: 'timestamp.desc.asc' }],
    ['orderBy', { orderBy: 'createdAt.desc' }],
    ['orderBy', { orderBy: '__proto__.desc' }],
    ['orderBy', { orderBy: 'name; DROP TABLE traces.desc' }],
    ['orderBy', { orderBy: ['timestamp.desc', 'name.asc'] }],
    ['fromTimestamp', { fromTimestamp: '2026-01-31' }],
    ['fromTimestamp', { fromTimestamp: '2026-01-31T00:00:00' }],
    ['toTimestamp', { toTimestamp: 'now' }],
    ['userId', { userId: ['a', 'b'] }],
    ['name', { name: 'nul\0' }],
    ['tags', { tags: ['a', 'lone \ud800'] }],
  ])('refuses a bad %s and names it: %j', (name, query) => {
    expect(() => parseTraceList(query)).toThrow(InvalidInput);
    expect(() => parseTraceList(query)).toThrow(
      expect.objectContaining({ field: name, message: expect.stringContaining(name) }),
    );
  });
});

describe('the field groups', () => {
  const core = { io: false, scores: false, observations: false, metrics: false };

  it.each<[string | string[], object]>([
    ['core', core],
    ['io', { ...core, io: true }],
    ['core, metrics ,scores', { ...core, metrics: true, scores: true }],
    [['observations', 'io'], { ...core, observations: true, io: true }],
    ['io,unknown', { ...core, io: true }],
    ['unknown', EVERYTHING],
    [',', EVERYTHING],
  ])('of fields=%j are %j', (fields, groups) => {
    expect(parseFieldGroups({ fields })).toEqual(groups);
  });

  it('are all of them when the parameter is absent', () => {
    expect(parseFieldGroups({})).toEqual(EVERYTHING);
  });
});
