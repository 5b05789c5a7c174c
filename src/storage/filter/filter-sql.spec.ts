import { type FilterCondition } from '../../domain/filter.js';
import { Where } from '../sql/where.js';
import { columnNames, FilterColumns } from './filter-columns.js';
import { conditionSql, escapeLike } from './filter-sql.js';

const COLUMNS = new FilterColumns([
  { name: 'name', aliases: ['Name'], kind: 'text', sql: 'c.name' },
  { name: 'body', kind: 'text', sql: 'c.body', isSearchable: true },
  { name: 'title', kind: 'text', sql: 'c.title', isPattern: true },
  { name: 'size', kind: 'number', sql: 'c.size' },
  { name: 'at', kind: 'time', sql: 'c.at' },
  { name: 'open', kind: 'boolean', sql: 'coalesce(c.open, false)' },
  { name: 'tags', kind: 'texts', sql: 'c.tags' },
  { name: 'metadata', kind: 'object', sql: 'c.metadata' },
  {
    name: 'own',
    kind: 'own',
    types: ['categoryOptions'],
    compile: (condition, where) => `own(${where.bind(condition.value, 'text[]')})`,
  },
]);

const EVIL = `x'; DROP TABLE t; -- %_\\`;

/** One condition of every type and operator, with a value that would be SQL if it were not a parameter. */
const EVERY: readonly FilterCondition[] = [
  { type: 'datetime', column: 'at', operator: '>', value: 1_000_000 },
  { type: 'datetime', column: 'at', operator: '<', value: 1_000_000 },
  { type: 'datetime', column: 'at', operator: '>=', value: 1_000_000 },
  { type: 'datetime', column: 'at', operator: '<=', value: 1_000_000 },
  { type: 'string', column: 'name', operator: '=', value: EVIL },
  { type: 'string', column: 'name', operator: '=', value: '' },
  { type: 'string', column: 'name', operator: 'contains', value: EVIL },
  { type: 'string', column: 'name', operator: 'does not contain', value: EVIL },
  { type: 'string', column: 'name', operator: 'starts with', value: EVIL },
  { type: 'string', column: 'name', operator: 'ends with', value: EVIL },
  { type: 'string', column: 'body', operator: 'matches', value: EVIL },
  { type: 'string', column: 'body', operator: 'matches', value: '%' },
  { type: 'string', column: 'name', operator: 'is not empty', value: EVIL },
  { type: 'string', column: 'title', operator: 'contains', value: EVIL },
  { type: 'string', column: 'title', operator: 'does not contain', value: EVIL },
  { type: 'string', column: 'title', operator: 'starts with', value: 'a_\\\\' },
  { type: 'string', column: 'title', operator: 'ends with', value: EVIL },
  { type: 'number', column: 'size', operator: '=', value: 1.5 },
  { type: 'number', column: 'size', operator: '>', value: 1.5 },
  { type: 'number', column: 'size', operator: '<', value: 1.5 },
  { type: 'number', column: 'size', operator: '>=', value: 1.5 },
  { type: 'number', column: 'size', operator: '<=', value: 1.5 },
  { type: 'stringOptions', column: 'name', operator: 'any of', value: [EVIL] },
  { type: 'stringOptions', column: 'name', operator: 'any of', value: [EVIL, ''] },
  { type: 'stringOptions', column: 'name', operator: 'none of', value: [EVIL] },
  { type: 'stringOptions', column: 'name', operator: 'none of', value: [''] },
  { type: 'stringOptions', column: 'tags', operator: 'any of', value: [EVIL] },
  { type: 'arrayOptions', column: 'tags', operator: 'any of', value: [EVIL] },
  { type: 'arrayOptions', column: 'tags', operator: 'none of', value: [EVIL] },
  { type: 'arrayOptions', column: 'tags', operator: 'all of', value: [EVIL] },
  { type: 'stringObject', column: 'metadata', key: EVIL, operator: '=', value: EVIL },
  { type: 'stringObject', column: 'metadata', key: EVIL, operator: 'contains', value: EVIL },
  { type: 'stringObject', column: 'metadata', key: EVIL, operator: 'is set', value: EVIL },
  { type: 'stringObject', column: 'metadata', key: EVIL, operator: 'is not set', value: '' },
  { type: 'numberObject', column: 'metadata', key: EVIL, operator: '>=', value: 1.5 },
  { type: 'booleanObject', column: 'metadata', key: EVIL, operator: '=', value: true },
  { type: 'booleanObject', column: 'metadata', key: EVIL, operator: '<>', value: true },
  { type: 'boolean', column: 'open', operator: '=', value: true },
  { type: 'boolean', column: 'open', operator: '<>', value: true },
  { type: 'null', column: 'name', operator: 'is null', value: '' },
  { type: 'null', column: 'size', operator: 'is not null', value: '' },
  { type: 'null', column: 'tags', operator: 'is null', value: '' },
  { type: 'null', column: 'metadata', operator: 'is not null', value: '' },
  { type: 'categoryOptions', column: 'own', key: EVIL, operator: 'any of', value: [EVIL] },
];

function compile(condition: FilterCondition): { sql: string; parameters: unknown[] } {
  const where = new Where();
  const [resolved] = COLUMNS.resolve([condition]);
  return { sql: conditionSql(where, resolved!), parameters: where.parameters };
}

describe('a condition in SQL', () => {
  it('is the same text for the same type and operator, every value a parameter', () => {
    const lines = EVERY.map((condition) => {
      const { sql, parameters } = compile(condition);
      expect(sql).not.toContain('DROP');
      expect(sql).not.toContain('$0');
      return `${condition.type} ${condition.column} ${condition.operator}: ${sql} ← ${JSON.stringify(parameters)}`;
    });
    expect(lines.join('\n')).toMatchSnapshot();
  });

  it('covers every type but that of positions', () => {
    const types = new Set(EVERY.map(({ type }) => type));
    expect([...types].sort()).toEqual(
      [
        'datetime',
        'string',
        'number',
        'stringOptions',
        'categoryOptions',
        'arrayOptions',
        'stringObject',
        'numberObject',
        'booleanObject',
        'boolean',
        'null',
      ].sort(),
    );
  });

  it.each([
    ['100%', '100\\%'],
    ['a_b', 'a\\_b'],
    ['c:\\d', 'c:\\\\d'],
  ])('means %s literally', (text, pattern) => {
    expect(escapeLike(text)).toBe(pattern);
  });
});

describe('the columns of a filter', () => {
  it('are found by name and by display name, and named by the first', () => {
    const conditions = COLUMNS.resolve([
      { type: 'string', column: 'Name', operator: '=', value: 'x' },
      { type: 'null', column: 'size', operator: 'is null', value: '' },
    ]);
    expect(columnNames(conditions)).toEqual(new Set(['name', 'size']));
  });

  it.each<[FilterCondition, string]>([
    [{ type: 'string', column: 'nme', operator: '=', value: '' }, 'filter[0] (column "nme"): there is no such column'],
    [{ type: 'string', column: 'NAME', operator: '=', value: '' }, 'columns are name, body, title, size'],
    [{ type: 'string', column: '__proto__', operator: '=', value: '' }, 'there is no such column'],
    [{ type: 'string', column: 'c.name; --', operator: '=', value: '' }, 'there is no such column'],
    [
      { type: 'number', column: 'name', operator: '=', value: 1 },
      'filter[0] (column "name"): type must be one of string, stringOptions, null, got number',
    ],
    [
      { type: 'string', column: 'own', operator: '=', value: '' },
      'filter[0] (column "own"): type must be one of categoryOptions, got string',
    ],
    [{ type: 'string', column: 'name', operator: 'matches', value: '' }, 'this column has no operator "matches"'],
  ])('refuse %j', (condition, message) => {
    expect(() => COLUMNS.resolve([condition])).toThrow(message);
  });
});
