import { ApiProperty } from '@nestjs/swagger';
import { EXEMPLAR_LIMIT } from './exemplars.query.js';

/** Query of GET /api/public/metrics/exemplars. */
export class ExemplarQueryDto {
  /** Of the metric as it was exported; that of one of a histogram's series (`.sum`, `.bucket`, …) will do as well. */
  @ApiProperty({ example: 'gen_ai.client.token.usage' })
  name!: string;

  /** Inclusive: ISO 8601 with a zone. Default: an hour before `to`. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T09:00:00Z' })
  from?: string;

  /** Inclusive. Default: now. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T10:00:00Z' })
  to?: string;

  /** A JSON object of strings: only of series that have all of these labels. */
  @ApiProperty({ required: false, example: '{"gen_ai.request.model":"gpt-4o-mini"}' })
  labels?: string;

  /** At most so many. */
  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: 1,
    maximum: EXEMPLAR_LIMIT.max,
    default: EXEMPLAR_LIMIT.default,
    example: 20,
  })
  limit?: number;
}

export class ExemplarDto {
  /**
   * When it was observed.
   * @example 2026-01-31T09:30:00.000Z
   */
  timestamp!: string;
  /** @example 12.75 */
  value!: number;
  /**
   * Of the trace in which it was observed, as GET /api/public/traces/{traceId} takes it.
   * @example 5b8efff798038103d269b633813fc60c
   */
  traceId!: string;
  /**
   * Of the observation; null when the exemplar did not say.
   * @example eee19b7ec3c1b174
   */
  @ApiProperty({ type: String, nullable: true })
  spanId!: string | null;
  /** Of the series; those of a histogram are the labels of its `.count`. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { 'service.name': 'support-bot', 'gen_ai.request.model': 'gpt-4o-mini' },
  })
  labels!: Record<string, string>;
}

export class ExemplarMetaDto {
  /**
   * Whether there were more than shown.
   * @example false
   */
  truncated!: boolean;
}

export class ExemplarPageDto {
  /** The greatest values first. */
  data!: ExemplarDto[];
  meta!: ExemplarMetaDto;
}
