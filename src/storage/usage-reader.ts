import { Injectable } from '@nestjs/common';
import { type DailyUsage, type ModelUsage } from '../domain/daily-usage.js';
import { type Page, type PageRequest } from '../domain/page.js';
import { type Project } from '../domain/project.js';
import { type Micros } from '../domain/time.js';
import { ReadPool } from './read-pool.js';
import {
  cutAtMidnights,
  type DayPart,
  type DayRange,
  dailyUsageSql,
  HAS_USAGE_SQL,
  type UsageColumns,
  type UsageFilter,
} from './sql/usage-statements.js';
import { lastOf, timestampLiteral } from './sql/where.js';

const DAY_MICROS = 86_400_000_000;

/** Which days are asked for, and whose traces count. */
export interface DailyUsageQuery {
  /** Every condition is on the trace, also for its observations. */
  readonly filter: UsageFilter;
  /** Inclusive: on the timestamp of traces and on the start of observations. */
  readonly from: Micros;
  /** Inclusive to the millisecond that answers show; no end when absent. */
  readonly to?: Micros;
}

/** Reads what models were used for, by day. */
@Injectable()
export class UsageReader {
  constructor(private readonly pool: ReadPool) {}

  /**
   * One page of the days that have a trace or an observation, newest first; the count is of all such days. Without a
   * filter a whole day costs its rows of `usage_hourly`, some hundreds, however many observations they sum up; with one
   * it costs a row per trace that matches. A day that is asked for in part is counted from its observations.
   */
  async findDays(project: Project, query: DailyUsageQuery, page: PageRequest): Promise<Page<DailyUsage>> {
    const last = query.to === undefined ? undefined : lastOf(query.to);
    const range = await this.widened(project, cutAtMidnights(query.from, last));
    const offset = (page.page - 1) * page.limit;
    const { sql, parameters } = dailyUsageSql(project.no, query.filter, range, { limit: page.limit, offset });
    const rows = await this.pool.query<UsageColumns>(sql, parameters);
    const totalItems = Number(rows[0]?.total ?? 0);
    return { items: decodeDays(rows), totalItems, isTotalCapped: false, hasMore: offset + page.limit < totalItems };
  }

  /** The same range with its partial days taken whole where there is nothing in what is cut off, as after "now". */
  private async widened(project: Project, range: DayRange): Promise<DayRange> {
    const ends = await Promise.all(
      range.parts.map(async ({ day, first, last }) => {
        const isHead = last === (day + 1) * DAY_MICROS - 1;
        const isTail = first === day * DAY_MICROS;
        if (isHead && !(await this.hasUsage(project, { day, first: day * DAY_MICROS, last: first - 1 }))) {
          return { first: day * DAY_MICROS };
        }
        if (isTail && !(await this.hasUsage(project, { day, first: last + 1, last: (day + 1) * DAY_MICROS - 1 }))) {
          return { last: (day + 1) * DAY_MICROS - 1 };
        }
        return {};
      }),
    );
    const { first, last } = Object.assign({ first: range.first, last: range.last }, ...ends) as {
      first: Micros;
      last: Micros | undefined;
    };
    return cutAtMidnights(first, last);
  }

  private async hasUsage(project: Project, { first, last }: DayPart): Promise<boolean> {
    const bounds = [timestampLiteral(first), timestampLiteral(last)];
    const [row] = await this.pool.query<{ found: boolean }>(HAS_USAGE_SQL, [project.no, ...bounds]);
    return row!.found;
  }
}

/** Of rows in the order of their days. */
function decodeDays(rows: readonly UsageColumns[]): DailyUsage[] {
  const byDay = new Map<number, UsageColumns[]>();
  for (const row of rows) {
    if (row.day === null) continue;
    const known = byDay.get(row.day);
    if (known === undefined) byDay.set(row.day, [row]);
    else known.push(row);
  }
  return [...byDay].map(([day, ofDay]) => {
    const models = ofDay.map(decodeModel).filter(({ observationCount }) => observationCount > 0);
    return {
      day,
      traceCount: ofDay.reduce((sum, row) => sum + Number(row.trace_count), 0),
      observationCount: models.reduce((sum, { observationCount }) => sum + observationCount, 0),
      costNanoUsd: models.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0),
      models: models.sort((a, b) => b.costNanoUsd - a.costNanoUsd || (a.model < b.model ? -1 : 1)),
    };
  });
}

function decodeModel(row: UsageColumns): ModelUsage {
  return {
    model: row.model!,
    traceCount: Number(row.model_trace_count),
    observationCount: Number(row.observation_count),
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    totalTokens: Number(row.total_tokens),
    costNanoUsd: Number(row.cost_nano_usd),
  };
}
