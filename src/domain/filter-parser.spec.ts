import { InvalidInput } from './errors.js';
import { type FilterCondition } from './filter.js';
import { MAX_CONDITION_TEXT, MAX_CONDITION_VALUES, MAX_CONDITIONS, parseFilter } from './filter-parser.js';

const NAME = { type: 'string', column: 'name', operator: '=', value: 'chat' };

function refusal(condition: unknown): string {
  try {
    parseFilter([NAME, condition], 'filter');
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput);
    expect((error as InvalidInput).field).toBe('filter');
    return (error as Error).message;
  }
  throw new Error('it was taken');
}

describe('a filter', () => {
  it.each<[string, object, FilterCondition]>([
    [
      'a time',
      { type: 'datetime', column: 'timestamp', operator: '>=', value: '2026-01-31T09:30:00.123+00:00' },
      { type: 'datetime', column: 'timestamp', operator: '>=', value: Date.UTC(2026, 0, 31, 9, 30, 0, 123) * 1000 },
    ],
    ['a text', NAME, { type: 'string', column: 'name', operator: '=', value: 'chat' }],
    [
      'words to look for',
      { ...NAME, operator: 'matches' },
      { type: 'string', column: 'name', operator: 'matches', value: 'chat' },
    ],
    [
      'a number',
      { type: 'number', column: 'latency', operator: '>', value: -1.5e3 },
      { type: 'number', column: 'latency', operator: '>', value: -1500 },
    ],
    [
      'options',
      { type: 'stringOptions', column: 'name', operator: 'none of', value: ['a', ''] },
      { type: 'stringOptions', column: 'name', operator: 'none of', value: ['a', ''] },
    ],
    [
      'categories',
      { type: 'categoryOptions', column: 'score_categories', key: 'tone', operator: 'any of', value: [] },
      { type: 'categoryOptions', column: 'score_categories', key: 'tone', operator: 'any of', value: [] },
    ],
    [
      'all of no tags',
      { type: 'arrayOptions', column: 'tags', operator: 'all of', value: [] },
      { type: 'arrayOptions', column: 'tags', operator: 'all of', value: [] },
    ],
    [
      'a member of an object',
      { type: 'stringObject', column: 'metadata', key: '__proto__', operator: 'contains', value: 'x' },
      { type: 'stringObject', column: 'metadata', key: '__proto__', operator: 'contains', value: 'x' },
    ],
    [
      'a number in an object',
      { type: 'numberObject', column: 'metadata', key: 'n', operator: '<=', value: 3 },
      { type: 'numberObject', column: 'metadata', key: 'n', operator: '<=', value: 3 },
    ],
    [
      'a boolean in an object',
      { type: 'booleanObject', column: 'metadata', key: 'ok', operator: '<>', value: true },
      { type: 'booleanObject', column: 'metadata', key: 'ok', operator: '<>', value: true },
    ],
    [
      'a boolean',
      { type: 'boolean', column: 'bookmarked', operator: '=', value: false },
      { type: 'boolean', column: 'bookmarked', operator: '=', value: false },
    ],
    [
      'no value at all, whatever is sent as one',
      { type: 'null', column: 'userId', operator: 'is null', value: 7 },
      { type: 'null', column: 'userId', operator: 'is null', value: '' },
    ],
    [
      'a position',
      { type: 'positionInTrace', column: 'positionInTrace', operator: '=', key: 'nthFromEnd', value: 2 },
      { type: 'positionInTrace', column: 'positionInTrace', operator: '=', key: 'nthFromEnd', value: 2 },
    ],
    [
      'a position that needs no number',
      { type: 'positionInTrace', column: 'positionInTrace', operator: '=', key: 'root', value: 9 },
      { type: 'positionInTrace', column: 'positionInTrace', operator: '=', key: 'root', value: undefined },
    ],
  ])('may ask for %s', (_, sent, expected) => {
    expect(parseFilter([{ ...sent, unknownMember: 1 }], 'filter')).toEqual([expected]);
  });

  it.each<[string, unknown, string]>([
    ['a text', 'x', 'filter[1]: must be an object'],
    ['null', null, 'filter[1]: must be an object'],
    ['a list', [], 'filter[1]: must be an object'],
    ['one without a column', { type: 'string', operator: '=', value: 'x' }, 'filter[1]: column must be a string'],
    ['an unknown type', { ...NAME, type: 'regex' }, 'filter[1] (column "name"): type must be one of "datetime", '],
    ['a type of every object', { ...NAME, type: 'toString' }, 'filter[1] (column "name"): type must be one of'],
    [
      'an operator of another type',
      { ...NAME, operator: '>' },
      'filter[1] (column "name"): operator of type string must be one of "=", "contains", ',
    ],
    ['a value of another type', { ...NAME, value: 5 }, 'filter[1] (column "name"): value must be a string'],
    ['a number in quotes', { ...NAME, type: 'number', value: '5' }, 'value must be a number'],
    [
      'a number beyond all',
      { ...NAME, type: 'number', value: JSON.parse('1e999') as number },
      'value must be a number',
    ],
    ['a time without zone', { ...NAME, type: 'datetime', operator: '<', value: '2026-01-31T09:30:00' }, 'ISO 8601'],
    ['no options', { ...NAME, type: 'stringOptions', operator: 'any of', value: [] }, 'value must not be empty'],
    ['any of no tags', { ...NAME, type: 'arrayOptions', operator: 'any of', value: [] }, 'value must not be empty'],
    [
      'an option that is none',
      { ...NAME, type: 'stringOptions', operator: 'any of', value: ['a', null] },
      'value[1] must be a string',
    ],
    ['an object without a key', { ...NAME, type: 'stringObject' }, 'key must be a string'],
    ['a boolean in quotes', { ...NAME, type: 'boolean', value: 'true' }, 'value must be true or false'],
    ['an unknown position', { ...NAME, type: 'positionInTrace', key: 'middle' }, 'key must be one of "root", '],
    [
      'a position before the first',
      { ...NAME, type: 'positionInTrace', key: 'nthFromStart', value: 0 },
      'value must be a whole number from 1',
    ],
    ['what PostgreSQL cannot hold', { ...NAME, value: 'a\0' }, 'value must not contain U+0000'],
    ['half a character', { ...NAME, column: '\ud800' }, 'column must not contain U+0000 or a lone surrogate'],
    ['a text too long', { ...NAME, value: 'x'.repeat(MAX_CONDITION_TEXT + 1) }, 'more than 8000 characters'],
    [
      'too many options',
      { ...NAME, type: 'stringOptions', operator: 'any of', value: new Array(MAX_CONDITION_VALUES + 1).fill('a') },
      'more than 1000 entries',
    ],
  ])('of %s is refused with its position and column', (_, condition, message) => {
    expect(refusal(condition)).toContain(message);
  });

  it.each([[{}], ['[]'], [null], [undefined], [7]])('that is %j is refused: it must be a list', (list) => {
    expect(() => parseFilter(list, 'filters')).toThrow('filters must be a JSON array of conditions');
  });

  it('has no more conditions than a database should check for every row', () => {
    expect(parseFilter(new Array(MAX_CONDITIONS).fill(NAME), 'filter')).toHaveLength(MAX_CONDITIONS);
    expect(() => parseFilter(new Array(MAX_CONDITIONS + 1).fill(NAME), 'filter')).toThrow('filter has 51 conditions');
  });

  it('shows only the beginning of a long column in a message', () => {
    expect(refusal({ ...NAME, column: 'c'.repeat(500), type: 'x' }).length).toBeLessThan(400);
  });
});
