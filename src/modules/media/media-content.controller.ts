import { Controller, ForbiddenException, Get, HttpCode, Param, Put, Query, Req, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiForbiddenResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiPayloadTooLargeResponse,
  ApiQuery,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { InvalidInput, TooLarge, UnsupportedMedia } from '../../domain/errors.js';
import { Public } from '../../http/auth/public.decorator.js';
import { InFlightBytes } from '../../http/in-flight-bytes.js';
import { type QueryString } from '../../http/query.js';
import { RouteTraitsOf } from '../../http/route-config.js';
import { MediaReader } from '../../storage/media/media-reader.js';
import { MediaStore } from '../../storage/media/media-store.js';
import { MediaUrls, type Refused, type UploadGrant } from '../../storage/media/media-urls.js';
import { ProjectStore } from '../../storage/projects/project-store.js';
import { MEDIA_CHUNK_BYTES } from '../../storage/media/verified-bytes.js';
import { contentHeaders, isKnown, parseRange } from './media.headers.js';

/** One chunk that is gathered, one on its way to the database, and what the line holds. */
const UPLOAD_MEMORY_BYTES = 3 * MEDIA_CHUNK_BYTES;

const MEDIA_ID = { name: 'mediaId', description: 'As the link has it.', example: 'nVgv0hJfmdRfXsWzMGMQYw' };
const SIGNED = {
  description: 'As the link has it, with the other parameters that it has: none of them can be changed.',
};
const PROJECT = { ...SIGNED, name: 'project', type: 'string', example: 'default' };
const EXPIRES = { ...SIGNED, name: 'expires', type: 'integer', example: 1_769_855_400 };
const SIGNATURE = {
  ...SIGNED,
  name: 'signature',
  type: 'string',
  example: 'mK0r2cY6cE4sP0tVwq5m3oYx1n0tqk9c7bZ8d2XfQkE',
};
const ERROR = (message: string, error: string, code: string) => ({
  content: {
    'application/json': {
      schema: { $ref: '#/components/schemas/ErrorDto' },
      example: { message, error, code, data: null },
    },
  },
});
const FORBIDDEN = {
  description: 'The link has expired, or is none of ours.',
  ...ERROR('The link has expired', 'ForbiddenError', 'FORBIDDEN'),
};
const NOT_FOUND = {
  description: 'The file is not there any more.',
  ...ERROR('Media nVgv0hJfmdRfXsWzMGMQYw not found', 'LangfuseNotFoundError', 'NOT_FOUND'),
};
const UNAVAILABLE = {
  description: 'The database or the bucket does not answer; try again after `Retry-After` seconds.',
  ...ERROR('the database does not answer', 'ServiceUnavailableError', 'SERVICE_UNAVAILABLE'),
};

const TOO_LARGE = {
  description: 'They are more than announced. Nothing is stored.',
  ...ERROR('The body has more than the 48213 bytes announced', 'PayloadTooLargeError', 'PAYLOAD_TOO_LARGE'),
};
const UNSUPPORTED = {
  description: 'They come with a Content-Encoding.',
  ...ERROR('Send the bytes without Content-Encoding', 'InvalidRequestError', 'UNSUPPORTED_MEDIA_TYPE'),
};

/** The bytes of files. Links to these routes are credentials by themselves: signed, for one file, and not for long. */
@ApiTags('Media')
@Controller('api/public/media/:mediaId/content')
export class MediaContentController {
  constructor(
    private readonly projects: ProjectStore,
    private readonly store: MediaStore,
    private readonly reader: MediaReader,
    private readonly urls: MediaUrls,
    private readonly inFlight: InFlightBytes,
  ) {}

  /**
   * Takes the bytes of a file
   * @remarks Only by the `uploadUrl` of `POST /api/public/media`, which says what they have to be. They are stored when
   * their length and SHA-256 are the ones announced, and otherwise not at all. Sending them again is harmless.
   */
  @Put()
  @HttpCode(200)
  @Public()
  @RouteTraitsOf({ streamsBody: true })
  @ApiParam(MEDIA_ID)
  @ApiQuery(PROJECT)
  @ApiQuery({ ...SIGNED, name: 'type', type: 'string', example: 'image/png' })
  @ApiQuery({ ...SIGNED, name: 'length', type: 'integer', example: 48_213 })
  @ApiQuery({ ...SIGNED, name: 'sha256', type: 'string', example: 'nVgv0hJfmdRfXsWzMGMQYwC0vZ8Q1CDuRGMZtMcIdpk=' })
  @ApiQuery(EXPIRES)
  @ApiQuery(SIGNATURE)
  @ApiBody({
    description: 'The bytes.',
    schema: { type: 'string', format: 'binary', description: 'Of the announced type.' },
  })
  @ApiOkResponse({ description: 'They are stored.' })
  @ApiBadRequestResponse({
    description: 'They are not the ones announced. Nothing is stored.',
    ...ERROR(
      'The SHA-256 of the body is not the one announced: nothing was stored',
      'InvalidRequestError',
      'BAD_REQUEST',
    ),
  })
  @ApiPayloadTooLargeResponse(TOO_LARGE)
  @ApiUnsupportedMediaTypeResponse(UNSUPPORTED)
  @ApiForbiddenResponse(FORBIDDEN)
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiServiceUnavailableResponse(UNAVAILABLE)
  async upload(
    @Param('mediaId') mediaId: string,
    @Query() query: QueryString,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const grant = allowed(await this.urls.readUpload(mediaId, query, Date.now()));
    requireAnnounced(request, grant);
    const reservation = this.inFlight.reserve(UPLOAD_MEMORY_BYTES);
    try {
      // Left open when the reading ends early, or the client would not see why.
      const bytes = request.raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      await this.store.upload(await this.projects.find(grant.projectId), grant, bytes);
    } finally {
      reservation.release();
    }
  }

  /**
   * The bytes of a file
   * @remarks By the `url` of `GET /api/public/media/{mediaId}` or of a reference. Answers one range of bytes where one is
   * asked for. Nothing in the file runs: what a browser cannot show plainly is saved.
   */
  @Get()
  @Public()
  @ApiParam(MEDIA_ID)
  @ApiQuery(PROJECT)
  @ApiQuery(EXPIRES)
  @ApiQuery(SIGNATURE)
  @ApiOkResponse({
    description: 'All bytes, or 206 with those of the range.',
    content: {
      'application/octet-stream': {
        schema: { type: 'string', format: 'binary', description: 'Of the type announced.' },
      },
    },
  })
  @ApiForbiddenResponse(FORBIDDEN)
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiServiceUnavailableResponse(UNAVAILABLE)
  async download(
    @Param('mediaId') mediaId: string,
    @Query() query: QueryString,
    @Req() { headers }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const nowMs = Date.now();
    const { projectId, expiresAtSeconds } = allowed(await this.urls.readDownload(mediaId, query, nowMs));
    const { media, read } = await this.reader.open(projectId, mediaId);
    const maxAgeSeconds = Math.floor(expiresAtSeconds - nowMs / 1000);
    void reply
      .headers(contentHeaders(media.contentType, mediaId))
      .header('cache-control', `private, max-age=${maxAgeSeconds}, immutable`);
    if (isKnown(headers['if-none-match'], mediaId)) return void reply.code(304).send();
    const ifRange = headers['if-range'];
    const range = parseRange(headers.range, media.contentLength, {
      value: typeof ifRange === 'string' ? ifRange : undefined,
      mediaId,
    });
    if (range === 'outside') {
      return void reply.code(416).header('content-range', `bytes */${media.contentLength}`).send();
    }
    const { from, to } = range ?? { from: 0, to: media.contentLength - 1 };
    if (range !== undefined) {
      void reply.code(206).header('content-range', `bytes ${from}-${to}/${media.contentLength}`);
    }
    void reply.header('content-length', String(to - from + 1)).send(Readable.from(read({ from, to })));
  }
}

function allowed<T extends object>(grant: T | Refused): T {
  if (grant === 'expired') throw new ForbiddenException('The link has expired');
  if (grant === 'forged') throw new ForbiddenException('The link is not genuine');
  return grant;
}

/** What the headers say of the bytes has to be what the link says; headers that are left out say nothing. */
function requireAnnounced({ headers }: FastifyRequest, { contentType, contentLength, sha256 }: UploadGrant): void {
  const stated = headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase() ?? '';
  if (stated !== '' && stated !== contentType) {
    throw new InvalidInput(`Content-Type must be ${contentType}, as announced`, 'content-type');
  }
  const length = headers['content-length'];
  if (Number(length) > contentLength) {
    throw new TooLarge(`The body has more than the ${contentLength} bytes announced`);
  }
  if (length !== undefined && Number(length) !== contentLength) {
    throw new InvalidInput(`The body must have the ${contentLength} bytes announced`, 'content-length');
  }
  const checksum = headers['x-amz-checksum-sha256'];
  if (checksum !== undefined && checksum !== sha256) {
    throw new InvalidInput('x-amz-checksum-sha256 must be the SHA-256 announced', 'x-amz-checksum-sha256');
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new UnsupportedMedia('Send the bytes without Content-Encoding');
  }
}
