import { Random } from '../support/messages.js';
import { type BenchServer } from './bench-server.js';
import { TAGS, TRACE_NAMES, userIdOf, USERS } from './generator.js';
import { loadDays, measureReads, type Read, type ReadOptions } from './read-stages.js';
import { type Report } from './report.js';

const DAY_MS = 86_400_000;
/** Issue goals over 30 days at 2M observations: what the sums by hour answer, and what is scanned. */
const SUMS_MS = 200;
const SCAN_MS = 2000;
/** Scans take as long as a hundred lists; their times vary little. */
const MAX_REQUESTS = 20;

/** The metrics query language over 30 days. */
export async function measureAnalytics(server: BenchServer, report: Report, options: ReadOptions): Promise<void> {
  await loadDays(server, options.observations);
  await measureReads(server, report, 'analytics', analyticsReads(), Math.min(options.requests, MAX_REQUESTS));
}

type Query = Readonly<Record<string, unknown>>;

function metric(name: string): { aggregation: string; measure: string } {
  const [aggregation, measure] = name.split(' ') as [string, string];
  return { aggregation, measure };
}

function analyticsReads(): Read[] {
  const random = new Random(63);
  const read = (
    name: string,
    goalMs: number,
    metrics: readonly string[],
    more: () => Query,
    route = 'v2/metrics',
  ): Read => ({
    name: `metrics ${name}`,
    make: () => {
      // Neither end on a whole hour, as clients ask: thirty days up to this moment.
      const query = {
        view: 'observations',
        metrics: metrics.map(metric),
        fromTimestamp: new Date(Date.now() - 30 * DAY_MS).toISOString(),
        toTimestamp: new Date().toISOString(),
        ...more(),
      };
      return `/api/public/${route}?query=${encodeURIComponent(JSON.stringify(query))}`;
    },
    goalMs,
  });
  const by = (...names: string[]) => names.map((field) => ({ field }));
  const daily = { timeDimension: { granularity: 'day' } };
  const generations = { type: 'stringOptions', column: 'type', operator: 'any of', value: ['GENERATION'] };
  const top = (field: string) => ({ orderBy: [{ field, direction: 'desc' }], config: { row_limit: 10 } });
  return [
    read('cost and tokens by day and model, from sums', SUMS_MS, ['sum totalCost', 'sum totalTokens'], () => ({
      ...daily,
      dimensions: by('providedModelName'),
      config: { row_limit: 1000 },
    })),
    read('count by hour, from sums', SUMS_MS, ['count count'], () => ({
      timeDimension: { granularity: 'hour' },
      config: { row_limit: 1000 },
    })),
    read('tokens of one model, from sums', SUMS_MS, ['sum inputTokens', 'avg outputTokens'], () => ({
      ...daily,
      filters: [{ type: 'string', column: 'providedModelName', operator: '=', value: 'gpt-4.1' }],
    })),
    read('traces by day, from sums', SUMS_MS, ['count count'], () => ({ ...daily, view: 'traces' }), 'metrics'),
    read('p95 latency by name, scan', SCAN_MS, ['count count', 'p95 latency'], () => ({ dimensions: by('name') })),
    read(
      'p50, p95 and p99 latency of generations by day, scan',
      SCAN_MS,
      ['p50 latency', 'p95 latency', 'p99 latency'],
      () => ({
        ...daily,
        filters: [generations],
      }),
    ),
    read(
      'latency, tokens and cost by type and level, scan',
      SCAN_MS,
      ['avg latency', 'sum totalTokens', 'sum totalCost'],
      () => ({
        dimensions: by('type', 'level'),
      }),
    ),
    read('cost by trace name and day, scan', SCAN_MS, ['sum totalCost'], () => ({
      ...daily,
      dimensions: by('traceName'),
      config: { row_limit: 1000 },
    })),
    read('top ten users by cost, scan', SCAN_MS, ['sum totalCost'], () => ({
      dimensions: by('userId'),
      ...top('sum_totalCost'),
    })),
    read('of one user, scan', SCAN_MS, ['count count', 'p95 latency'], () => ({
      ...daily,
      filters: [{ type: 'string', column: 'userId', operator: '=', value: userIdOf(random.below(USERS)) }],
    })),
    read('of one tag by model, scan', SCAN_MS, ['sum totalCost', 'p95 latency'], () => ({
      dimensions: by('providedModelName'),
      filters: [{ type: 'arrayOptions', column: 'tags', operator: 'any of', value: [random.pick(TAGS)] }],
    })),
    read('histogram of latency, scan', SCAN_MS, ['histogram latency'], () => ({ config: { bins: 20 } })),
    read('traces observed by day, scan', SCAN_MS, ['uniq traceId'], () => daily),
    read('input and output cost by model, scan', SCAN_MS, ['sum inputCost', 'sum outputCost'], () => ({
      dimensions: by('providedModelName'),
    })),
    read('cost by type, scan', SCAN_MS, ['sum costByType'], () => ({ dimensions: by('costType') })),
    read('usage by type, scan', SCAN_MS, ['sum usageByType'], () => ({ dimensions: by('usageType') })),
    read(
      'traces by name: latency and cost, scan',
      SCAN_MS,
      ['p95 latency', 'avg totalCost', 'uniq uniqueUserIds'],
      () => ({ view: 'traces', dimensions: by('name') }),
      'metrics',
    ),
    read(
      'traces of one name by day, scan',
      SCAN_MS,
      ['count count', 'p95 latency'],
      () => ({
        ...daily,
        view: 'traces',
        filters: [{ type: 'string', column: 'name', operator: '=', value: random.pick(TRACE_NAMES) }],
      }),
      'metrics',
    ),
  ];
}
