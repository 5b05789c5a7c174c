import { type FilterCondition } from '../../domain/filter.js';
import { lastOf, timestampLiteral, type Where } from '../sql/where.js';
import { type ColumnCondition, type ValueColumn } from './filter-columns.js';

/** Of one type. */
type Of<T extends FilterCondition['type']> = Extract<FilterCondition, { type: T }>;

/** Adds every condition to `where`, its values as parameters. */
export function whereFilter(where: Where, conditions: readonly ColumnCondition[]): void {
  for (const one of conditions) where.and(conditionSql(where, one));
}

/**
 * The SQL of one condition. A row without a value meets none but `is null` (and the empty text, which stands for it):
 * neither `none of` nor `does not contain` says anything about what is not there.
 */
export function conditionSql(where: Where, { condition, column }: ColumnCondition): string {
  if (column.kind === 'own') return column.compile(condition, where);
  const { sql, kind } = column;
  const { absent } = column;
  if (absent !== undefined) return defaultedSql(where, column, absent, condition);
  switch (condition.type) {
    case 'datetime':
      return timeSql(where, sql, condition);
    case 'string':
      return textSql(where, sql, condition, column.isPattern);
    case 'number':
      return `${sql} ${condition.operator} ${where.bind(condition.value, 'float8')}`;
    case 'stringOptions':
      return kind === 'texts' ? arraySql(where, sql, condition) : optionsSql(where, sql, condition);
    case 'arrayOptions':
      return arraySql(where, sql, condition);
    case 'stringObject':
      return textSql(where, `(${sql} ->> ${where.bind(condition.key, 'text')})`, condition, column.isPattern);
    case 'numberObject': {
      const member = `${sql} -> ${where.bind(condition.key, 'text')}`;
      return `${numberOf(member)} ${condition.operator} ${where.bind(condition.value, 'float8')}`;
    }
    case 'booleanObject': {
      // Of true and "true" alike. What is neither is not "not true" either.
      const isTrue = condition.value === (condition.operator === '=');
      return `(${sql} ->> ${where.bind(condition.key, 'text')}) = ${where.bind(String(isTrue), 'text')}`;
    }
    case 'boolean':
      return `${sql} ${condition.operator} ${where.bind(condition.value, 'bool')}`;
    case 'null':
      return nullSql(sql, kind, condition.operator === 'is null');
    case 'categoryOptions':
    case 'positionInTrace':
      throw new Error(`no column of kind ${kind} takes ${condition.type}`);
  }
}

/** Of a column that is never seen empty. A look-up of a value keeps to the bare column, for the sake of indexes. */
function defaultedSql(
  where: Where,
  { absent: _, ...column }: ValueColumn,
  absent: string,
  condition: FilterCondition,
): string {
  const isLookUp =
    (condition.type === 'string' && condition.operator === '=') ||
    (condition.type === 'stringOptions' && condition.operator === 'any of');
  if (!isLookUp) {
    const sql = `coalesce(${column.sql}, ${where.bind(absent, 'text')})`;
    return conditionSql(where, { condition, column: { ...column, sql } });
  }
  const values = typeof condition.value === 'string' ? [condition.value] : condition.value;
  const isAny = isAnyOf(where, column.sql, values);
  return values.includes(absent) ? `(${column.sql} IS NULL OR ${isAny})` : isAny;
}

/** Times as answers show them, in whole milliseconds: what is shown as 09:30:00.123 is not after 09:30:00.123. */
function timeSql(where: Where, sql: string, { operator, value }: Of<'datetime'>): string {
  const isShown = operator === '>' || operator === '<=';
  return `${sql} ${operator} ${where.bind(timestampLiteral(isShown ? lastOf(value) : value), 'timestamptz')}`;
}

/** Texts are compared as they are, case included, unless values are patterns. */
function textSql(
  where: Where,
  sql: string,
  { operator, value }: Of<'string'> | Of<'stringObject'>,
  isPattern = false,
): string {
  const part = isPattern ? endPattern(value) : escapeLike(value);
  const [is, isNot] = isPattern ? ['ILIKE', 'NOT ILIKE'] : ['LIKE', 'NOT LIKE'];
  const like = (pattern: string) => `${sql} ${is} ${where.bind(pattern, 'text')}`;
  switch (operator) {
    case '=':
      return value === '' ? `(${sql} IS NULL OR ${sql} = '')` : `${sql} = ${where.bind(value, 'text')}`;
    case 'contains':
      return like(`%${part}%`);
    case 'does not contain':
      return `${sql} ${isNot} ${where.bind(`%${part}%`, 'text')}`;
    case 'starts with':
      return like(`${part}%`);
    case 'ends with':
      return like(`%${part}`);
    case 'matches':
      return `${sql} ILIKE ALL(${where.bind(
        wordsOf(value).map((word) => `%${escapeLike(word)}%`),
        'text[]',
      )})`;
    case 'is not empty':
      return `${sql} <> ''`;
    case 'is set':
      return `${sql} IS NOT NULL`;
    case 'is not set':
      return `${sql} IS NULL`;
  }
}

/** PostgreSQL refuses a pattern that ends with a lone backslash, which then means itself. */
function endPattern(pattern: string): string {
  return /(?<!\\)(?:\\\\)*\\$/.test(pattern) ? `${pattern}\\` : pattern;
}

/** `text` as it stands in a LIKE pattern that means exactly it. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/** All of them must occur, in any order and case. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [text];
}

function optionsSql(where: Where, sql: string, { operator, value }: Of<'stringOptions'>): string {
  if (operator === 'none of') {
    const isNone = `${sql} <> ALL(${where.bind(value, 'text[]')})`;
    return value.includes('') ? `(${sql} IS NOT NULL AND ${isNone})` : isNone;
  }
  const isAny = isAnyOf(where, sql, value);
  return value.includes('') ? `(${sql} IS NULL OR ${isAny})` : isAny;
}

function isAnyOf(where: Where, sql: string, values: readonly string[]): string {
  // An index that is ordered by something else behind the column serves one value, not a list.
  if (values.length === 1) return `${sql} = ${where.bind(values[0], 'text')}`;
  return `${sql} = ANY(${where.bind(values, 'text[]')})`;
}

function arraySql(where: Where, sql: string, { operator, value }: Of<'arrayOptions'> | Of<'stringOptions'>): string {
  const values = where.bind(value, 'text[]');
  if (operator === 'all of') return `${sql} @> ${values}`;
  return operator === 'any of' ? `${sql} && ${values}` : `NOT ${sql} && ${values}`;
}

/** Longer ones are beyond a double. */
const MAX_NUMBER_LENGTH = 300;

/** A JSON number, or a text that is one, as a double; NULL for anything else. `member` is evaluated once. */
function numberOf(member: string): string {
  return (
    `(SELECT CASE WHEN length(m.v) <= ${MAX_NUMBER_LENGTH} AND m.v ~ '^-?[0-9]+([.][0-9]+)?$' THEN m.v::float8 END ` +
    `FROM (SELECT (${member}) #>> '{}' AS v OFFSET 0) m)`
  );
}

function nullSql(sql: string, kind: string, isNull: boolean): string {
  const empty = EMPTY.get(kind);
  if (empty === undefined) return `${sql} IS ${isNull ? '' : 'NOT '}NULL`;
  return isNull ? `coalesce(${sql}, ${empty}) = ${empty}` : `coalesce(${sql}, ${empty}) <> ${empty}`;
}

/** What stands for no value besides NULL. */
const EMPTY: ReadonlyMap<string, string> = new Map([
  ['text', "''"],
  ['texts', "'{}'::text[]"],
  ['object', "'{}'::jsonb"],
]);
