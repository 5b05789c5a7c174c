/** One table refers to rows of another by a foreign key. */
export interface Reference {
  readonly from: string;
  readonly to: string;
}

/**
 * The tables so that each comes after those it refers to; otherwise in the order given. Tables that refer to each other
 * in a circle keep that order: their foreign keys have to be deferrable.
 */
export function inReferenceOrder<T extends { readonly name: string }>(
  tables: readonly T[],
  references: readonly Reference[],
): T[] {
  const ordered = new Set<T>();
  const visit = (table: T, path: ReadonlySet<T>): void => {
    if (ordered.has(table) || path.has(table)) return;
    const deeper = new Set(path).add(table);
    for (const { to } of references.filter(({ from }) => from === table.name)) {
      const target = tables.find(({ name }) => name === to);
      if (target) visit(target, deeper);
    }
    ordered.add(table);
  };
  for (const table of tables) visit(table, new Set());
  return [...ordered];
}
