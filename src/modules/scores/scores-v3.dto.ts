import { ApiProperty } from '@nestjs/swagger';
import { SCORE_DATA_TYPES, SCORE_SOURCES } from '../../domain/score.js';
import { SCORE_ID } from './scores.dto.js';

const TIME = '2026-01-31T09:30:00.000Z';
const TRACE_ID = '3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001';
const CURSOR = 'MTc2OTg1MTgwMDAwMDAwMDpjMGE4';

export class ScoreCursorQuery {
  /** Items per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 100, default: 50, example: 50 })
  limit?: number;

  /** Where to go on: `meta.cursor` of the page before. */
  @ApiProperty({ required: false, example: CURSOR })
  cursor?: string;

  /** What to show besides the core: `details`, `subject`, `annotation`, joined by commas. */
  @ApiProperty({ required: false, example: 'details,subject' })
  fields?: string;

  @ApiProperty({ required: false, description: 'Any of these ids, joined by commas.', example: SCORE_ID })
  id?: string;

  @ApiProperty({ required: false, description: 'Any of these names, joined by commas.', example: 'helpfulness,tone' })
  name?: string;

  /** Any of these, joined by commas, in whatever case: API, EVAL, ANNOTATION. */
  @ApiProperty({ required: false, example: 'API' })
  source?: string;

  /** Any of these, joined by commas, in whatever case: NUMERIC, CATEGORICAL, BOOLEAN, TEXT, CORRECTION. */
  @ApiProperty({ required: false, example: 'NUMERIC' })
  dataType?: string;

  @ApiProperty({ required: false, description: 'Any of these environments, joined by commas.', example: 'default' })
  environment?: string;

  @ApiProperty({
    required: false,
    description: 'Any of these configs, joined by commas.',
    example: 'b1f0c9b2-0d52-4a5e-8d4c-2f6a0e4f7a10',
  })
  configId?: string;

  @ApiProperty({
    required: false,
    description: 'Any of these annotation queues, joined by commas.',
    example: 'queue-2',
  })
  queueId?: string;

  @ApiProperty({ required: false, description: 'Any of these authors, joined by commas.', example: 'reviewer-1' })
  authorUserId?: string;

  /** Any of these values, joined by commas; needs one `dataType` of NUMERIC, BOOLEAN (`true`, `false`) and CATEGORICAL. */
  @ApiProperty({ required: false, example: '0.9,1' })
  value?: string;

  /** Least number, inclusive; needs `dataType=NUMERIC`. */
  @ApiProperty({ required: false, type: 'number', example: 0.5 })
  valueMin?: number;

  /** Greatest number, inclusive; needs `dataType=NUMERIC`. */
  @ApiProperty({ required: false, type: 'number', example: 1 })
  valueMax?: number;

  /** Of any of these traces and their observations, joined by commas; not together with `sessionId` or `experimentId`. */
  @ApiProperty({ required: false, example: TRACE_ID })
  traceId?: string;

  @ApiProperty({ required: false, description: 'Of any of these sessions, joined by commas.', example: 'chat-42' })
  sessionId?: string;

  /** Of any of these observations, joined by commas; needs `traceId`. */
  @ApiProperty({ required: false, example: '7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01' })
  observationId?: string;

  @ApiProperty({ required: false, description: 'Of any of these dataset runs, joined by commas.', example: 'run-7' })
  experimentId?: string;

  /** Earliest timestamp, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T00:00:00Z' })
  fromTimestamp?: string;

  /** Latest timestamp, exclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-02-01T00:00:00Z' })
  toTimestamp?: string;
}

/** What is scored. */
export class ScoreSubjectDto {
  @ApiProperty({ enum: ['trace', 'observation', 'session', 'experiment'], example: 'trace' })
  kind!: string;

  @ApiProperty({ example: TRACE_ID })
  id!: string;

  /** Of an observation. */
  @ApiProperty({ required: false, example: TRACE_ID })
  traceId?: string;
}

/** An evaluation of a trace, an observation, a session or a dataset run. */
export class ScoreV3Dto {
  @ApiProperty({ example: SCORE_ID })
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty({ example: 'helpfulness' })
  name!: string;

  /** A number if NUMERIC, true or false if BOOLEAN, else a text. */
  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string' }, { type: 'boolean' }], example: 0.9 })
  value!: number | string | boolean;

  @ApiProperty({ enum: SCORE_DATA_TYPES, example: 'NUMERIC' })
  dataType!: string;

  @ApiProperty({ enum: SCORE_SOURCES, example: 'API' })
  source!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  timestamp!: string;

  @ApiProperty({ example: 'default' })
  environment!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;

  /** With the group `details`. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'Found the order.' })
  comment?: string | null;

  /** With the group `details`. */
  @ApiProperty({ required: false, type: String, nullable: true, example: null })
  configId?: string | null;

  /** With the group `details`. */
  @ApiProperty({ selfRequired: false, type: 'object', additionalProperties: true, example: { reviewer: 'nightly' } })
  metadata?: object;

  /** With the group `subject`. */
  @ApiProperty({ required: false, type: ScoreSubjectDto })
  subject?: ScoreSubjectDto;

  /** With the group `annotation`. */
  @ApiProperty({ required: false, type: String, nullable: true, example: null })
  authorUserId?: string | null;

  /** With the group `annotation`. */
  @ApiProperty({ required: false, type: String, nullable: true, example: null })
  queueId?: string | null;
}

export class ScoreCursorMetaDto {
  @ApiProperty({ example: 50 })
  limit!: number;

  /** Where the next page starts; absent on the last. */
  @ApiProperty({ required: false, example: CURSOR })
  cursor?: string;
}

export class ScoreCursorPageDto {
  @ApiProperty({ type: [ScoreV3Dto] })
  data!: ScoreV3Dto[];

  meta!: ScoreCursorMetaDto;
}
