import { InvalidInput } from '../../domain/errors.js';
import { type QueryString } from '../../http/query.js';
import { SessionListQuery } from './sessions.dto.js';
import { parseSessionList } from './sessions.query.js';

describe('the query of the session list', () => {
  it('asks for the newest 50 sessions unless told', () => {
    expect(parseSessionList({})).toEqual({ filter: {}, page: { page: 1, limit: 50 } });
  });

  it('reads every documented parameter', () => {
    const query = {
      page: '2',
      limit: '200',
      cursor: 'abc',
      fromTimestamp: '2026-01-31T00:00:00Z',
      toTimestamp: '2026-02-01T00:00:00Z',
      environment: ['production,staging', 'default'],
    };
    const names = Reflect.getMetadata('swagger/apiModelPropertiesArray', SessionListQuery.prototype) as string[];
    expect(Object.keys(query).sort()).toEqual(names.map((name) => name.slice(1)).sort());
    expect(parseSessionList(query)).toEqual({
      filter: {
        from: Date.parse('2026-01-31T00:00:00Z') * 1000,
        to: Date.parse('2026-02-01T00:00:00Z') * 1000,
        environments: ['production', 'staging', 'default'],
      },
      page: { page: 2, limit: 200, cursor: 'abc' },
    });
  });

  it.each<[string, QueryString]>([
    ['page', { page: '-1' }],
    ['limit', { limit: '201' }],
    ['cursor', { cursor: '<' }],
    ['fromTimestamp', { fromTimestamp: '2026-01-31T00:00:00' }],
    ['toTimestamp', { toTimestamp: '1769851800' }],
    ['environment', { environment: 'nul\0' }],
  ])('refuses a bad %s and names it: %j', (name, query) => {
    expect(() => parseSessionList(query)).toThrow(InvalidInput);
    expect(() => parseSessionList(query)).toThrow(expect.objectContaining({ field: name }));
  });
});
