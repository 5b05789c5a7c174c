/** Row of `change_counters` that counts changes of keys. */
export const KEY_COUNTER = 'api_keys';
/** Channel on which processes tell each other of such a change. */
export const KEY_CHANNEL = 'xtrace_api_keys';

/** Whoever holds keys in memory. */
export abstract class KeyCopies {
  /** Resolves once it holds what is committed at the call. @throws Unavailable when the database does not answer. */
  abstract refresh(): Promise<void>;
}

/** For a process that holds none. */
export class NoKeyCopies extends KeyCopies {
  override refresh(): Promise<void> {
    return Promise.resolve();
  }
}

/** Parts of a change, each SQL. `before` and `after` are `name AS (…)`; `after` may refer to `changed`. */
export interface KeyChange {
  /** Returns a row per change. */
  readonly statement: string;
  readonly before?: string;
  readonly after?: string;
}

/**
 * A change of what keys open, of which every copy learns: the counter is raised in the same transaction, and who listens
 * is told at its commit. Returns what `statement` returns.
 */
export function changingKeys({ statement, before, after }: KeyChange): string {
  const counted =
    `counted AS (INSERT INTO change_counters AS c (name, revision) SELECT '${KEY_COUNTER}', 1 ` +
    'WHERE EXISTS (SELECT FROM changed) ON CONFLICT (name) DO UPDATE SET revision = c.revision + 1 ' +
    `RETURNING pg_notify('${KEY_CHANNEL}', '')::text)`;
  const parts = [before, `changed AS (${statement})`, after, counted].filter((part) => part !== undefined);
  return `WITH ${parts.join(', ')} SELECT * FROM changed`;
}
