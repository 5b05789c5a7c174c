import { applyDecorators, createParamDecorator, type ExecutionContext, Post } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { UnsupportedMedia } from '../../domain/errors.js';
import type { Project } from '../../domain/project.js';
import { principalOf } from '../../http/auth/principal.js';
import { WriteRoute } from '../../http/write-route.js';
import { encodingOf, MEDIA_TYPES, type OtlpEncoding } from './otlp.response.js';

/** What an address for exports is called, and what is told of it in the API document. */
export interface ExportRouteOptions {
  readonly paths: readonly string[];
  /** In metrics and deliveries. */
  readonly door: string;
  readonly summary: string;
  readonly description: string;
  /** The protobuf messages that may be sent. */
  readonly message: string;
  readonly example: object;
  /** What 200 means. */
  readonly stored: string;
  readonly partialExample: object;
}

/** A write route of OTLP over HTTP: bytes in protobuf or JSON, answered in the same, errors as google.rpc.Status. */
export function ExportRoute(options: ExportRouteOptions): MethodDecorator {
  const { paths, door, summary, description, message, example, stored, partialExample } = options;
  return applyDecorators(
    Post([...paths]),
    WriteRoute({ door, errors: 'rpc-status', overCapacity: 503 }),
    ApiOperation({ summary, description }),
    ApiConsumes(MEDIA_TYPES.json, MEDIA_TYPES.protobuf),
    ApiProduces(MEDIA_TYPES.json, MEDIA_TYPES.protobuf),
    ApiBody({ required: true, description: message, schema: { type: 'object', example } }),
    ApiResponse({ status: 200, description: stored, schema: { type: 'object', example: partialExample } }),
  );
}

/** An export as a client sent it. */
export interface SentExport {
  readonly project: Project;
  /** Inflated. */
  readonly body: Buffer;
  readonly encoding: OtlpEncoding;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * Handler parameter of an {@link ExportRoute}.
 * @throws UnsupportedMedia when the Content-Type is none of the two.
 */
export const Sent = createParamDecorator((_: unknown, context: ExecutionContext): SentExport => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest<{ Body: Buffer }>>();
  const principal = principalOf(request);
  if (principal === undefined) throw new Error('a public route has no project');
  const contentType = request.headers['content-type'];
  const encoding = encodingOf(contentType);
  if (encoding === undefined) {
    const got = contentType === undefined ? 'none' : `"${contentType.slice(0, 100)}"`;
    throw new UnsupportedMedia(`Content-Type must be ${MEDIA_TYPES.protobuf} or ${MEDIA_TYPES.json}, got ${got}`);
  }
  return { project: principal.project, body: request.body, encoding, request, reply: http.getResponse() };
});
