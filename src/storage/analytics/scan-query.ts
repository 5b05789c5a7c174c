import {
  type AnalyticsQuery,
  type AnalyticsView,
  type DimensionRule,
  type MeasureRule,
  OBSERVATION_DIMENSIONS,
  OBSERVATION_MEASURES,
  SCORE_DIMENSIONS,
  SCORE_MEASURES,
  TRACE_DIMENSIONS,
  TRACE_MEASURES,
} from '../../domain/analytics.js';
import { type Micros } from '../../domain/time.js';
import { whereFilter } from '../filter/filter-sql.js';
import { timestampLiteral, Where } from '../sql/where.js';
import { OBSERVATION_VIEW } from './observation-view.js';
import { aggregateSql, type ScanMetric } from './scan-statement.js';
import { scoreView } from './score-view.js';
import { TRACE_VIEW } from './trace-view.js';
import { filterColumns, joinsOf, type ViewSql } from './view-sql.js';

/** Every dimension of a view, whatever the version of the API. */
export function allRules(view: AnalyticsView): ReadonlyMap<string, DimensionRule> {
  if (view === 'traces') return new Map(Object.entries(TRACE_DIMENSIONS));
  return new Map(Object.entries(view === 'observations' ? OBSERVATION_DIMENSIONS : SCORE_DIMENSIONS));
}

function measureRules(view: AnalyticsView): ReadonlyMap<string, MeasureRule> {
  if (view === 'traces') return new Map(Object.entries(TRACE_MEASURES));
  return new Map(Object.entries(view === 'observations' ? OBSERVATION_MEASURES : SCORE_MEASURES));
}

function viewOf(view: AnalyticsView): ViewSql {
  if (view === 'traces') return TRACE_VIEW;
  return view === 'observations' ? OBSERVATION_VIEW : scoreView(view);
}

/**
 * The query answered from the rows of its view. Tables beside them are read only where a dimension, measure or condition
 * looks into one. The statement may yet hold `PRICES_PARAMETER`, to be bound to `where`.
 * @throws InvalidInput for a condition that its column does not take.
 */
export function scanSql(
  projectNo: number,
  query: AnalyticsQuery,
  last: Micros,
  limit: number,
): { sql: string; where: Where } {
  const view = viewOf(query.view);
  const where = new Where();
  where.bind(projectNo, 'int4');
  const bound = (time: Micros) => where.bind(timestampLiteral(time), 'timestamptz');
  where.and(view.scope);
  const parts = view.between(bound(query.from), bound(last));
  whereFilter(where, filterColumns(view, allRules(query.view)).resolve(query.filter, 'query.filters'));

  const needs: string[] = [];
  const dimensions = query.dimensions.map((name) => {
    const dimension = view.dimensions.get(name)!;
    needs.push(...(dimension.needs ?? []));
    return dimension.sql;
  });
  for (const { column } of query.filter) {
    const dimension = view.dimensions.get(column) ?? view.metadata;
    needs.push(...((dimension.list === undefined ? dimension.needs : dimension.listNeeds) ?? []));
  }
  const values: string[] = [];
  const positionOf = (sql: string): number => {
    const known = values.indexOf(sql);
    return known === -1 ? values.push(sql) - 1 : known;
  };
  const rules = measureRules(query.view);
  const metrics: ScanMetric[] = query.metrics.map(({ measure, aggregation }) => {
    const { sql, needs: joins, distinct } = view.measures.get(measure)!;
    needs.push(...(joins ?? []));
    const value = positionOf(aggregation === 'uniq' ? (distinct ?? sql) : sql);
    return { aggregation, value, isMoney: rules.get(measure)!.kind === 'nanoUsd' };
  });
  if (metrics.length === 0) metrics.push({ aggregation: 'count', value: undefined, isMoney: false });
  const source = {
    from: parts.map((part) => `FROM ${view.from}${joinsOf(view, needs)} WHERE ${where.sql} AND ${part}`),
    at: view.at,
    dimensions,
    values,
  };
  return { sql: aggregateSql(query, source, metrics, limit), where };
}
