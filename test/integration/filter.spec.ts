import { type FilterCondition, FILTER_OPERATORS, type FilterType } from '../../src/domain/filter.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { type FilterColumn, FilterColumns } from '../../src/storage/filter/filter-columns.js';
import { whereFilter } from '../../src/storage/filter/filter-sql.js';
import { Where } from '../../src/storage/sql/where.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

jest.setTimeout(60_000);

/** A row of a table made for the test, with every kind of column; null is no value. */
interface Row {
  readonly id: number;
  readonly name: string | null;
  readonly level: string | null;
  readonly size: number | null;
  /** Microseconds. */
  readonly at: number | null;
  readonly open: boolean;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

const MS = Date.UTC(2026, 0, 31, 9, 30) * 1000;
const ODD = `it's "odd" 100%_\\ $1 ä😀`;

const ROWS: readonly Row[] = (
  [
    { name: 'chat', level: 'ERROR', size: 0, at: MS, tags: ['a'], metadata: { k: 'x', n: 1, ok: true } },
    { name: 'chat.turn', level: 'DEFAULT', size: 1.5, at: MS + 456, tags: ['a', 'b'], metadata: { k: 'xy', n: '2.5' } },
    { name: 'CHAT', level: null, size: -3, at: MS + 1000, tags: [], metadata: { k: 7, n: 1e21, ok: 'true' } },
    { name: ODD, level: 'WARNING', size: 2 ** 40, at: MS + 5_000_000, tags: [ODD, 'a,b'], metadata: { [ODD]: ODD } },
    { name: '', level: 'ERROR', size: null, at: null, tags: ['{}', 'NULL'], metadata: {} },
    { name: null, level: null, size: 1, at: MS - 1, open: true, tags: ['b'], metadata: null },
    { name: '%', open: true, metadata: { k: { deep: [1, 2] }, n: null, ok: false } },
    { name: 'a_b', metadata: { k: '', n: 'x'.repeat(400), ok: 'yes' } },
    { name: 'axb', metadata: { k: null, n: '9'.repeat(400), __proto__: null } },
    { name: 'proto', metadata: JSON.parse('{"__proto__": "x", "constructor": "y", "n": true}') as object },
  ] as readonly Partial<Row>[]
).map((row, id) => ({
  id,
  name: null,
  level: null,
  size: null,
  at: null,
  open: false,
  tags: [],
  metadata: null,
  ...row,
}));

const COLUMNS = new FilterColumns([
  { name: 'name', kind: 'text', sql: 'f.name', isSearchable: true },
  { name: 'level', kind: 'text', sql: 'f.level', absent: 'DEFAULT' },
  { name: 'size', kind: 'number', sql: 'f.size' },
  { name: 'at', kind: 'time', sql: 'f.at' },
  { name: 'open', kind: 'boolean', sql: 'f.open' },
  { name: 'tags', kind: 'texts', sql: 'f.tags' },
  { name: 'metadata', kind: 'object', sql: 'f.metadata' },
] satisfies FilterColumn[]);

let database: TestDatabase;
let pool: ReadPool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new ReadPool(await database.dataSource(), { readTimeoutMs: 10_000 });
  await database.pool.query(
    'CREATE TABLE filtered (id int, name text COLLATE "C", level text COLLATE "C", size float8, at timestamptz, open bool, ' +
      'tags text[], metadata jsonb)',
  );
  for (const row of ROWS) {
    const seconds = row.at === null ? null : row.at / 1e6;
    const metadata = row.metadata === null ? null : JSON.stringify(row.metadata);
    const values = [row.id, row.name, row.level, row.size, seconds, row.open, row.tags, metadata];
    await database.pool.query('INSERT INTO filtered VALUES ($1, $2, $3, $4, to_timestamp($5), $6, $7, $8)', values);
  }
});

afterAll(async () => {
  await database.drop();
});

async function found(conditions: readonly FilterCondition[]): Promise<number[]> {
  const where = new Where();
  whereFilter(where, COLUMNS.resolve(conditions));
  const rows = await pool.query<{ id: number }>(
    `SELECT f.id FROM filtered f WHERE ${where.sql} ORDER BY f.id`,
    where.parameters,
  );
  return rows.map(({ id }) => id);
}

/** What the reference says a condition means, in plain code: what is not there meets nothing but "is null". */
function holds(row: Row, condition: FilterCondition): boolean {
  const { column, type, operator, value } = condition;
  if (type === 'categoryOptions' || type === 'positionInTrace') throw new Error('not here');
  const plain = column === 'level' ? (row.level ?? 'DEFAULT') : row[column as keyof Row];
  switch (type) {
    case 'null': {
      const isEmpty = plain === null || plain === '' || (typeof plain === 'object' && Object.keys(plain).length === 0);
      return isEmpty === (operator === 'is null');
    }
    case 'string':
      return compareText(plain as string | null, operator, value);
    case 'stringObject':
      return compareText(memberText(row, condition), operator, value);
    case 'number':
      return compareNumber(plain as number | null, operator, value);
    case 'numberObject': {
      const text = memberText(row, condition);
      const isNumber = text !== null && text.length <= 300 && /^-?\d+([.]\d+)?$/.test(plainDigits(text));
      return compareNumber(isNumber ? Number(text) : null, operator, value);
    }
    case 'boolean':
      return (plain === value) === (operator === '=');
    case 'booleanObject': {
      const text = memberText(row, condition);
      return (text === 'true' || text === 'false') && (text === String(value)) === (operator === '=');
    }
    case 'datetime': {
      // A time in whole milliseconds means the millisecond that rows are shown with, a finer one the microsecond.
      const unit = value % 1000 === 0 ? 1000 : 1;
      const shown = plain === null ? null : Math.floor((plain as number) / unit);
      return compareNumber(shown, operator, value / unit);
    }
    case 'stringOptions': {
      const values = value;
      if (plain === null || plain === '')
        return operator === 'any of' ? values.includes('') : plain === '' && !values.includes('');
      return values.includes(plain as string) === (operator === 'any of');
    }
    case 'arrayOptions': {
      const values = value;
      const tags = plain as readonly string[];
      if (operator === 'all of') return values.every((one) => tags.includes(one));
      return values.some((one) => tags.includes(one)) === (operator === 'any of');
    }
  }
}

/** A number as PostgreSQL writes it: never with an exponent. */
function plainDigits(text: string): string {
  return /e[+]/.test(text) ? BigInt(Number(text)).toString() : text;
}

function memberText({ metadata }: Row, condition: FilterCondition): string | null {
  const { key } = condition as { key: string };
  const value = metadata !== null && Object.hasOwn(metadata, key) ? metadata[key] : null;
  if (value === null) return null;
  if (typeof value === 'string') return value;
  // jsonb's own spaces.
  return JSON.stringify(value).replace(/([:,])/g, '$1 ');
}

function compareText(text: string | null, operator: string, value: string): boolean {
  if (operator === '=' && value === '') return text === null || text === '';
  if (operator === 'is not set') return text === null;
  if (text === null) return false;
  if (operator === 'is set') return true;
  if (operator === 'is not empty') return text !== '';
  if (operator === '=') return text === value;
  if (operator === 'contains') return text.includes(value);
  if (operator === 'does not contain') return !text.includes(value);
  if (operator === 'starts with') return text.startsWith(value);
  if (operator === 'ends with') return text.endsWith(value);
  return (value.match(/[\p{L}\p{N}]+/gu) ?? [value]).every((word) => text.toLowerCase().includes(word.toLowerCase()));
}

function compareNumber(left: number | null, operator: string, right: number): boolean {
  if (left === null) return false;
  if (operator === '=') return left === right;
  if (operator === '>') return left > right;
  if (operator === '<') return left < right;
  return operator === '>=' ? left >= right : left <= right;
}

const TEXTS = [
  'chat',
  'CHAT',
  'a_b',
  '%',
  '_',
  ODD,
  "' OR 1=1 --",
  '',
  '\\',
  'turn chat',
  'x',
  '7',
  'DEFAULT',
  'ERROR',
];
const KEYS = ['k', 'n', 'ok', ODD, '__proto__', 'constructor', 'missing', "k' = 'x"];
const NUMBERS = [0, 1, 1.5, -3, 2 ** 40, 2.5, 1e21, 1e308, -1e-300];
const LISTS = [
  ['a'],
  ['a', 'b'],
  [ODD],
  ['a,b'],
  ['NULL'],
  ['{}', 'chat'],
  ['', 'chat'],
  [''],
  ['none'],
  ['DEFAULT', 'ERROR'],
];

type Made = readonly (readonly [columns: readonly string[], values: readonly unknown[], keys?: readonly string[]])[];

const VALUES: Readonly<Partial<Record<FilterType, Made>>> = {
  datetime: [
    [['at'], [MS, MS + 456, MS + 1000, MS - 1, MS - 1000, 0, 253_402_300_799_999_000, -62_135_596_800_000_000]],
  ],
  string: [[['name', 'level'], TEXTS]],
  number: [[['size'], NUMBERS]],
  stringOptions: [[['name', 'level'], LISTS]],
  arrayOptions: [[['tags'], [...LISTS, []]]],
  stringObject: [[['metadata'], TEXTS, KEYS]],
  numberObject: [[['metadata'], NUMBERS, KEYS]],
  booleanObject: [[['metadata'], [true, false], KEYS]],
  boolean: [[['open'], [true, false]]],
  null: [[['name', 'level', 'size', 'at', 'open', 'tags', 'metadata'], ['']]],
};

/** Every operator of the type on every column, key and value of above. */
function conditionsOf(type: FilterType): FilterCondition[] {
  return VALUES[type]!.flatMap(([columns, values, keys = [undefined]]) =>
    FILTER_OPERATORS[type].flatMap((operator) =>
      columns
        .filter((column) => operator !== 'matches' || column === 'name')
        .flatMap((column) =>
          keys.flatMap((key) =>
            values
              .filter((value) => operator !== 'any of' || (value as unknown[]).length > 0)
              .map(
                (value) =>
                  ({ type, column, operator, value, ...(key === undefined ? {} : { key }) }) as FilterCondition,
              ),
          ),
        ),
    ),
  ).filter(({ type: of, operator }) => of !== 'stringObject' || operator !== 'matches');
}

describe('a condition', () => {
  it.each(Object.keys(VALUES) as FilterType[])(
    'of type %s leaves exactly the rows that plain code leaves, with every operator, column and value',
    async (type) => {
      const conditions = conditionsOf(type);
      expect(new Set(conditions.map(({ operator }) => operator)).size).toBe(
        FILTER_OPERATORS[type].length - (type === 'stringObject' ? 1 : 0),
      );
      let matched = 0;
      for (const condition of conditions) {
        const expected = ROWS.filter((row) => holds(row, condition)).map(({ id }) => id);
        matched += expected.length;
        expect([condition, await found([condition])]).toEqual([condition, expected]);
      }
      // A comparison of nothing with nothing would prove nothing.
      expect(matched).toBeGreaterThan(5);
    },
  );

  it('is joined with others by AND', async () => {
    const conditions: FilterCondition[] = [
      { type: 'string', column: 'name', operator: 'starts with', value: 'chat' },
      { type: 'number', column: 'size', operator: '>', value: 0 },
    ];
    expect(await found(conditions)).toEqual([1]);
  });
});
