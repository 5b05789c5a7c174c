import { ApiProperty } from '@nestjs/swagger';
import { MEDIA_FIELDS, MEDIA_TYPES } from '../../domain/media.js';

const MEDIA_ID = { example: 'nVgv0hJfmdRfXsWzMGMQYw' } as const;
const CONTENT_TYPE = { enum: MEDIA_TYPES, example: 'image/png' } as const;
const LENGTH = { type: 'integer', minimum: 1, example: 48_213 } as const;

/** A file that is about to be sent, and who has it: a trace, one of its observations, or a dataset item. */
export class NewMediaDto {
  /** Of the trace that has the file; with it neither datasetId nor datasetItemId. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: 'b5c31fa3-0c2e-4a93-9a9b-3e9d13f0a001' })
  traceId?: string | null;

  /** Of the observation of that trace; null for the trace itself. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: '4ff1e2c36a1b8d21' })
  observationId?: string | null;

  /** Of the dataset, with datasetItemId. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: null })
  datasetId?: string | null;

  /** Of the item of that dataset. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: null })
  datasetItemId?: string | null;

  /** Where in its owner it stands: `expectedOutput` of items, `output` of traces and observations. */
  @ApiProperty({ enum: MEDIA_FIELDS, example: 'input' })
  field!: string;

  @ApiProperty(CONTENT_TYPE)
  contentType!: string;

  /** In bytes, at most MEDIA_MAX_BYTES. */
  @ApiProperty(LENGTH)
  contentLength!: number;

  /** SHA-256 of the bytes in standard base64. */
  @ApiProperty({ minLength: 44, maxLength: 44, example: 'nVgv0hJfmdRfXsWzMGMQYwC0vZ8Q1CDuRGMZtMcIdpk=' })
  sha256Hash!: string;
}

export class UploadDto {
  /** The first 22 characters of the hash, `+` and `/` as `-` and `_`. */
  @ApiProperty(MEDIA_ID)
  mediaId!: string;

  /** Takes the bytes by PUT, without credentials, for an hour; null when they are there already. */
  @ApiProperty({
    nullable: true,
    type: 'string',
    example: 'https://xtrace.example.com/api/public/media/nVgv0hJfmdRfXsWzMGMQYw/content?project=default&signature=…',
  })
  uploadUrl!: string | null;
}

/** What came of an upload. */
export class UploadReportDto {
  /** ISO 8601; not used, for the server knows. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T09:30:00.000Z' })
  uploadedAt?: string;

  /** What the PUT was answered with. */
  @ApiProperty({ type: 'integer', example: 200 })
  uploadHttpStatus!: number;

  /** The body of that answer, when it was none of 2xx. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: null })
  uploadHttpError?: string | null;

  /** How long it took, in milliseconds; not used. */
  @ApiProperty({ required: false, nullable: true, type: 'number', example: 84 })
  uploadTimeMs?: number | null;
}

export class UploadReportedDto {
  @ApiProperty({ example: 'OK' })
  message!: string;
}

/** A file whose bytes are there. */
export class MediaDto {
  @ApiProperty(MEDIA_ID)
  mediaId!: string;

  @ApiProperty(CONTENT_TYPE)
  contentType!: string;

  /** In bytes. */
  @ApiProperty(LENGTH)
  contentLength!: number;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:30:00.000Z' })
  uploadedAt!: string;

  /** Gives the bytes to whoever has it. */
  @ApiProperty({
    example: 'https://xtrace.example.com/api/public/media/nVgv0hJfmdRfXsWzMGMQYw/content?project=default&signature=…',
  })
  url!: string;

  /** Until when it does. */
  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:30:00.000Z' })
  urlExpiry!: string;
}
