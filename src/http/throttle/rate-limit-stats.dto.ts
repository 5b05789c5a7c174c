/** A credential that ran into the query rate limit. */
export class RejectedTokenDto {
  /**
   * Name of the credential, never a part of its secret.
   * @example API_BEARER_TOKEN
   */
  token!: string;
  /**
   * Queries refused.
   * @example 17
   */
  count!: number;
}

/** Counters of the query rate limit since the start of this process. */
export class RateLimitStatsDto {
  /**
   * RATE_LIMIT_QPS: queries per second and credential.
   * @example 20
   */
  rate_limit_qps!: number;
  /**
   * RATE_LIMIT_BURST: queries a credential may send at once.
   * @example 40
   */
  rate_limit_burst!: number;
  /**
   * Queries let through.
   * @example 4812
   */
  total_allowed!: number;
  /**
   * Queries refused with 429.
   * @example 17
   */
  total_rejected!: number;
  /**
   * Rejected queries as a share of all, 0 to 1.
   * @example 0.0035
   */
  rejection_rate!: number;
  /** At most 20, most rejected first. */
  top_rejected_tokens!: RejectedTokenDto[];
}
