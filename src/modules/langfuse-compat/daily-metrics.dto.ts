import { ApiProperty } from '@nestjs/swagger';
import { PageMetaDto } from '../../http/page.dto.js';

/** Query of GET /api/public/metrics/daily. */
export class DailyMetricsQuery {
  /** Page number, from 1. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Days per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 200, default: 50, example: 50 })
  limit?: number;

  /** Name of the trace, exactly. */
  @ApiProperty({ required: false, example: 'chat.turn' })
  traceName?: string;

  /** User of the trace, exactly. */
  @ApiProperty({ required: false, example: 'ada' })
  userId?: string;

  /** May be repeated; a trace must have all of them. */
  @ApiProperty({ required: false, type: [String], example: ['team-a'] })
  tags?: string[];

  /** Of the trace. */
  @ApiProperty({ required: false, example: 'v2' })
  version?: string;

  /** Of the trace. */
  @ApiProperty({ required: false, example: '2026.3' })
  release?: string;

  /** May be repeated; the trace must be in any of them. `default` is that of traces that state none. */
  @ApiProperty({ required: false, type: [String], example: ['production'] })
  environment?: string[];

  /** Inclusive: ISO 8601 with a zone. Default: thirty days, that of `toTimestamp` (else today) included. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-01T00:00:00Z' })
  fromTimestamp?: string;

  /** Inclusive: ISO 8601 with a zone. Default: no end. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T23:59:59.999Z' })
  toTimestamp?: string;
}

/** What one model was used for on one day. */
export class ModelUsageDto {
  /** `unknown` for observations without a model. */
  @ApiProperty({ example: 'gpt-4o-mini' })
  model!: string;

  /** Input tokens, cached ones included. */
  @ApiProperty({ type: 'integer', example: 120_000 })
  inputUsage!: number;

  @ApiProperty({ type: 'integer', example: 30_000 })
  outputUsage!: number;

  @ApiProperty({ type: 'integer', example: 150_000 })
  totalUsage!: number;

  /** Traces with an observation of this model on the day. */
  @ApiProperty({ type: 'integer', example: 40 })
  countTraces!: number;

  @ApiProperty({ type: 'integer', example: 95 })
  countObservations!: number;

  /** In USD; observations without a cost count as 0. */
  @ApiProperty({ example: 0.0361 })
  totalCost!: number;
}

/** One day in UTC. */
export class DailyMetricsDto {
  @ApiProperty({ format: 'date', example: '2026-01-31' })
  date!: string;

  /** Traces whose timestamp lies in the day. */
  @ApiProperty({ type: 'integer', example: 42 })
  countTraces!: number;

  /** Observations that start on the day. */
  @ApiProperty({ type: 'integer', example: 336 })
  countObservations!: number;

  /** In USD. */
  @ApiProperty({ example: 0.0361 })
  totalCost!: number;

  /** Dearest first. */
  @ApiProperty({ type: [ModelUsageDto] })
  usage!: ModelUsageDto[];
}

export class DailyMetricsPageDto {
  @ApiProperty({ type: [DailyMetricsDto] })
  data!: DailyMetricsDto[];

  @ApiProperty()
  meta!: PageMetaDto;
}
