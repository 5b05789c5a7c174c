import { type DimensionKind } from '../../domain/analytics.js';
import { FilterColumns, type FilterColumn } from '../filter/filter-columns.js';

/** What of a view is more than the row it counts, by the name that its dimensions and measures need it by. */
export interface JoinSql {
  readonly sql: string;
  /** Others that this one looks into. */
  readonly needs?: readonly string[];
}

export interface DimensionSql {
  readonly sql: string;
  readonly needs?: readonly string[];
  /** The list of an exploded dimension, of which `sql` is one entry; filters ask the list. */
  readonly list?: string;
  readonly listNeeds?: readonly string[];
}

export interface MeasureSql {
  /** NULL where a row has no value; then no aggregation sees it. */
  readonly sql: string;
  readonly needs?: readonly string[];
  /** What `uniq` counts, where that is not the value itself. */
  readonly distinct?: string;
}

/** How the rows of a view are read: one row for each trace, observation or score. */
export interface ViewSql {
  readonly from: string;
  /** Always true for rows of the project, `$1`. */
  readonly scope: string;
  /** When a row happened. */
  readonly at: string;
  /**
   * Rows within two bound times, in two parts, each with its index. There are always two, even where one is empty: over a
   * union the planner takes a key for few values, where it would take any expression for as many as rows; it then hashes
   * in several workers instead of sorting in one.
   */
  readonly between: (first: string, last: string) => readonly [string, string];
  /** In the order in which they can be joined. */
  readonly joins: ReadonlyMap<string, JoinSql>;
  readonly dimensions: ReadonlyMap<string, DimensionSql>;
  readonly measures: ReadonlyMap<string, MeasureSql>;
  readonly metadata: DimensionSql;
}

const COLUMN_KINDS = { text: 'text', number: 'number', boolean: 'boolean', texts: 'texts', each: 'texts' } as const;

/** What filters of a view can speak of. */
export function filterColumns(
  { dimensions, metadata }: ViewSql,
  kinds: ReadonlyMap<string, { readonly kind: DimensionKind }>,
): FilterColumns {
  const columns: FilterColumn[] = [...kinds].map(([name, { kind }]) => {
    const { sql, list } = dimensions.get(name)!;
    return { name, kind: COLUMN_KINDS[kind], sql: `(${list ?? sql})` };
  });
  return new FilterColumns([...columns, { name: 'metadata', kind: 'object', sql: metadata.sql }]);
}

/** The joins that `names` need, and what these need, in the order of the view. */
export function joinsOf({ joins }: ViewSql, names: Iterable<string>): string {
  const wanted = new Set<string>();
  const add = (name: string): void => {
    if (wanted.has(name)) return;
    wanted.add(name);
    joins.get(name)!.needs?.forEach(add);
  };
  for (const name of names) add(name);
  return [...joins]
    .filter(([name]) => wanted.has(name))
    .map(([, { sql }]) => ` ${sql}`)
    .join('');
}
