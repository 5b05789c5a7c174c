import { ApiProperty } from '@nestjs/swagger';
import { SCORE_DATA_TYPES, SCORE_SOURCES } from '../../domain/score.js';
import { MAX_SCORE_TEXT } from '../../domain/score-value.js';
import { CursorPageMetaDto } from '../../http/page.dto.js';
import { VALUE_OPERATORS } from '../../storage/scores/score-filter.js';

const TIME = '2026-01-31T09:30:00.000Z';

/** What the examples are about; `POST /v1/l/batch` writes it. */
const TRACE_ID = '3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001';
const OBSERVATION_ID = '7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01';
const SESSION_ID = 'conversation-8c1d';
const USER_ID = 'ada@example.com';
export const SCORE_ID = 'c0a8012e-8a0e-4d7e-9c55-1f0a9be00101';

export const SCORE_EXAMPLES = {
  numeric: {
    summary: 'A number',
    value: { id: SCORE_ID, traceId: TRACE_ID, name: 'helpfulness', value: 0.9, comment: 'Found the order.' },
  },
  categorical: {
    summary: 'A category, of an observation',
    value: {
      traceId: TRACE_ID,
      observationId: OBSERVATION_ID,
      name: 'tone',
      value: 'friendly',
      dataType: 'CATEGORICAL',
    },
  },
  boolean: {
    summary: 'True or false, of a session',
    value: { sessionId: SESSION_ID, name: 'resolved', value: 1, dataType: 'BOOLEAN' },
  },
  several: {
    summary: 'Several, as Langfuse sends them from Python 5',
    value: [
      { traceId: TRACE_ID, name: 'helpfulness', value: 0.9, timestamp: TIME },
      { traceId: TRACE_ID, name: 'tone', value: 'friendly', dataType: 'CATEGORICAL', timestamp: TIME },
    ],
  },
};

const ANY_OBJECT = { type: 'object', additionalProperties: true, example: { reviewer: 'nightly' } } as const;

/** A score to be written. */
export class WriteScoreDto {
  /** 1 to 800 characters; made when absent. The same id again changes the score. */
  @ApiProperty({ required: false, maxLength: 800, example: SCORE_ID })
  id?: string;

  /** Replaced by the name of its config, and by `output` in corrections. */
  @ApiProperty({ minLength: 1, example: 'helpfulness' })
  name!: string;

  /** A number for NUMERIC, 1 or 0 for BOOLEAN; a text for CATEGORICAL, TEXT (1 to 500 characters) and CORRECTION. */
  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string', maxLength: MAX_SCORE_TEXT }], example: 0.9 })
  value!: number | string;

  /** That of the config unless told, else NUMERIC for numbers and CATEGORICAL for texts. */
  @ApiProperty({ required: false, enum: SCORE_DATA_TYPES, example: 'NUMERIC' })
  dataType?: string;

  /** The trace that is scored. Exactly one of `traceId`, `sessionId` and `datasetRunId` must be given. */
  @ApiProperty({ required: false, example: TRACE_ID })
  traceId?: string;

  /** An observation of that trace. */
  @ApiProperty({ required: false, example: OBSERVATION_ID })
  observationId?: string;

  /** The session that is scored. */
  @ApiProperty({ required: false, example: SESSION_ID })
  sessionId?: string;

  /** The dataset run that is scored. */
  @ApiProperty({ required: false, example: 'run-7' })
  datasetRunId?: string;

  /** A score config that the score must comply with. */
  @ApiProperty({ required: false, example: 'b1f0c9b2-0d52-4a5e-8d4c-2f6a0e4f7a10' })
  configId?: string;

  @ApiProperty({ required: false, example: 'Found the order.' })
  comment?: string;

  @ApiProperty({ ...ANY_OBJECT, selfRequired: false })
  metadata?: object;

  /** Lower case, at most 40 of `a-z 0-9 - _`, else `default`. */
  @ApiProperty({ required: false, default: 'default', example: 'production' })
  environment?: string;

  /** ANNOTATION needs a `configId`, save for corrections. */
  @ApiProperty({ required: false, enum: ['API', 'ANNOTATION'], default: 'API', example: 'API' })
  source?: string;

  /** The annotation queue that it comes from. */
  @ApiProperty({ required: false, example: 'queue-2' })
  queueId?: string;

  /** When it was given: ISO 8601 with a zone; the arrival unless told. The first request about the score decides it. */
  @ApiProperty({ required: false, format: 'date-time', example: TIME })
  timestamp?: string;
}

export class CreatedScoreDto {
  @ApiProperty({ example: SCORE_ID })
  id!: string;
}

/** What an array of scores is answered with when all of them are taken. */
export class AcceptedScoresDto {
  @ApiProperty({ example: 'Accepted' })
  message!: string;
}

export class RefusedScoreDto {
  /** Position in the array. */
  @ApiProperty({ type: 'integer', example: 1 })
  index!: number;

  /** Begins with the position. */
  @ApiProperty({ example: '[1]: value must be a finite number or a string' })
  message!: string;
}

/** What an array of scores is answered with when some of them, or all, are refused. */
export class PartlyAcceptedScoresDto {
  /** How many are committed. */
  @ApiProperty({ type: 'integer', example: 1 })
  accepted!: number;

  /** How many are refused: sending them again does not help. */
  @ApiProperty({ type: 'integer', example: 1 })
  rejected!: number;

  /** In the order of the request; the first 10,000. */
  @ApiProperty({ type: [RefusedScoreDto] })
  errors!: RefusedScoreDto[];
}

export class DeletedScoreDto {
  @ApiProperty({ example: 'Score deletion queued successfully' })
  message!: string;
}

/** An evaluation of a trace, an observation, a session or a dataset run. */
export class ScoreDto {
  @ApiProperty({ example: SCORE_ID })
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty({ example: 'default' })
  environment!: string;

  @ApiProperty({ example: 'helpfulness' })
  name!: string;

  @ApiProperty({ enum: SCORE_SOURCES, example: 'API' })
  source!: string;

  @ApiProperty({ enum: SCORE_DATA_TYPES, example: 'NUMERIC' })
  dataType!: string;

  /** Of a category the number that its config gives it, 0 without one; 0 in corrections; absent in TEXT scores. */
  @ApiProperty({ required: false, type: 'number', nullable: true, example: 0.9 })
  value?: number | null;

  /** The category or text, `True` or `False`; null in NUMERIC scores. */
  @ApiProperty({ type: String, nullable: true, example: null })
  stringValue!: string | null;

  @ApiProperty({ type: String, nullable: true, example: TRACE_ID })
  traceId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  observationId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  sessionId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  datasetRunId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  configId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  queueId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  authorUserId!: string | null;

  /** The trace of the evaluator that gave it. */
  @ApiProperty({ type: String, nullable: true, example: null })
  executionTraceId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Found the order.' })
  comment!: string | null;

  @ApiProperty(ANY_OBJECT)
  metadata!: object;

  /** When it was given. */
  @ApiProperty({ format: 'date-time', example: TIME })
  timestamp!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}

/** What a list of scores shows of the trace. */
export class ScoredTraceDto {
  @ApiProperty({ type: String, nullable: true, example: USER_ID })
  userId!: string | null;

  @ApiProperty({ type: [String], example: ['support', 'en'] })
  tags!: string[];

  @ApiProperty({ type: String, nullable: true, example: 'production' })
  environment!: string | null;

  @ApiProperty({ type: String, nullable: true, example: SESSION_ID })
  sessionId!: string | null;
}

export class ScoreListItemDto extends ScoreDto {
  /** Null, or in version 1 with nothing in it, while there is no such trace; absent unless `fields` asks for it. */
  @ApiProperty({ required: false, nullable: true, type: ScoredTraceDto })
  trace?: ScoredTraceDto | null;
}

export class ScorePageDto {
  @ApiProperty({ type: [ScoreListItemDto] })
  data!: ScoreListItemDto[];

  meta!: CursorPageMetaDto;
}

/** Filters of both lists by pages. */
export class FirstScoreListQuery {
  /** Page number, from 1. Ignored when a cursor is given. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Items per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 100, default: 50, example: 50 })
  limit?: number;

  /** Where to go on: `meta.nextCursor` of the page before. */
  @ApiProperty({ required: false, example: 'MTc2OTg1MTgwMDAwMDAwMDpjMGE4' })
  cursor?: string;

  /** Of the trace that is scored. */
  @ApiProperty({ required: false, example: USER_ID })
  userId?: string;

  @ApiProperty({ required: false, description: 'Exactly this name.', example: 'helpfulness' })
  name?: string;

  /** Earliest timestamp, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T00:00:00Z' })
  fromTimestamp?: string;

  /** Latest timestamp, exclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-02-01T00:00:00Z' })
  toTimestamp?: string;

  /** May be repeated; any of them. `default` is that of scores that state none. */
  @ApiProperty({ required: false, type: [String], example: ['default'] })
  environment?: string[];

  @ApiProperty({ required: false, description: 'Exactly this source.', enum: SCORE_SOURCES, example: 'API' })
  source?: string;

  /** How the number of a score compares with `value`; the two go together. */
  @ApiProperty({ required: false, enum: VALUE_OPERATORS, example: '>=' })
  operator?: string;

  @ApiProperty({ required: false, description: 'What `operator` compares with.', type: 'number', example: 0.5 })
  value?: number;

  /** Any of these ids, joined by commas. */
  @ApiProperty({ required: false, example: SCORE_ID })
  scoreIds?: string;

  @ApiProperty({ required: false, description: 'Of this config.', example: 'b1f0c9b2-0d52-4a5e-8d4c-2f6a0e4f7a10' })
  configId?: string;

  @ApiProperty({ required: false, description: 'Of this annotation queue.', example: 'queue-2' })
  queueId?: string;

  @ApiProperty({ required: false, description: 'Of this type.', enum: SCORE_DATA_TYPES, example: 'NUMERIC' })
  dataType?: string;

  @ApiProperty({ required: false, description: 'Of this trace and its observations.', example: TRACE_ID })
  traceId?: string;

  /** Of any of these observations, joined by commas. */
  @ApiProperty({ required: false, example: OBSERVATION_ID })
  observationId?: string;

  /** May be repeated; the trace that is scored has all of them. */
  @ApiProperty({ required: false, type: [String], example: ['support'] })
  traceTags?: string[];

  /**
   * A JSON array of conditions `{type, column, operator, value, key?}`, all of which must hold; it goes before the plain
   * parameters on the same columns.
   */
  @ApiProperty({
    required: false,
    example: '[{"type":"stringObject","column":"metadata","key":"reviewer","operator":"=","value":"nightly"}]',
  })
  filter?: string;
}

export class ScoreListQuery extends FirstScoreListQuery {
  @ApiProperty({ required: false, description: 'Of this session itself.', example: SESSION_ID })
  sessionId?: string;

  @ApiProperty({ required: false, description: 'Of this dataset run itself.', example: 'run-7' })
  datasetRunId?: string;

  /** `score`, `trace` or both, joined by commas; both unless told. Filters on the trace need `trace`. */
  @ApiProperty({ required: false, example: 'score,trace' })
  fields?: string;
}
