import { summarizeWrite } from './write-outcome.js';

const missing = (index: number, field = 'id') => ({ index, field, code: 'INVALID_FIELD', message: 'is required' });

describe('the summary of a write', () => {
  test('of a request that was taken whole has no reasons', () => {
    expect(summarizeWrite({ itemCount: 3, refusedCount: 0, refused: [] })).toEqual({
      itemCount: 3,
      refusedCount: 0,
      refusedByCode: new Map(),
      reasons: [],
    });
  });

  test('puts items together that were refused for the same reason, wherever in a list it lies', () => {
    const refused = [
      missing(4, 'traceId'),
      missing(1, 'tags[3]'),
      missing(2, 'tags[0]'),
      { index: 0, code: 'NOT_STORABLE', message: 'no' },
    ];
    const { reasons, refusedByCode } = summarizeWrite({ itemCount: 9, refusedCount: 4, refused });
    expect(reasons).toEqual([
      { code: 'INVALID_FIELD', field: 'tags[]', message: 'is required', count: 2, firstIndex: 1 },
      { code: 'INVALID_FIELD', field: 'traceId', message: 'is required', count: 1, firstIndex: 4 },
      { code: 'NOT_STORABLE', message: 'no', count: 1, firstIndex: 0 },
    ]);
    expect([...refusedByCode]).toEqual([
      ['INVALID_FIELD', 3],
      ['NOT_STORABLE', 1],
    ]);
  });

  test('counts all refused items, also those that the door did not list', () => {
    const { refusedByCode } = summarizeWrite({
      itemCount: 2000,
      refusedCount: 1500,
      refused: [missing(0), missing(1)],
    });
    expect([...refusedByCode]).toEqual([
      ['INVALID_FIELD', 2],
      ['UNLISTED', 1498],
    ]);
  });

  test('names ten reasons at most, the most frequent first', () => {
    const refused = Array.from({ length: 40 }, (_, i) => missing(i, `field${Math.min(i, 20)}`));
    const { reasons } = summarizeWrite({ itemCount: 40, refusedCount: 40, refused });
    expect(reasons).toHaveLength(10);
    expect(reasons[0]).toMatchObject({ field: 'field20', count: 20 });
  });
});
