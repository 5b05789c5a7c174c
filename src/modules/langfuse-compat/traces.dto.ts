import { ApiProperty } from '@nestjs/swagger';
import { ANY_JSON } from '../../http/any-json.js';
import { CursorPageMetaDto } from '../../http/page.dto.js';
import { ObservationDto } from './observations.dto.js';
import { TraceScoreDto } from './trace-score.dto.js';

const TIME = '2026-01-31T09:30:00.000Z';

/** Groups of fields, for query parameters called `fields`. */
const FIELDS =
  'Comma-separated groups of fields: core (always there), io, scores, observations, metrics. Absent means all. Without io ' +
  'the keys input, output and metadata are left out, without metrics latency and totalCost are -1, without observations ' +
  'or scores those are empty.';

export class TraceDetailQuery {
  @ApiProperty({ required: false, description: FIELDS, example: 'core,io,observations' })
  fields?: string;
}

export class TraceListQuery extends TraceDetailQuery {
  /** Page number, from 1. Ignored when a cursor is given. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Traces per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 200, default: 50, example: 50 })
  limit?: number;

  /** Where to go on: `meta.nextCursor` of the page before. Unlike page numbers it neither skips nor repeats traces while others arrive, and it costs the same for every page. Only in timestamp order. */
  @ApiProperty({ required: false, example: 'MTc2OTg1MTgwMDAwMDAwMDp0cmFjZS0x' })
  cursor?: string;

  /** Only traces of this user. */
  @ApiProperty({ required: false, example: 'ada@example.com' })
  userId?: string;

  /** Name of the trace, exactly. */
  @ApiProperty({ required: false, example: 'chat.turn' })
  name?: string;

  /** Only traces of this session. */
  @ApiProperty({ required: false, example: 'conversation-8c1d' })
  sessionId?: string;

  /** Earliest timestamp, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T00:00:00Z' })
  fromTimestamp?: string;

  /** Latest timestamp, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T23:59:59.999Z' })
  toTimestamp?: string;

  /** Field and direction. Fields: id, timestamp, name, userId, release, version, public, bookmarked, sessionId, latency, totalCost. Only timestamp order is served by an index. */
  @ApiProperty({ required: false, default: 'timestamp.desc', example: 'timestamp.desc' })
  orderBy?: string;

  /** May be repeated; a trace must have all of them. */
  @ApiProperty({ required: false, type: [String], example: ['support', 'en'] })
  tags?: string[];

  /** Version of the application, exactly. */
  @ApiProperty({ required: false, example: '1.4.2' })
  version?: string;

  /** Release of the application, exactly. */
  @ApiProperty({ required: false, example: '2026.11.2' })
  release?: string;

  /** May be repeated; a trace must be in any of them. `default` is that of traces that state none. */
  @ApiProperty({ required: false, type: [String], example: ['production'] })
  environment?: string[];

  /** A JSON array of conditions, all of which must hold; each has type, column, operator, value, and a key for members of objects. They take the place of a parameter about the same column. */
  @ApiProperty({
    required: false,
    example: '[{"type":"stringObject","column":"metadata","key":"tenant","operator":"=","value":"acme"}]',
  })
  filter?: string;
}

/** Fields of a trace in lists and in the detail. */
export class TraceDto {
  /** As it was sent. */
  @ApiProperty({ example: 'b61d23164373c56952c90d4f88da5932' })
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  /** As stated, else the start of the first observation, else the arrival of the first message. */
  @ApiProperty({ format: 'date-time', example: TIME })
  timestamp!: string;

  @ApiProperty({ type: String, nullable: true, example: 'chat.turn' })
  name!: string | null;

  /** Any JSON. Left out without the field group io. */
  @ApiProperty({
    required: false,
    ...ANY_JSON,
    example: { messages: [{ role: 'user', content: 'Hi' }] },
  })
  input?: unknown;

  /** Any JSON. Left out without the field group io. */
  @ApiProperty({ required: false, ...ANY_JSON, example: { role: 'assistant', content: 'Hello!' } })
  output?: unknown;

  /** An object. Left out without the field group io. */
  @ApiProperty({ required: false, type: Object, example: { tenant: 'acme', attempt: 1 } })
  metadata?: Record<string, unknown>;

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

  /** Sorted. */
  @ApiProperty({ type: [String], example: ['beta', 'eu'] })
  tags!: string[];

  @ApiProperty({ example: false })
  public!: boolean;

  @ApiProperty({ example: false })
  bookmarked!: boolean;

  /** Path of the trace in the user interface. */
  @ApiProperty({ example: '/project/default/traces/b61d23164373c56952c90d4f88da5932' })
  htmlPath!: string;

  /** Seconds from the first start to the last end of its observations; else as stated, else 0. -1 without the field group metrics. */
  @ApiProperty({ example: 2.345 })
  latency!: number;

  /** USD, the sum over its observations; else as stated, else 0. -1 without the field group metrics. */
  @ApiProperty({ example: 0.00195 })
  totalCost!: number;

  /** Arrival of its first message. */
  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}

export class TraceListItemDto extends TraceDto {
  /** Ids in start order. */
  @ApiProperty({ type: [String], example: ['03a82fb378f737e7'] })
  observations!: string[];

  /** Ids of the scores of the trace and of its observations, newest first. */
  @ApiProperty({ type: [String], example: ['c0a8012e-8a0e-4d7e-9c55-1f0a9be00101'] })
  scores!: string[];
}

export class TracePageDto {
  @ApiProperty({ type: [TraceListItemDto] })
  data!: TraceListItemDto[];

  @ApiProperty({ type: CursorPageMetaDto })
  meta!: CursorPageMetaDto;
}

export class TraceDetailDto extends TraceDto {
  /** In start order. */
  @ApiProperty({ type: [ObservationDto] })
  observations!: ObservationDto[];

  /** Of the trace and of its observations, newest first, at most 1000. */
  @ApiProperty({ type: [TraceScoreDto] })
  scores!: TraceScoreDto[];
}
