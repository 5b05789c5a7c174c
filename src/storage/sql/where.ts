import { type Micros } from '../../domain/time.js';
import { type TimeCursor } from './cursor.js';
import { DEFAULT_ENVIRONMENT } from '../../domain/environment.js';
import { type SessionFilter } from './filter.js';

// The years that ISO 8601 and PostgreSQL write alike: 0001 to 9999.
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

/** A time as a literal that PostgreSQL reads without loss; times outside the years 1 to 9999 become their bounds. */
export function timestampLiteral(micros: Micros): string {
  const ms = Math.floor(micros / 1000);
  if (ms < FIRST_MS) return timestampLiteral(FIRST_MS * 1000);
  if (ms > LAST_MS) return timestampLiteral(LAST_MS * 1000);
  // Beyond the year 2255 a double no longer holds every microsecond.
  const rest = Math.min(999, Math.max(0, micros - ms * 1000));
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

/**
 * Conditions joined by AND, each value bound as a parameter. A reader builds one and uses it for the page and for the
 * count, so that both speak of the same rows.
 */
export class Where {
  private readonly conditions: string[] = [];
  private readonly values: unknown[] = [];

  /** Binds `value` and returns its placeholder with the type PostgreSQL shall read it as. */
  bind(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }

  and(condition: string): this {
    this.conditions.push(condition);
    return this;
  }

  /** The same conditions so far, to be extended apart from this one. */
  copy(): Where {
    const copy = new Where();
    copy.conditions.push(...this.conditions);
    copy.values.push(...this.values);
    return copy;
  }

  get sql(): string {
    return this.conditions.join(' AND ');
  }

  get parameters(): unknown[] {
    return [...this.values];
  }
}

/** Conditions on `s`, a row of `sessions`. The row of a session that lost its last trace stays with a count of 0. */
export function whereSessions(projectNo: number, filter: SessionFilter): Where {
  const where = new Where();
  where.and(`s.project_no = ${where.bind(projectNo, 'int4')}`).and('s.trace_count > 0');
  whereTime(where, 's.created_at', filter);
  return where;
}

/** Bounds on a time, both inclusive. */
export function whereTime(where: Where, column: string, { from, to }: { from?: Micros; to?: Micros }): void {
  if (from !== undefined) where.and(`${column} >= ${where.bind(timestampLiteral(from), 'timestamptz')}`);
  if (to === undefined) return;
  where.and(`${column} <= ${where.bind(timestampLiteral(lastOf(to)), 'timestamptz')}`);
}

/** Answers show whole milliseconds: whoever asks up to the time they were shown means the row they saw. */
export function lastOf(to: Micros): Micros {
  return to % 1000 === 0 ? to + 999 : to;
}

/** Whether `expression`, an environment or NULL, is any of `environments`; no condition when the list is absent or empty. */
export function whereEnvironment(where: Where, expression: string, environments: readonly string[] | undefined): void {
  if (!environments?.length) return;
  const isAny = `${expression} = ANY(${where.bind(environments, 'text[]')})`;
  where.and(environments.includes(DEFAULT_ENVIRONMENT) ? `(${expression} IS NULL OR ${isAny})` : isAny);
}

/** Rows after `cursor` in the order (time, id), both in `direction`. One row comparison, which an index serves. */
export function whereAfter(
  where: Where,
  columns: { time: string; id: string },
  cursor: TimeCursor,
  direction: 'asc' | 'desc',
): void {
  const time = where.bind(timestampLiteral(cursor.micros), 'timestamptz');
  const id = where.bind(cursor.id, 'text');
  where.and(`(${columns.time}, ${columns.id}) ${direction === 'asc' ? '>' : '<'} (${time}, ${id})`);
}
