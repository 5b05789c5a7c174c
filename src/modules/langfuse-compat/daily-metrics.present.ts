import { type DailyUsage } from '../../domain/daily-usage.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { presentTime } from '../../domain/time.js';
import { presentPageMeta } from '../../http/page-meta.js';
import { type DailyMetricsPageDto } from './daily-metrics.dto.js';

const DAY_MICROS = 86_400_000_000;
const UNKNOWN_MODEL = 'unknown';

/** A page of days (xtrace.md §6); the model of observations that name none is `unknown`. */
export function presentDailyMetrics(page: Page<DailyUsage>, request: PageRequest): DailyMetricsPageDto {
  return {
    data: page.items.map((day) => ({
      date: presentTime(day.day * DAY_MICROS).slice(0, 'YYYY-MM-DD'.length),
      countTraces: day.traceCount,
      countObservations: day.observationCount,
      totalCost: day.costNanoUsd / 1e9,
      usage: day.models.map((usage) => ({
        model: usage.model === '' ? UNKNOWN_MODEL : usage.model,
        inputUsage: usage.inputTokens,
        outputUsage: usage.outputTokens,
        totalUsage: usage.totalTokens,
        countTraces: usage.traceCount,
        countObservations: usage.observationCount,
        totalCost: usage.costNanoUsd / 1e9,
      })),
    })),
    meta: presentPageMeta(page, request),
  };
}
