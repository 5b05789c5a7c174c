import { ApiProperty } from '@nestjs/swagger';

const RESULTS = ['accepted', 'partial', 'refused', 'unauthenticated', 'deferred', 'failed', 'aborted'];

export class DeliveriesQuery {
  /** How many, newest first. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 200, default: 50, example: 50 })
  limit?: number;

  /** `true`: only those that were not taken whole. These are kept apart, so that many good ones do not push them out. */
  @ApiProperty({ required: false, type: 'boolean', default: false, example: true })
  problems?: boolean;
}

export class DeliveryClientDto {
  /** From `x-langfuse-sdk-name`, else from the start of `User-Agent`. */
  @ApiProperty({ type: String, nullable: true, example: 'OTel-OTLP-Exporter-JavaScript' })
  name!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '0.223.0' })
  version!: string | null;

  /** As sent, at most 200 characters. */
  @ApiProperty({ type: String, nullable: true, example: 'OTel-OTLP-Exporter-JavaScript/0.223.0' })
  userAgent!: string | null;
}

export class DeliveryReasonDto {
  @ApiProperty({ example: 'INVALID_FIELD' })
  code!: string;

  @ApiProperty({ type: String, nullable: true, example: 'spanId' })
  field!: string | null;

  @ApiProperty({ example: 'must be 8 bytes (16 hex digits in JSON), not all zero' })
  message!: string;

  /** Items that were refused for this reason. */
  @ApiProperty({ type: 'integer', example: 2 })
  count!: number;

  /** Position of the first of them in the request, from 0. */
  @ApiProperty({ type: 'integer', example: 17 })
  firstIndex!: number;
}

export class DeliveryDto {
  /** The `x-request-id` of the answer; the log has the same. */
  @ApiProperty({ example: '8e5d2c1e-94c5-4c51-9d0e-52a2f6a3b7c1' })
  requestId!: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:30:00.120Z' })
  receivedAt!: string;

  /** Which way in, such as otlp, ingestion or batch; null at an address that does not exist. */
  @ApiProperty({ type: String, nullable: true, example: 'otlp' })
  door!: string | null;

  @ApiProperty({ example: 'POST' })
  method!: string;

  /** Without the query, at most 200 characters. */
  @ApiProperty({ example: '/v1/traces' })
  path!: string;

  client!: DeliveryClientDto;

  @ApiProperty({ example: '10.0.3.17' })
  remoteAddress!: string;

  /** Name of the credential, never a part of it; null without a valid one. */
  @ApiProperty({ type: String, nullable: true, example: 'key-pair' })
  credential!: string | null;

  /**
   * `accepted`: committed whole. `partial`: some items refused, the rest committed. `refused`: nothing stored, sending it
   * again will not help. `unauthenticated`: credentials missing or wrong. `deferred`: no room or no database, the client
   * should send it again. `failed`: a fault of this server. `aborted`: the client hung up before the answer.
   */
  @ApiProperty({ enum: RESULTS, example: 'partial' })
  result!: string;

  /** Of the answer; null when the client hung up before. */
  @ApiProperty({ type: 'integer', nullable: true, example: 200 })
  status!: number | null;

  @ApiProperty({ example: 12.4 })
  durationMs!: number;

  /** Body bytes as sent; null when none were read. */
  @ApiProperty({ type: 'integer', nullable: true, example: 5120 })
  sentBytes!: number | null;

  /** The same inflated. */
  @ApiProperty({ type: 'integer', nullable: true, example: 32768 })
  bodyBytes!: number | null;

  /** Traces, observations or points in it; null when it could not be read or its fate is unknown. */
  @ApiProperty({ type: 'integer', nullable: true, example: 20 })
  itemCount!: number | null;

  /** Committed ones. */
  @ApiProperty({ type: 'integer', nullable: true, example: 18 })
  acceptedCount!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 2 })
  refusedCount!: number | null;

  /** What the client was told when nothing was taken. */
  @ApiProperty({ type: String, nullable: true, example: null })
  message!: string | null;

  /** Why items were refused, the most frequent reason first, at most ten. */
  @ApiProperty({ type: [DeliveryReasonDto] })
  reasons!: DeliveryReasonDto[];

  /** 1, or of a sender without valid credentials how often it sent the same. */
  @ApiProperty({ type: 'integer', example: 1 })
  count!: number;
}

export class DeliveriesDto {
  @ApiProperty({ type: [DeliveryDto] })
  data!: DeliveryDto[];
}
