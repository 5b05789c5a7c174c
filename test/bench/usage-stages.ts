import { Random } from '../support/messages.js';
import { type BenchServer } from './bench-server.js';
import { TAGS, TRACE_NAMES, userIdOf, USERS } from './generator.js';
import { loadDays, measureReads, type Read, type ReadOptions, sessionIds } from './read-stages.js';
import { type Report } from './report.js';

const DAY_MS = 86_400_000;

/** Conversations and their sums. */
export async function measureSessions(server: BenchServer, report: Report, options: ReadOptions): Promise<void> {
  await loadDays(server, options.observations);
  await measureReads(server, report, 'sessions', await sessionReads(server), options.requests);
}

/** Usage by day and model, under every filter that the workload has values for. */
export async function measureDaily(server: BenchServer, report: Report, options: ReadOptions): Promise<void> {
  await loadDays(server, options.observations);
  await measureReads(server, report, 'daily', dailyReads(), options.requests);
}

export async function sessionReads(server: BenchServer): Promise<Read[]> {
  const random = new Random(61);
  const ids = await sessionIds(server);
  return [
    { name: 'sessions', make: () => '/api/public/sessions?limit=50', goalMs: 20 },
    { name: 'sessions, environment', make: () => '/api/public/sessions?limit=50&environment=staging', goalMs: 300 },
    { name: 'one session', make: () => `/api/public/sessions/${random.pick(ids)}`, goalMs: 25 },
  ];
}

export function dailyReads(): Read[] {
  const random = new Random(62);
  const release = () => `release=2026.${1 + random.below(11)}`;
  const user = () => `userId=${userIdOf(random.below(USERS))}`;
  const tag = () => `tags=${random.pick(TAGS)}`;
  const since = () => `fromTimestamp=${new Date(Date.now() - 7 * DAY_MS - random.below(DAY_MS)).toISOString()}`;
  const read = (name: string, goalMs: number, ...filters: (() => string)[]): Read => ({
    name: `daily usage ${name}`,
    make: () => `/api/public/metrics/daily?limit=50${filters.map((filter) => `&${filter()}`).join('')}`,
    goalMs,
  });
  return [
    read('30 days', 20),
    read('by user', 20, user),
    read('by tag', 150, tag),
    read('by release', 150, release),
    read('by name', 150, () => `traceName=${random.pick(TRACE_NAMES)}`),
    read('by user and tag', 20, user, tag),
    read('by tag and release', 150, tag, release),
    // Of 80 % of all traces, and from the middle of a day: no sums are kept for these.
    read('by environment', 2000, () => 'environment=production'),
    read('7 days from any moment', 300, since),
  ];
}
