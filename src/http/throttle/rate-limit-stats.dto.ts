/** A credential that ran into the query rate limit. */
export class RejectedTokenDto {
  /** Name of the credential, never a part of its secret. */
  token!: string;
  count!: number;
}

/** Counters of the query rate limit since the start of this process. */
export class RateLimitStatsDto {
  /** RATE_LIMIT_QPS: queries per second and credential. */
  rate_limit_qps!: number;
  /** RATE_LIMIT_BURST: queries a credential may send at once. */
  rate_limit_burst!: number;
  total_allowed!: number;
  total_rejected!: number;
  /** Rejected queries as a share of all, 0 to 1. */
  rejection_rate!: number;
  /** At most 20, most rejected first. */
  top_rejected_tokens!: RejectedTokenDto[];
}
