import { ApiProperty } from '@nestjs/swagger';
import { ANY_JSON } from '../../http/any-json.js';
import { CursorPageMetaDto } from '../../http/page.dto.js';

const TIME = '2026-01-31T09:30:00.000Z';

export class LogListQuery {
  /** Page number, from 1. Ignored when a cursor is given. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Items per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 200, default: 50, example: 50 })
  limit?: number;

  /** Where to go on: `meta.nextCursor` of the page before. */
  @ApiProperty({ required: false, example: 'MTc2OTg1MTgwMDAwMDAwMDo5ZjJj' })
  cursor?: string;

  /** By time. */
  @ApiProperty({ required: false, enum: ['asc', 'desc'], default: 'desc', example: 'asc' })
  order?: string;

  /** Records of this trace. */
  @ApiProperty({ required: false, example: '5b8efff798038103d269b633813fc60c' })
  traceId?: string;

  /** Records of this span or observation. */
  @ApiProperty({ required: false, example: 'eee19b7ec3c1b174' })
  observationId?: string;

  /** Records that state this session themselves, or whose resource does. */
  @ApiProperty({ required: false, example: 'chat-42' })
  sessionId?: string;

  /** Least severity: TRACE, DEBUG, INFO, WARN, ERROR, FATAL, or a number from 1 to 24. */
  @ApiProperty({ required: false, example: 'WARN' })
  severity?: string;

  /** Exactly this event. */
  @ApiProperty({ required: false, example: 'gen_ai.evaluation.result' })
  eventName?: string;

  /** Earliest time, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T00:00:00Z' })
  fromTimestamp?: string;

  /** Latest time, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T23:59:59.999Z' })
  toTimestamp?: string;
}

/** One log record. */
export class LogDto {
  /** Made of all that the record says: the same record sent again has the same one. */
  @ApiProperty({ example: '9f2c1b7a5d3e4f60718293a4b5c6d7e8' })
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  /** When it happened, else when it was observed, else when it arrived. */
  @ApiProperty({ format: 'date-time', example: TIME })
  timestamp!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: TIME })
  observedTimestamp!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '5b8efff798038103d269b633813fc60c' })
  traceId!: string | null;

  /** Of the span it was written in. */
  @ApiProperty({ type: String, nullable: true, example: 'eee19b7ec3c1b174' })
  observationId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'chat-42' })
  sessionId!: string | null;

  /** Name of the range that the number lies in. */
  @ApiProperty({
    type: String,
    enum: ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'],
    nullable: true,
    example: 'INFO',
  })
  severity!: string | null;

  /** 1 to 24; 0 when not stated. */
  @ApiProperty({ example: 9 })
  severityNumber!: number;

  /** As the sender calls it. */
  @ApiProperty({ type: String, nullable: true, example: 'info' })
  severityText!: string | null;

  /** The kind of event; null for a plain log line. */
  @ApiProperty({ type: String, nullable: true, example: 'gen_ai.user.message' })
  eventName!: string | null;

  /** When the server received it. */
  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  /** Any JSON. */
  @ApiProperty({ ...ANY_JSON, example: { content: 'Where is my order?' } })
  body!: unknown;

  @ApiProperty({ type: Object, example: { 'gen_ai.system': 'openai' } })
  attributes!: Record<string, unknown>;

  /** What wrote it. */
  @ApiProperty({ type: Object, example: { name: 'opentelemetry.instrumentation.openai_v2' } })
  scope!: Record<string, unknown>;

  /** Where it ran. */
  @ApiProperty({ type: Object, example: { attributes: { 'service.name': 'support-bot' } } })
  resource!: Record<string, unknown>;
}

export class LogPageDto {
  @ApiProperty({ type: [LogDto] })
  data!: LogDto[];

  @ApiProperty({ type: CursorPageMetaDto })
  meta!: CursorPageMetaDto;
}
