import { InvalidInput } from '../../domain/errors.js';
import { conditionName, type Filter, type FilterCondition, type FilterType } from '../../domain/filter.js';
import { type Where } from '../sql/where.js';

interface ColumnNames {
  /** What the column is called in answers and parameters. */
  readonly name: string;
  /** Its other names: what older clients say, and what user interfaces display. */
  readonly aliases?: readonly string[];
  /** Another table that the column is read from, which whoever uses the column joins; absent for the list's own. */
  readonly of?: 'trace';
}

/** A column by the SQL of its value. The SQL is ours alone: nothing that a client sends becomes part of it. */
export interface ValueColumn extends ColumnNames {
  /**
   * `text`; `number` of any numeric type; `time` (timestamptz); `boolean`, not null; `texts` (text[]); `object` (jsonb), of
   * which members are asked for.
   */
  readonly kind: 'text' | 'number' | 'time' | 'boolean' | 'texts' | 'object';
  /** Evaluated once per row, in parentheses where it needs them. NULL where there is no value. */
  readonly sql: string;
  /** Of a text: what NULL is shown as. */
  readonly absent?: string;
  /** Whether words can be looked for in it (operator `matches`). */
  readonly isSearchable?: boolean;
  /**
   * Whether values are patterns of ILIKE: of any case, `%` and `_` stand for other characters unless `\` is before them.
   * Otherwise a value means itself.
   */
  readonly isPattern?: boolean;
}

/** A column that is more than a value, such as the scores of a trace. */
interface OwnColumn extends ColumnNames {
  readonly kind: 'own';
  readonly types: readonly FilterType[];
  /** The condition as SQL, its values bound to `where`. Never NULL-sensitive: not true is false. */
  readonly compile: (condition: FilterCondition, where: Where) => string;
}

export type FilterColumn = ValueColumn | OwnColumn;

/** Which types of conditions a kind of column takes. */
const TYPES: Readonly<Record<ValueColumn['kind'], readonly FilterType[]>> = {
  text: ['string', 'stringOptions', 'null'],
  number: ['number', 'null'],
  time: ['datetime', 'null'],
  boolean: ['boolean', 'null'],
  texts: ['arrayOptions', 'stringOptions', 'null'],
  object: ['stringObject', 'numberObject', 'booleanObject', 'null'],
};

/** A condition with the column that it is about. */
export interface ColumnCondition {
  readonly condition: FilterCondition;
  readonly column: FilterColumn;
}

/** The columns that the filter of one list may speak of, found by name. */
export class FilterColumns {
  private readonly byName = new Map<string, FilterColumn>();

  constructor(readonly columns: readonly FilterColumn[]) {
    for (const column of columns) {
      for (const name of [column.name, ...(column.aliases ?? [])]) {
        if (this.byName.has(name)) throw new Error(`two columns are called ${name}`);
        this.byName.set(name, column);
      }
    }
  }

  /**
   * The conditions of `filter` with their columns.
   * @param field what the list is called in messages
   * @throws InvalidInput for a column that is not known, or does not take the type or the operator.
   */
  resolve(filter: Filter, field = 'filter'): ColumnCondition[] {
    return filter.map((condition, index) => {
      const column = this.byName.get(condition.column);
      const problem = column === undefined ? this.unknown() : misfit(column, condition);
      if (problem !== undefined) {
        throw new InvalidInput(`${conditionName(field, index, condition.column)}: ${problem}`, field);
      }
      return { condition, column: column! };
    });
  }

  private unknown(): string {
    return `there is no such column; columns are ${this.columns.map(({ name }) => name).join(', ')}`;
  }
}

function misfit(column: FilterColumn, condition: FilterCondition): string | undefined {
  const types = column.kind === 'own' ? column.types : TYPES[column.kind];
  if (!types.includes(condition.type)) return `type must be one of ${types.join(', ')}, got ${condition.type}`;
  const isSearchable = column.kind !== 'own' && column.isSearchable === true;
  return condition.operator === 'matches' && !isSearchable ? 'this column has no operator "matches"' : undefined;
}

/** The names of the columns that are spoken of: a plain parameter about one of them gives way to the filter. */
export function columnNames(conditions: readonly ColumnCondition[]): ReadonlySet<string> {
  return new Set(conditions.map(({ column }) => column.name));
}

/** `filter`, and of `plain`, the conditions that plain parameters make, those on columns that `filter` says nothing of. */
export function overridden(plain: readonly ColumnCondition[], filter: readonly ColumnCondition[]): ColumnCondition[] {
  const spokenOf = columnNames(filter);
  return [...plain.filter(({ column }) => !spokenOf.has(column.name)), ...filter];
}
