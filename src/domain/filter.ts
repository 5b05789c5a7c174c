import { type Micros } from './time.js';

/**
 * The filter language of Langfuse's API (langfuse.md §5.8): a list of conditions that must all hold, each on a column
 * that the list asked for knows by name. What its values look like depends on the type; which types a column takes is
 * said where the columns are (`src/storage/filter`).
 */

const COMPARISONS = ['>', '<', '>=', '<='] as const;
const TEXT_OPERATORS = ['=', 'contains', 'does not contain', 'starts with', 'ends with', 'matches'] as const;
const NUMBER_OPERATORS = ['=', ...COMPARISONS] as const;
const OPTION_OPERATORS = ['any of', 'none of'] as const;
const EQUALITY = ['=', '<>'] as const;

/**
 * The types of conditions and the operators of each. `matches` is for columns that offer it; the last ones of `string` and
 * `stringObject` look at no value.
 */
export const FILTER_OPERATORS = {
  datetime: COMPARISONS,
  string: [...TEXT_OPERATORS, 'is not empty'],
  number: NUMBER_OPERATORS,
  stringOptions: OPTION_OPERATORS,
  categoryOptions: OPTION_OPERATORS,
  arrayOptions: ['any of', 'none of', 'all of'],
  stringObject: [...TEXT_OPERATORS, 'is set', 'is not set'],
  numberObject: NUMBER_OPERATORS,
  booleanObject: EQUALITY,
  boolean: EQUALITY,
  null: ['is null', 'is not null'],
  positionInTrace: ['='],
} as const;

export type FilterType = keyof typeof FILTER_OPERATORS;
export type FilterOperator<T extends FilterType> = (typeof FILTER_OPERATORS)[T][number];

export const TRACE_POSITIONS = ['root', 'first', 'last', 'nthFromStart', 'nthFromEnd'] as const;

interface Condition<T extends FilterType, V> {
  readonly type: T;
  /** As the client names it: the column's name, another name of it, or the name it is displayed by. */
  readonly column: string;
  readonly operator: FilterOperator<T>;
  readonly value: V;
}

/** A condition on one member of an object column. */
interface MemberCondition<T extends FilterType, V> extends Condition<T, V> {
  /** The member's name: a key of metadata, the name of a score. */
  readonly key: string;
}

export type FilterCondition =
  | Condition<'datetime', Micros>
  | Condition<'string', string>
  | Condition<'number', number>
  /** At least one value. */
  | Condition<'stringOptions', readonly string[]>
  | MemberCondition<'categoryOptions', readonly string[]>
  /** At least one value, save for `none of` and `all of`. */
  | Condition<'arrayOptions', readonly string[]>
  | MemberCondition<'stringObject', string>
  | MemberCondition<'numberObject', number>
  | MemberCondition<'booleanObject', boolean>
  | Condition<'boolean', boolean>
  | Condition<'null', ''>
  | PositionCondition;

/** Where an observation lies among those of its trace, in start order. */
export interface PositionCondition extends Condition<'positionInTrace', number | undefined> {
  readonly key: (typeof TRACE_POSITIONS)[number];
  /** From 1; there for the nth ones. */
  readonly value: number | undefined;
}

/** Conditions that must all hold, in the order sent. */
export type Filter = readonly FilterCondition[];

/** A message names at most so much of what was sent. */
const MAX_SHOWN = 60;

/** How a message calls condition `index` of the list `field`: `filter[2] (column "name")`. */
export function conditionName(field: string, index: number, column?: string): string {
  const shown = column !== undefined && column.length > MAX_SHOWN ? `${column.slice(0, MAX_SHOWN)}…` : column;
  return `${field}[${index}]${shown === undefined ? '' : ` (column ${JSON.stringify(shown.toWellFormed())})`}`;
}
