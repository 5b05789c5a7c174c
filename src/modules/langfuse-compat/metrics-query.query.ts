import {
  ANALYTICS_AGGREGATIONS,
  ANALYTICS_VIEWS,
  type AnalyticsMetric,
  type AnalyticsOrder,
  type AnalyticsQuery,
  type AnalyticsVersion,
  type AnalyticsView,
  COUNT_COLUMN,
  metricName,
  type OrderTarget,
  rulesOf,
  TEXT_AGGREGATIONS,
  TIME_DIMENSION,
  type ViewRules,
} from '../../domain/analytics.js';
import { InvalidInput } from '../../domain/errors.js';
import { parseFilter } from '../../domain/filter-parser.js';
import { type Filter } from '../../domain/filter.js';
import { type Granularity, GRANULARITIES, granularityOf } from '../../domain/time-bucket.js';
import { type Micros, parseIsoTime } from '../../domain/time.js';
import { parseText, type QueryString } from '../../http/query.js';

const PARAMETER = 'query';
const FILTERS = `${PARAMETER}.filters`;
const DEFAULT_BINS = 10;
const MAX_BINS = 100;
const MAX_ROW_LIMIT = 1000;
/** Version 1 answers with every row. */
const DEFAULT_ROW_LIMIT: Readonly<Record<AnalyticsVersion, number | null>> = { 1: null, 2: 100 };
const DIRECTIONS = ['asc', 'desc'] as const;
type Members = Readonly<Record<string, unknown>>;

/**
 * The query of `GET /metrics` and `GET /v2/metrics` (Langfuse API): JSON in the parameter `query`. Members that are not
 * known are ignored.
 * @throws InvalidInput naming the part, and what is allowed there.
 */
export function parseMetricsQuery(query: QueryString, version: AnalyticsVersion): AnalyticsQuery {
  const asked = members(parseJson(query), PARAMETER);
  const view = parseView(asked, version);
  const rules = rulesOf(view, version)!;
  const dimensions = parseDimensions(asked, view, rules);
  const metrics = parseMetrics(asked, view, rules);
  const from = parseTime(asked, 'fromTimestamp');
  const to = parseTime(asked, 'toTimestamp');
  if (from >= to) fail('fromTimestamp', 'must be before toTimestamp');
  const granularity = parseGranularity(asked, from, to);
  const order = parseOrder(asked, dimensions, metrics, granularity);
  const config = parseConfig(asked);
  const parsed = {
    view,
    dimensions,
    metrics,
    filter: parseFilters(asked, view, rules),
    granularity,
    from,
    to,
    order,
    bins: config.bins ?? DEFAULT_BINS,
    rowLimit: config.rowLimit ?? DEFAULT_ROW_LIMIT[version],
  };
  if (version === 2) requireBounds(parsed, rules, config.rowLimit !== undefined);
  return parsed;
}

function parseJson(query: QueryString): unknown {
  const text = parseText(query, PARAMETER);
  try {
    return JSON.parse(text ?? '');
  } catch {
    throw new InvalidInput('Invalid JSON in query parameter', PARAMETER);
  }
}

function parseView(asked: Members, version: AnalyticsVersion): AnalyticsView {
  const views = ANALYTICS_VIEWS.filter((view) => rulesOf(view, version) !== undefined);
  return choice(member(asked, 'view'), views, 'view');
}

function parseDimensions(asked: Members, view: AnalyticsView, { dimensions }: ViewRules): string[] {
  const names = list(asked, 'dimensions').map((entry, i) => {
    const field = text(member(members(entry, `dimensions[${i}]`), 'field'), `dimensions[${i}].field`);
    if (!dimensions.has(field)) {
      fail(
        `dimensions[${i}].field`,
        `has no dimension ${shown(field)} in the view ${view}; it must be one of ${[...dimensions.keys()].join(', ')}`,
      );
    }
    return field;
  });
  return [...new Set(names)];
}

function parseMetrics(asked: Members, view: AnalyticsView, { measures }: ViewRules): AnalyticsMetric[] {
  if (member(asked, 'metrics') === undefined) fail('metrics', 'is missing; it must be a list, which may be empty');
  const metrics = list(asked, 'metrics').map((entry, i) => {
    const metric = members(entry, `metrics[${i}]`);
    const measure = text(member(metric, 'measure'), `metrics[${i}].measure`);
    const rule = measures.get(measure);
    if (rule === undefined) {
      fail(
        `metrics[${i}].measure`,
        `has no measure ${shown(measure)} in the view ${view}; it must be one of ${[...measures.keys()].join(', ')}`,
      );
    }
    const aggregation = choice(member(metric, 'aggregation'), ANALYTICS_AGGREGATIONS, `metrics[${i}].aggregation`);
    if (rule.kind === 'text' && !TEXT_AGGREGATIONS.includes(aggregation)) {
      fail(
        `metrics[${i}].aggregation`,
        `of ${measure}, which is no number, must be one of ${TEXT_AGGREGATIONS.join(', ')}`,
      );
    }
    return { measure, aggregation };
  });
  return [...new Map(metrics.map((metric) => [metricName(metric), metric])).values()];
}

function parseTime(asked: Members, name: string): Micros {
  const value = text(member(asked, name), name);
  const time = parseIsoTime(value);
  return time ?? fail(name, `must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z, got ${shown(value)}`);
}

function parseGranularity(asked: Members, from: Micros, to: Micros): Granularity | null {
  const value = member(asked, 'timeDimension') ?? null;
  if (value === null) return null;
  const name = 'timeDimension.granularity';
  const granularity = choice(member(members(value, 'timeDimension'), 'granularity'), ['auto', ...GRANULARITIES], name);
  return granularity === 'auto' ? granularityOf(from, to) : granularity;
}

function parseOrder(
  asked: Members,
  dimensions: readonly string[],
  metrics: readonly AnalyticsMetric[],
  granularity: Granularity | null,
): AnalyticsOrder[] {
  const targets = new Map<string, OrderTarget>();
  dimensions.forEach((name, index) => targets.set(name, { kind: 'dimension', index }));
  if (granularity !== null) targets.set(TIME_DIMENSION, { kind: 'time' });
  const columns = metrics.length === 0 ? [COUNT_COLUMN] : metrics.map(metricName);
  columns.forEach((name, index) => targets.set(name, { kind: 'metric', index }));
  return list(asked, 'orderBy').map((entry, i) => {
    const order = members(entry, `orderBy[${i}]`);
    const field = text(member(order, 'field'), `orderBy[${i}].field`);
    const target = targets.get(field);
    if (target === undefined) {
      fail(`orderBy[${i}].field`, `must be one of ${[...targets.keys()].join(', ')}, got ${shown(field)}`);
    }
    return { target, direction: choice(member(order, 'direction'), DIRECTIONS, `orderBy[${i}].direction`) };
  });
}

function parseConfig(asked: Members): { bins?: number | undefined; rowLimit?: number | undefined } {
  const value = member(asked, 'config') ?? null;
  if (value === null) return {};
  const config = members(value, 'config');
  return {
    bins: whole(member(config, 'bins'), MAX_BINS, 'config.bins'),
    rowLimit: whole(member(config, 'row_limit'), MAX_ROW_LIMIT, 'config.row_limit'),
  };
}

function parseFilters(asked: Members, view: AnalyticsView, rules: ViewRules): Filter {
  const conditions = member(asked, 'filters') ?? [];
  return parseFilter(conditions, FILTERS).map((condition, i) => {
    const column = findColumn(condition.column, rules);
    if (column === undefined) {
      const known = [...rules.dimensions.keys(), 'metadata'].join(', ');
      return fail(
        `filters[${i}].column`,
        `has no column ${shown(condition.column)} in the view ${view}; it must be one of ${known}`,
      );
    }
    return { ...condition, column };
  });
}

/** By its name, by the name it is displayed by ("Trace Name"), and any name of something as the name of what is counted. */
function findColumn(asked: string, { dimensions }: ViewRules): string | undefined {
  if (dimensions.has(asked) || asked === 'metadata') return asked;
  const plain = (name: string) => name.replaceAll(' ', '').toLowerCase();
  const column = [...dimensions.keys(), 'metadata'].find((name) => plain(name) === plain(asked));
  if (column !== undefined) return column;
  return asked.endsWith('Name') && dimensions.has('name') ? 'name' : undefined;
}

/** Version 2 groups by ids only for the top few. */
function requireBounds(
  { dimensions, order, granularity }: Pick<AnalyticsQuery, 'dimensions' | 'order' | 'granularity'>,
  rules: ViewRules,
  isLimited: boolean,
): void {
  const many = dimensions.find((name) => rules.dimensions.get(name)!.isMany);
  if (many === undefined) return;
  const why = `because the dimension ${many} has many values`;
  if (!isLimited) fail('config.row_limit', `is required ${why}`);
  if (granularity !== null) fail('timeDimension', `is not possible ${why}`);
  if (!order.some(({ target, direction }) => target.kind === 'metric' && direction === 'desc')) {
    fail('orderBy', `must have a measure with direction desc ${why}`);
  }
}

/** A member of its own: nothing that a name such as `constructor` would find. */
function member(object: Members, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function members(value: unknown, name: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  return fail(name === PARAMETER ? '' : name, 'must be an object');
}

/** An absent list is an empty one. */
function list(object: Members, name: string): readonly unknown[] {
  const value = member(object, name) ?? [];
  return Array.isArray(value) ? value : fail(name, 'must be a list');
}

function text(value: unknown, name: string): string {
  return typeof value === 'string' ? value : fail(name, 'must be a string');
}

function choice<T extends string>(value: unknown, choices: readonly T[], name: string): T {
  const known = choices.find((one) => one === value);
  return known ?? fail(name, `must be one of ${choices.join(', ')}, got ${shown(value)}`);
}

function whole(value: unknown, max: number, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  return fail(name, `must be a whole number from 1 to ${max}, got ${shown(value)}`);
}

function fail(part: string, problem: string): never {
  throw new InvalidInput(`${part === '' ? PARAMETER : `${PARAMETER}.${part}`} ${problem}`, PARAMETER);
}

/** What the caller sent, short enough for a message. */
function shown(value: unknown): string {
  const json = value === undefined ? 'nothing' : JSON.stringify(value);
  return json.length > 60 ? `${json.slice(0, 60).toWellFormed()}…` : json;
}
