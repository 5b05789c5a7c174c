import { ApiProperty } from '@nestjs/swagger';
import { ANY_JSON } from '../../http/any-json.js';
import { CursorPageMetaDto } from '../../http/page.dto.js';

const TIME = '2026-01-31T09:30:00.000Z';

/** Page of the traces in a session. */
export class SessionDetailQuery {
  /** Page number, from 1. Ignored when a cursor is given. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Items per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 200, default: 50, example: 50 })
  limit?: number;

  /** Where to go on: `meta.nextCursor` of the page before. */
  @ApiProperty({ required: false, example: 'MTc2OTg1MTgwMDAwMDAwMDp0cmFjZS0x' })
  cursor?: string;
}

export class SessionListQuery extends SessionDetailQuery {
  /** Earliest creation, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T00:00:00Z' })
  fromTimestamp?: string;

  /** Latest creation, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T23:59:59.999Z' })
  toTimestamp?: string;

  /** May be repeated; the session's earliest trace must be in any of them. `default` is that of traces that state none. */
  @ApiProperty({ required: false, type: [String], example: ['production'] })
  environment?: string[];
}

/** A conversation: the traces that share a session id. */
export class SessionDto {
  /** As it was sent. */
  @ApiProperty({ example: 'conversation-7' })
  id!: string;

  /** Arrival of its first trace. */
  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  /** Of its earliest trace. */
  @ApiProperty({ example: 'production', default: 'default' })
  environment!: string;

  /** Of its earliest trace that names one; looked for among the first 100. */
  @ApiProperty({ type: String, nullable: true, example: 'user-42' })
  userId!: string | null;

  @ApiProperty({ example: 6 })
  countTraces!: number;

  @ApiProperty({ example: 48 })
  countObservations!: number;

  /** Observations of type GENERATION. */
  @ApiProperty({ example: 12 })
  countGenerations!: number;

  /** Observations of level ERROR. */
  @ApiProperty({ example: 0 })
  countErrors!: number;

  @ApiProperty({ example: 5210 })
  inputTokens!: number;

  @ApiProperty({ example: 1480 })
  outputTokens!: number;

  @ApiProperty({ example: 6690 })
  totalTokens!: number;

  /** USD, the sum over all observations. */
  @ApiProperty({ example: 0.0421 })
  totalCost!: number;

  /** Of its earliest trace. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: TIME })
  firstTimestamp!: string | null;

  /** When its last observation ended. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-01-31T09:42:17.345Z' })
  lastTimestamp!: string | null;
}

export class SessionPageDto {
  @ApiProperty({ type: [SessionDto] })
  data!: SessionDto[];

  @ApiProperty({ type: CursorPageMetaDto })
  meta!: CursorPageMetaDto;
}

/** A trace of a session, without its observations. */
export class SessionTraceDto {
  @ApiProperty({ example: 'b61d23164373c56952c90d4f88da5932' })
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  timestamp!: string;

  @ApiProperty({ type: String, nullable: true, example: 'chat.turn' })
  name!: string | null;

  /** Any JSON. */
  @ApiProperty({ ...ANY_JSON, example: { messages: [{ role: 'user', content: 'Hi' }] } })
  input!: unknown;

  /** Any JSON. */
  @ApiProperty({ ...ANY_JSON, example: { role: 'assistant', content: 'Hello!' } })
  output!: unknown;

  @ApiProperty({ type: Object, example: { tenant: 'acme' } })
  metadata!: Record<string, unknown>;

  @ApiProperty({ type: String, nullable: true, example: 'conversation-7' })
  sessionId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'user-42' })
  userId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'v2026.1' })
  release!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '1.4.2' })
  version!: string | null;

  @ApiProperty({ example: 'production', default: 'default' })
  environment!: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  externalId!: string | null;

  @ApiProperty({ type: [String], example: ['beta'] })
  tags!: string[];

  @ApiProperty({ example: false })
  public!: boolean;

  @ApiProperty({ example: false })
  bookmarked!: boolean;

  /** Path of the trace in the user interface. */
  @ApiProperty({ example: '/project/default/traces/b61d23164373c56952c90d4f88da5932' })
  htmlPath!: string;

  /** Seconds. */
  @ApiProperty({ example: 2.345 })
  latency!: number;

  /** USD. */
  @ApiProperty({ example: 0.00195 })
  totalCost!: number;

  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}

export class SessionDetailDto extends SessionDto {
  /** A page of them, oldest first. */
  @ApiProperty({ type: [SessionTraceDto] })
  traces!: SessionTraceDto[];

  /** Of the traces. */
  @ApiProperty({ type: CursorPageMetaDto })
  meta!: CursorPageMetaDto;
}
