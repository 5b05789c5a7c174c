import { ApiProperty } from '@nestjs/swagger';

const TIME = '2026-01-31T09:30:00.000Z';
const NULL_TEXT = { type: String, nullable: true } as const;

/** A score of a trace or of an observation in it. */
export class TraceScoreDto {
  @ApiProperty({ example: 'c0a8012e-8a0e-4d7e-9c55-1f0a9be00101' })
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty({ example: 'production', default: 'default' })
  environment!: string;

  @ApiProperty({ example: 'accuracy' })
  name!: string;

  /** API, EVAL or ANNOTATION. */
  @ApiProperty({ example: 'API' })
  source!: string;

  /** NUMERIC, CATEGORICAL, BOOLEAN or TEXT. */
  @ApiProperty({ example: 'NUMERIC' })
  dataType!: string;

  /** Absent in TEXT scores. */
  @ApiProperty({ required: false, type: Number, nullable: true, example: 0.97 })
  value?: number | null;

  /** The category, the text, True or False; null in NUMERIC scores. */
  @ApiProperty({ ...NULL_TEXT, example: null })
  stringValue!: string | null;

  @ApiProperty({ ...NULL_TEXT, example: 'b61d23164373c56952c90d4f88da5932' })
  traceId!: string | null;

  /** Null in scores of the trace as a whole. */
  @ApiProperty({ ...NULL_TEXT, example: null })
  observationId!: string | null;

  @ApiProperty({ ...NULL_TEXT, example: null })
  sessionId!: string | null;

  @ApiProperty({ ...NULL_TEXT, example: null })
  datasetRunId!: string | null;

  @ApiProperty({ ...NULL_TEXT, example: null })
  configId!: string | null;

  @ApiProperty({ ...NULL_TEXT, example: null })
  queueId!: string | null;

  @ApiProperty({ ...NULL_TEXT, example: null })
  authorUserId!: string | null;

  @ApiProperty({ ...NULL_TEXT, example: null })
  executionTraceId!: string | null;

  @ApiProperty({ ...NULL_TEXT, example: 'Found the order.' })
  comment!: string | null;

  @ApiProperty({ type: Object, example: { reviewer: 'nightly' } })
  metadata!: Record<string, unknown>;

  @ApiProperty({ format: 'date-time', example: TIME })
  timestamp!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}
