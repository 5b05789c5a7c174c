/** What is left out of sums because it repeats other usage, said a second time, without any thought of cost. */

type Row = Record<string, unknown>;

const CALLS: readonly unknown[] = ['GENERATION', 'EMBEDDING', null];
const TOKEN_COLUMNS = ['input_tokens', 'output_tokens', 'total_tokens'];

const saysTokens = (row: Row): boolean => TOKEN_COLUMNS.some((column) => Number(row[column]) > 0);
const saysCost = (row: Row): boolean => Number(row['cost_nano_usd']) > 0;

/** `rows` are the observations of one trace; each with `repeated` as the table has it. */
export function withRepeated(rows: readonly Row[]): Row[] {
  const isAbove = (above: Row, row: Row): boolean => {
    const seen = new Set<Row>();
    for (let at: Row | undefined = row; at !== undefined && !seen.has(at);) {
      seen.add(at);
      const here: Row = at;
      at = rows.find((one) => one['id'] === here['parent_observation_id'] && one !== here);
      if (at === above) return true;
    }
    return false;
  };
  const isCall = (row: Row): boolean => CALLS.includes(row['type']);
  const isOpenAgent = (row: Row, says: (row: Row) => boolean): boolean =>
    row['type'] === 'AGENT' && says(row) && !rows.some((call) => isCall(call) && says(call) && isAbove(row, call));
  const isSummed = (row: Row, says: (row: Row) => boolean): boolean => {
    if (row['type'] === 'AGENT')
      return isOpenAgent(row, says) && !rows.some((agent) => isOpenAgent(agent, says) && isAbove(agent, row));
    if (!isCall(row)) return false;
    return !rows.some(
      (child) =>
        child !== row &&
        child['parent_observation_id'] === row['id'] &&
        row['type'] !== null &&
        ['type', 'model', ...TOKEN_COLUMNS].every((column) => child[column] === row[column]) &&
        saysTokens(child) &&
        says(child),
    );
  };
  return rows.map((row) => {
    const tokens = saysTokens(row) && !isSummed(row, saysTokens) ? 1 : 0;
    const cost = saysCost(row) && !isSummed(row, saysCost) ? 2 : 0;
    return { ...row, repeated: tokens + cost || null };
  });
}

/** What a row adds to sums. */
export function summed(row: Row, column: string): number {
  const bit = column === 'cost_nano_usd' ? 2 : 1;
  return (Number(row['repeated'] ?? 0) & bit) === 0 ? Number(row[column] ?? 0) : 0;
}
