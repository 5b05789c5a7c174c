import { InvalidInput } from '../../domain/errors.js';
import { SEVERITIES, type Severity } from '../../domain/log.js';
import { type PageRequest } from '../../domain/page.js';
import { type QueryString, parseChoice, parsePageRequest, parseText, parseTimeRange } from '../../http/query.js';
import { type LogFilter } from '../../storage/sql/log-statements.js';

/** What GET /api/public/logs asks for. */
export interface LogListRequest {
  readonly filter: LogFilter;
  readonly page: PageRequest;
  readonly direction: 'asc' | 'desc';
}

const LIMIT = { default: 50, max: 200 };
const MAX_SEVERITY_NUMBER = 24;

/** @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseLogList(query: QueryString): LogListRequest {
  const { from, to } = parseTimeRange(query, 'fromTimestamp', 'toTimestamp');
  return {
    filter: {
      ...given('traceId', parseText(query, 'traceId')),
      ...given('spanId', parseText(query, 'observationId')),
      ...given('sessionId', parseText(query, 'sessionId')),
      ...given('minSeverityNumber', parseSeverity(query, 'severity')),
      ...given('eventName', parseText(query, 'eventName')),
      ...given('from', from),
      ...given('to', to),
    },
    page: parsePageRequest(query, LIMIT),
    direction: parseChoice(query, 'order', ['asc', 'desc']) ?? 'desc',
  };
}

function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}

/** A severity by name in any case, or by number. */
function parseSeverity(query: QueryString, name: string): number | undefined {
  const text = parseText(query, name);
  if (text === undefined) return undefined;
  const named = Object.hasOwn(SEVERITIES, text.toUpperCase()) ? SEVERITIES[text.toUpperCase() as Severity] : undefined;
  const number = named ?? (/^\d{1,2}$/.test(text) ? Number(text) : NaN);
  if (!(number >= 1 && number <= MAX_SEVERITY_NUMBER)) {
    const names = Object.keys(SEVERITIES).join(', ');
    throw new InvalidInput(`${name} must be one of ${names} or a number from 1 to ${MAX_SEVERITY_NUMBER}`, name);
  }
  return number;
}
