import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CONFIG, type Config } from '../../config/config.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { QueryRateStats } from './query-rate-stats.js';
import { RateLimitStatsDto } from './rate-limit-stats.dto.js';

@ApiTags('Operation')
@Controller('api/internal')
export class RateLimitStatsController {
  constructor(
    private readonly stats: QueryRateStats,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * What the query rate limit did
   * @remarks Queries let through and refused since the start of this process, and the credentials refused most often.
   */
  @Get('rate_limit_stats')
  @RequireScope('operator')
  @ApiOkResponse({ type: RateLimitStatsDto, description: 'The counters.' })
  getRateLimitStats(): RateLimitStatsDto {
    const { totalAllowed, totalRejected, topRejected } = this.stats;
    const total = totalAllowed + totalRejected;
    return {
      rate_limit_qps: this.config.rateLimitQps,
      rate_limit_burst: this.config.rateLimitBurst,
      total_allowed: totalAllowed,
      total_rejected: totalRejected,
      rejection_rate: total === 0 ? 0 : totalRejected / total,
      top_rejected_tokens: topRejected.map(({ keyId, count }) => ({ token: keyId, count })),
    };
  }
}
