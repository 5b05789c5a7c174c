import { ApiProperty } from '@nestjs/swagger';
import { CursorPageMetaDto } from '../../http/page.dto.js';
import { BATCH_EXAMPLE } from './batch.dto.js';
import { ObservationDto } from './observations.dto.js';

const FILTER_EXAMPLE = '[{"type":"string","column":"name","operator":"contains","value":"chat"}]';

export class ObservationQuery {
  /** Its trace; needed only where several traces have an observation of the id. */
  @ApiProperty({ required: false, example: BATCH_EXAMPLE.trace.id })
  traceId?: string;
}

/** Which observations a list shows: what both lists take. */
export class ObservationFilterQuery {
  /** Name of the observation, exactly. */
  @ApiProperty({ required: false, example: 'chat.generation' })
  name?: string;

  /** User of the trace. */
  @ApiProperty({ required: false, example: 'ada@example.com' })
  userId?: string;

  /** SPAN, GENERATION, EVENT, EMBEDDING, AGENT, TOOL, CHAIN, RETRIEVER, EVALUATOR or GUARDRAIL. */
  @ApiProperty({ required: false, example: 'GENERATION' })
  type?: string;

  /** Only observations of this trace. */
  @ApiProperty({ required: false, example: BATCH_EXAMPLE.trace.id })
  traceId?: string;

  /** DEBUG, DEFAULT, WARNING or ERROR. */
  @ApiProperty({ required: false, example: 'ERROR' })
  level?: string;

  /** Only children of this observation. */
  @ApiProperty({ required: false, example: '7cb5ff3d41e88faf' })
  parentObservationId?: string;

  /** Version of the observation, exactly. */
  @ApiProperty({ required: false, example: '1.4.2' })
  version?: string;

  /** May be repeated; an observation must be in any of them. `default` is that of those that state none. */
  @ApiProperty({ required: false, type: [String], example: ['production'] })
  environment?: string[];

  /** Earliest start, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T00:00:00Z' })
  fromStartTime?: string;

  /** Starts before: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-02-01T00:00:00Z' })
  toStartTime?: string;

  /** A JSON array of conditions, all of which must hold; each has type, column, operator, value, and a key for members of objects. They take the place of a parameter about the same column. */
  @ApiProperty({ required: false, example: FILTER_EXAMPLE })
  filter?: string;
}

export class ObservationListQuery extends ObservationFilterQuery {
  /** Page number, from 1. Ignored when a cursor is given. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Observations per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 100, default: 50, example: 50 })
  limit?: number;

  /** Where to go on: `meta.nextCursor` of the page before. */
  @ApiProperty({ required: false, example: 'eyJsYXN0SWQiOiJvYnMtMSJ9' })
  cursor?: string;
}

export class ObservationPageDto {
  @ApiProperty({ type: [ObservationDto] })
  data!: ObservationDto[];

  @ApiProperty({ type: CursorPageMetaDto })
  meta!: CursorPageMetaDto;
}
