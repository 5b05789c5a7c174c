import { InvalidInput } from './errors.js';
import {
  conditionName,
  type Filter,
  type FilterCondition,
  FILTER_OPERATORS,
  type FilterType,
  TRACE_POSITIONS,
} from './filter.js';
import { isStorableText } from './json.js';
import { parseIsoTime } from './time.js';

/** More conditions than any dialog makes; each costs the database a comparison per row. */
export const MAX_CONDITIONS = 50;
/** Values of one condition (`any of`). */
export const MAX_CONDITION_VALUES = 1000;
/** Characters of one value, key or column. */
export const MAX_CONDITION_TEXT = 8000;

const TYPES = Object.keys(FILTER_OPERATORS) as FilterType[];

/**
 * The conditions of a list that came as JSON. Members that are not known are ignored.
 * @param field what the list is called in messages: the parameter or the member it came in
 * @throws InvalidInput naming the condition by its position, and its column.
 */
export function parseFilter(list: unknown, field: string): Filter {
  if (!Array.isArray(list)) throw new InvalidInput(`${field} must be a JSON array of conditions`, field);
  if (list.length > MAX_CONDITIONS) {
    throw new InvalidInput(`${field} has ${list.length} conditions, more than ${MAX_CONDITIONS}`, field);
  }
  return list.map((condition: unknown, index) => new ConditionParser(field, index, condition).parse());
}

/** Reads one condition; what is wrong with it is said with its position and column. */
class ConditionParser {
  private readonly members: Readonly<Record<string, unknown>>;
  private readonly column: string | undefined;

  constructor(
    private readonly field: string,
    private readonly index: number,
    condition: unknown,
  ) {
    if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) {
      this.column = undefined;
      this.fail('must be an object such as {"type": "string", "column": "name", "operator": "=", "value": "chat"}');
    }
    this.members = condition as Readonly<Record<string, unknown>>;
    this.column = undefined;
    this.column = this.text('column');
  }

  parse(): FilterCondition {
    const column = this.column!;
    const type = this.choice('type', TYPES);
    // Each type with the operators it has and the values they take.
    switch (type) {
      case 'datetime':
        return { type, column, operator: this.operator(type), value: this.time() };
      case 'string':
        return { type, column, operator: this.operator(type), value: this.text('value') };
      case 'number':
        return { type, column, operator: this.operator(type), value: this.number() };
      case 'stringOptions':
        return { type, column, operator: this.operator(type), value: this.texts(1) };
      case 'categoryOptions':
        return { type, column, key: this.text('key'), operator: this.operator(type), value: this.texts(0) };
      case 'arrayOptions': {
        const operator = this.operator(type);
        return { type, column, operator, value: this.texts(operator === 'any of' ? 1 : 0) };
      }
      case 'stringObject':
        return { type, column, key: this.text('key'), operator: this.operator(type), value: this.text('value') };
      case 'numberObject':
        return { type, column, key: this.text('key'), operator: this.operator(type), value: this.number() };
      case 'booleanObject':
        return { type, column, key: this.text('key'), operator: this.operator(type), value: this.boolean() };
      case 'boolean':
        return { type, column, operator: this.operator(type), value: this.boolean() };
      case 'null':
        return { type, column, operator: this.operator(type), value: '' };
      case 'positionInTrace': {
        const key = this.choice('key', TRACE_POSITIONS);
        return {
          type,
          column,
          key,
          operator: this.operator(type),
          value: key.startsWith('nth') ? this.position() : undefined,
        };
      }
    }
  }

  private operator<T extends FilterType>(type: T): (typeof FILTER_OPERATORS)[T][number] {
    const known: readonly (typeof FILTER_OPERATORS)[T][number][] = FILTER_OPERATORS[type];
    return this.choice('operator', known, ` of type ${type}`);
  }

  private choice<T extends string>(name: string, choices: readonly T[], whose = ''): T {
    const value = this.member(name);
    const choice = choices.find((known) => known === value);
    return (
      choice ?? this.fail(`${name}${whose} must be one of ${choices.map((one) => JSON.stringify(one)).join(', ')}`)
    );
  }

  private text(name: string, value = this.member(name)): string {
    if (typeof value !== 'string') return this.fail(`${name} must be a string`);
    if (value.length > MAX_CONDITION_TEXT) this.fail(`${name} has more than ${MAX_CONDITION_TEXT} characters`);
    if (!isStorableText(value)) this.fail(`${name} must not contain U+0000 or a lone surrogate`);
    return value;
  }

  private texts(least: number): readonly string[] {
    const value = this.member('value');
    if (!Array.isArray(value)) return this.fail('value must be an array of strings');
    if (value.length < least) this.fail('value must not be empty');
    if (value.length > MAX_CONDITION_VALUES) this.fail(`value has more than ${MAX_CONDITION_VALUES} entries`);
    return value.map((text: unknown, i) => this.text(`value[${i}]`, text));
  }

  private number(): number {
    const value = this.member('value');
    // JSON.parse makes Infinity of 1e999.
    return typeof value === 'number' && Number.isFinite(value) ? value : this.fail('value must be a number');
  }

  private position(): number {
    const value = this.number();
    return Number.isSafeInteger(value) && value >= 1 ? value : this.fail('value must be a whole number from 1');
  }

  private boolean(): boolean {
    const value = this.member('value');
    return typeof value === 'boolean' ? value : this.fail('value must be true or false');
  }

  private time(): number {
    const value = this.member('value');
    const time = typeof value === 'string' ? parseIsoTime(value) : undefined;
    return time ?? this.fail('value must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z');
  }

  private member(name: string): unknown {
    return Object.hasOwn(this.members, name) ? this.members[name] : undefined;
  }

  private fail(problem: string): never {
    throw new InvalidInput(`${conditionName(this.field, this.index, this.column)}: ${problem}`, this.field);
  }
}
