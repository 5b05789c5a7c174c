import { ObservationListQuery } from './observations-list.dto.js';
import { ObservationSliceQuery } from './observations-v2.dto.js';
import { parseObservationList, parseObservationSlice } from './observations.query.js';

const SHARED = {
  name: 'chat',
  userId: 'ann',
  type: 'GENERATION',
  traceId: 't',
  level: 'ERROR',
  parentObservationId: 'p',
  version: '1',
  environment: ['production', 'staging,test'],
  fromStartTime: '2026-01-31T00:00:00Z',
  toStartTime: '2026-01-31T09:30:00+01:00',
  filter: '[{"type":"null","column":"model","operator":"is null","value":""}]',
  limit: '7',
  cursor: 'abc',
};
const CONDITIONS = [{ type: 'null', column: 'model', operator: 'is null', value: '' }];
const PLAIN = [
  { type: 'string', column: 'name', operator: '=', value: 'chat' },
  { type: 'string', column: 'userId', operator: '=', value: 'ann' },
  { type: 'string', column: 'traceId', operator: '=', value: 't' },
  { type: 'string', column: 'parentObservationId', operator: '=', value: 'p' },
  { type: 'string', column: 'version', operator: '=', value: '1' },
  { type: 'string', column: 'type', operator: '=', value: 'GENERATION' },
  { type: 'string', column: 'level', operator: '=', value: 'ERROR' },
  { type: 'stringOptions', column: 'environment', operator: 'any of', value: ['production', 'staging', 'test'] },
  { type: 'datetime', column: 'startTime', operator: '>=', value: Date.UTC(2026, 0, 31) * 1000 },
  { type: 'datetime', column: 'startTime', operator: '<', value: Date.UTC(2026, 0, 31, 8, 30) * 1000 },
];

/** The parameters that the documentation names, those of the base class included. */
function documented(dto: { readonly prototype: object }): string[] {
  const names = Reflect.getMetadata('swagger/apiModelPropertiesArray', dto.prototype) as string[];
  return names.map((name) => name.slice(1)).sort();
}

describe('the query of the list of observations', () => {
  it('reads every documented parameter', () => {
    const query = { ...SHARED, page: '3' };
    expect(Object.keys(query).sort()).toEqual(documented(ObservationListQuery));
    expect(parseObservationList(query)).toEqual({
      filter: { plain: PLAIN, conditions: CONDITIONS },
      page: { page: 3, limit: 7, cursor: 'abc' },
    });
  });

  it('asks for everything on the first page of 50 when it is empty', () => {
    expect(parseObservationList({ name: '', parentObservationId: '', limit: '' })).toEqual({
      filter: { plain: [], conditions: [] },
      page: { page: 1, limit: 50 },
    });
  });
});

describe('the query of the newer list', () => {
  it('reads every documented parameter', () => {
    const query = {
      ...SHARED,
      fields: 'io,nonsense,trace_context',
      expandMetadata: 'a, b',
      sessionId: 's',
      isRootObservation: 'false',
      parseIoAsJson: 'false',
    };
    expect(Object.keys(query).sort()).toEqual(documented(ObservationSliceQuery));
    expect(parseObservationSlice(query)).toEqual({
      filter: {
        plain: [
          ...PLAIN,
          { type: 'string', column: 'sessionId', operator: '=', value: 's' },
          { type: 'boolean', column: 'isRootObservation', operator: '=', value: false },
        ],
        conditions: CONDITIONS,
      },
      slice: { limit: 7, cursor: 'abc' },
      shape: { groups: new Set(['io', 'trace_context']), expandMetadata: new Set(['a', 'b']) },
      parts: { io: true, metadata: false, trace: true, prompt: false },
    });
  });

  it('takes an empty parent for none, and looks up only what its groups show', () => {
    expect(parseObservationSlice({ parentObservationId: '', fields: 'core' })).toMatchObject({
      filter: { plain: [{ type: 'string', column: 'parentObservationId', operator: '=', value: '' }] },
      slice: { limit: 50 },
      parts: { io: false, metadata: false, trace: false, prompt: false },
    });
  });
});
