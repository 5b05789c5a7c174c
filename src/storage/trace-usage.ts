import { compareBytewise } from '../domain/json.js';
import { type Micros } from '../domain/time.js';
import { type Contribution } from './rollup.js';

const DAY_MICROS = 86_400_000_000;

/** Numbers per entry in `traces.model_sums`; the first is the day. */
export const SUMS_PER_MODEL = 6;

/** What the observations of one trace that start on one day and use one model add up to. */
interface DayModelSums {
  observationCount: number;
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
  costNanoUsd: number;
  /** Whether the stored row has an observation here. */
  readonly isStored: boolean;
  /** An hour of the day: that of the last observation that was counted here. */
  hour: Micros;
}

/** A (day, model) that a trace has its first observation in, or has no more. */
export interface PresenceChange {
  readonly hour: Micros;
  readonly model: string;
  readonly change: 1 | -1;
}

/** `model_names` and `model_sums` of a row of `traces`, as PostgreSQL writes arrays. */
export interface TraceUsageColumns {
  readonly names: string;
  readonly sums: string;
}

/** Whole days since the Unix epoch, in UTC. */
export function dayOf(time: Micros): number {
  return Math.floor(time / DAY_MICROS);
}

/** The sums of one trace by day and model. Two levels of maps cost far less than keys made of strings. */
export class TraceUsage {
  private readonly days = new Map<number, Map<string, DayModelSums>>();

  /** @param names and sums as the stored row has them. */
  constructor(names: readonly string[] = [], sums: readonly number[] = []) {
    names.forEach((model, i) => {
      const [day, observationCount, inputTokens, outputTokens, totalTokens, costNanoUsd] = sums.slice(
        i * SUMS_PER_MODEL,
      ) as [number, number, number, number, number, number];
      this.modelsOf(day).set(model, {
        observationCount,
        inputTokens,
        outputTokens,
        totalTokens,
        costNanoUsd,
        isStored: true,
        hour: day * DAY_MICROS,
      });
    });
  }

  /** Adds `sign` × `amount`. */
  add(amount: Contribution, sign: 1 | -1): void {
    const models = this.modelsOf(dayOf(amount.hour));
    let sums = models.get(amount.model);
    if (sums === undefined) models.set(amount.model, (sums = newSums(amount.hour)));
    sums.observationCount += sign * amount.observationCount;
    sums.inputTokens += sign * amount.inputTokens;
    sums.outputTokens += sign * amount.outputTokens;
    sums.totalTokens += sign * amount.totalTokens;
    sums.costNanoUsd += sign * amount.costNanoUsd;
    sums.hour = amount.hour;
  }

  /** Where the trace is counted among the traces of a model now and was not in the stored row, or the other way round. */
  presenceChanges(): PresenceChange[] {
    const changes: PresenceChange[] = [];
    for (const models of this.days.values()) {
      for (const [model, { observationCount, isStored, hour }] of models) {
        const isPresent = observationCount > 0;
        if (isPresent !== isStored) changes.push({ hour, model, change: isPresent ? 1 : -1 });
      }
    }
    return changes;
  }

  /** Whether an observation counts on a day that is further than one day from that of `timestamp`. */
  strays(timestamp: Micros): boolean {
    const own = dayOf(timestamp);
    for (const [day, models] of this.days) {
      if (Math.abs(day - own) <= 1) continue;
      for (const { observationCount } of models.values()) if (observationCount > 0) return true;
    }
    return false;
  }

  /** By day, then model, so that the same sums are always the same row. */
  encode(): TraceUsageColumns {
    const names: string[] = [];
    const sums: number[] = [];
    for (const [day, models] of [...this.days].sort(([a], [b]) => a - b)) {
      for (const [model, entry] of [...models].sort(([a], [b]) => compareBytewise(a, b))) {
        const { observationCount, inputTokens, outputTokens, totalTokens, costNanoUsd } = entry;
        if (observationCount === 0) continue;
        names.push(`"${model.replace(/["\\]/g, '\\$&')}"`);
        sums.push(day, observationCount, inputTokens, outputTokens, totalTokens, costNanoUsd);
      }
    }
    return { names: `{${names.join(',')}}`, sums: `{${sums.join(',')}}` };
  }

  private modelsOf(day: number): Map<string, DayModelSums> {
    let models = this.days.get(day);
    if (models === undefined) this.days.set(day, (models = new Map<string, DayModelSums>()));
    return models;
  }
}

function newSums(hour: Micros): DayModelSums {
  return {
    observationCount: 0,
    inputTokens: 0,
    outputTokens: 0,
    totalTokens: 0,
    costNanoUsd: 0,
    isStored: false,
    hour,
  };
}
