/** The list that a column of names holds, which are one a line (domain/tool-names.ts); empty where it is NULL. */
export function namesSql(column: string): string {
  return `coalesce(string_to_array(${column}, E'\\n'), '{}')`;
}
