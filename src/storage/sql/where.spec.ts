import { whereTraces } from './trace-where.js';
import { timestampLiteral, whereSessions } from './where.js';

describe('conditions', () => {
  it('carry every value as a parameter, never in their text', () => {
    const text = "x'; DROP TABLE traces; --";
    const where = whereTraces(7, {
      userId: text,
      name: text,
      sessionId: text,
      version: text,
      release: text,
      from: 0,
      to: 1,
      tagSets: [[text], [text, 'b']],
      environments: [text],
    });
    expect(where.sql).not.toContain('DROP');
    expect(where.sql).toMatchSnapshot();
    expect(where.parameters).toEqual([
      7,
      text,
      text,
      text,
      text,
      text,
      '1970-01-01T00:00:00.000000Z',
      '1970-01-01T00:00:00.000001Z',
      [text],
      [text, 'b'],
      [text],
    ]);
  });

  // What holds for every row is the predicate of the index in timestamp order.
  const ALL = "t.project_no = $1::int4 AND t.ts > '-infinity'";

  it('of an empty filter name the project alone', () => {
    expect(whereTraces(7, { tagSets: [], environments: [] }).sql).toBe(ALL);
  });

  it('of the filter language take the place of the parameter about the same column', () => {
    const where = whereTraces(7, {
      name: 'plain',
      userId: 'ann',
      from: 0,
      tagSets: [['x']],
      environments: ['production'],
      conditions: [
        { type: 'string', column: 'Trace Name', operator: 'starts with', value: 'chat' },
        { type: 'datetime', column: 'timestamp', operator: '<', value: 1000 },
        { type: 'null', column: 'traceTags', operator: 'is null', value: '' },
        { type: 'stringOptions', column: 'environment', operator: 'any of', value: ['default'] },
      ],
    });
    expect(where.sql).toBe(
      `${ALL} AND t.user_id = $2::text AND t.name LIKE $3::text AND t.ts < $4::timestamptz ` +
        "AND coalesce(t.tags, '{}'::text[]) = '{}'::text[] AND (t.environment IS NULL OR t.environment = $5::text)",
    );
    expect(where.parameters).toEqual([7, 'ann', 'chat%', '1970-01-01T00:00:00.001000Z', 'default']);
  });

  it('of sessions leave out those that lost their last trace', () => {
    expect(whereSessions(7, {}).sql).toBe('s.project_no = $1::int4 AND s.trace_count > 0');
  });

  it('are extended in a copy without touching the original', () => {
    const where = whereTraces(7, {});
    const copy = where.copy();
    copy.and(`t.name = ${copy.bind('x', 'text')}`);
    expect(where.sql).toBe(ALL);
    expect(where.parameters).toEqual([7]);
    expect([copy.sql, copy.parameters]).toEqual([`${ALL} AND t.name = $2::text`, [7, 'x']]);
  });
});

describe('a time in a statement', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000000Z'],
    [-1, '1969-12-31T23:59:59.999999Z'],
    [1_769_851_800_123_456, '2026-01-31T09:30:00.123456Z'],
    // Years that only one of ISO 8601 and PostgreSQL can write become the nearest that both can.
    [Date.parse('0000-01-01T00:00:00Z') * 1000, '0001-01-01T00:00:00.000000Z'],
    [Date.parse('+010000-01-01T00:00:00Z') * 1000, '9999-12-31T23:59:59.999000Z'],
    [Date.parse('9999-12-31T23:59:59Z') * 1000, '9999-12-31T23:59:59.000000Z'],
  ])('of %d µs is %s', (micros, literal) => {
    expect(timestampLiteral(micros)).toBe(literal);
  });
});
