/** `skipped`: could not be looked at; `found` says why. */
export type CheckStatus = 'ok' | 'warning' | 'failure' | 'skipped';

/** One line of the doctor. */
export interface Check {
  /** One or two words that stay the same from version to version. */
  readonly name: string;
  readonly status: CheckStatus;
  readonly found: string;
  /** What to do; with every warning and failure. */
  readonly next?: string;
}

const MARKS: Readonly<Record<CheckStatus, string>> = { ok: '✔', warning: '!', failure: '✘', skipped: '–' };

export function ok(name: string, found: string): Check {
  return { name, status: 'ok', found };
}

export function warning(name: string, found: string, next: string): Check {
  return { name, status: 'warning', found, next };
}

export function failure(name: string, found: string, next: string): Check {
  return { name, status: 'failure', found, next };
}

export function skipped(name: string, found: string): Check {
  return { name, status: 'skipped', found };
}

/** One line per check, and one that counts them. */
export function renderChecks(checks: readonly Check[]): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const count = (status: CheckStatus) => checks.filter((check) => check.status === status).length;
  return [
    ...checks.map(
      ({ name, status, found, next }) =>
        `${MARKS[status]} ${name.padEnd(width)}  ${found}${next === undefined ? '' : ` → ${next}`}`,
    ),
    `${count('ok')} ok, ${count('warning')} to look at, ${count('failure')} to mend`,
  ];
}

export function hasFailed(checks: readonly Check[]): boolean {
  return checks.some(({ status }) => status === 'failure');
}
