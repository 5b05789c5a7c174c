/** What one model was used for on one day. */
export interface ModelUsage {
  /** Empty when observations name none. */
  readonly model: string;
  /** Traces with an observation of the model that starts on the day. */
  readonly traceCount: number;
  readonly observationCount: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  /** In billionths of a USD. */
  readonly costNanoUsd: number;
}

/**
 * One day in UTC. Traces count on the day of their timestamp, observations on the day they start (of their arrival while
 * no start is known), so that a trace that runs past midnight shows its usage where it happened (Langfuse API, daily
 * metrics).
 */
export interface DailyUsage {
  /** Whole days since the Unix epoch. */
  readonly day: number;
  readonly traceCount: number;
  readonly observationCount: number;
  /** In billionths of a USD. */
  readonly costNanoUsd: number;
  /** Dearest first, ties by model; only models with an observation. */
  readonly models: readonly ModelUsage[];
}
