import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import {
  Conflict,
  InvalidInput,
  NotFound,
  OverCapacity,
  QueryTimeout,
  TooLarge,
  TooManyRequests,
  Unauthorized,
  Unavailable,
  UnsupportedMedia,
} from '../domain/errors.js';
import { JSON_TEXT } from './json-media-type.js';
import { isOtlpRequest, OTLP_ADDRESS_HINT } from './otlp-address.js';
import { UNKNOWN_ROUTE } from './request-events.js';
import { type Refusal, recordOf } from './request-record.js';
import { routeTraits } from './route-config.js';
import { encodeRpcStatus, RPC_CODE, rpcEncoding, type RpcStatus } from './rpc-status.js';

/** One row of the table below: how a status is called in each protocol. */
interface Row {
  /** xtrace's `code` (xtrace.md §3). */
  readonly code: string;
  /** Langfuse's `error` (langfuse.md §7.2). */
  readonly langfuse: string;
  /** google.rpc.Code (otlp.md §1.5). */
  readonly rpc: number;
}

/** The one table of statuses. */
const STATUSES: ReadonlyMap<number, Row> = new Map([
  [400, { code: 'BAD_REQUEST', langfuse: 'InvalidRequestError', rpc: RPC_CODE.invalidArgument }],
  [401, { code: 'UNAUTHORIZED', langfuse: 'UnauthorizedError', rpc: RPC_CODE.unauthenticated }],
  [403, { code: 'FORBIDDEN', langfuse: 'ForbiddenError', rpc: RPC_CODE.permissionDenied }],
  [404, { code: 'NOT_FOUND', langfuse: 'LangfuseNotFoundError', rpc: RPC_CODE.notFound }],
  [405, { code: 'METHOD_NOT_ALLOWED', langfuse: 'MethodNotAllowedError', rpc: RPC_CODE.unimplemented }],
  [408, { code: 'REQUEST_TIMEOUT', langfuse: 'InvalidRequestError', rpc: RPC_CODE.invalidArgument }],
  [409, { code: 'CONFLICT', langfuse: 'LangfuseConflictError', rpc: RPC_CODE.invalidArgument }],
  [413, { code: 'PAYLOAD_TOO_LARGE', langfuse: 'PayloadTooLargeError', rpc: RPC_CODE.resourceExhausted }],
  [414, { code: 'URI_TOO_LONG', langfuse: 'InvalidRequestError', rpc: RPC_CODE.invalidArgument }],
  [415, { code: 'UNSUPPORTED_MEDIA_TYPE', langfuse: 'InvalidRequestError', rpc: RPC_CODE.invalidArgument }],
  [422, { code: 'QUERY_TIMEOUT', langfuse: 'Request timed out', rpc: RPC_CODE.unavailable }],
  [431, { code: 'HEADERS_TOO_LARGE', langfuse: 'InvalidRequestError', rpc: RPC_CODE.invalidArgument }],
  [429, { code: 'TOO_MANY_REQUESTS', langfuse: 'TooManyRequestsError', rpc: RPC_CODE.unavailable }],
  [500, { code: 'INTERNAL_ERROR', langfuse: 'InternalServerError', rpc: RPC_CODE.internal }],
  [503, { code: 'SERVICE_UNAVAILABLE', langfuse: 'ServiceUnavailableError', rpc: RPC_CODE.unavailable }],
]);

const INTERNAL_ERROR = STATUSES.get(500)!;
const BAD_REQUEST = STATUSES.get(400)!;

/** What a caller learns of an error, before it takes the shape of a protocol. */
export interface Failure {
  readonly status: number;
  readonly message: string;
  readonly retryAfterSeconds?: number;
  /** When the query rate limit lets the caller in again. */
  readonly resetAt?: Date;
}

/** The status of a domain error, Nest exception or Fastify error; anything else is our fault and its text stays inside. */
export function describeFailure(error: unknown, overCapacity: 503 | 429 = 503): Failure {
  if (error instanceof InvalidInput) return { status: 400, message: error.message };
  if (error instanceof Unauthorized) return { status: 401, message: error.message };
  if (error instanceof NotFound) return { status: 404, message: error.message };
  if (error instanceof Conflict) return { status: 409, message: error.message };
  if (error instanceof TooLarge) return { status: 413, message: error.message };
  if (error instanceof UnsupportedMedia) return { status: 415, message: error.message };
  if (error instanceof QueryTimeout) return { status: 422, message: error.message };
  if (error instanceof TooManyRequests) {
    const { message, retryAfterSeconds, resetAt } = error;
    return { status: 429, message, retryAfterSeconds, resetAt };
  }
  if (error instanceof OverCapacity) {
    return { status: overCapacity, message: error.message, retryAfterSeconds: error.retryAfterSeconds };
  }
  if (error instanceof Unavailable) {
    return { status: 503, message: error.message, retryAfterSeconds: error.retryAfterSeconds };
  }
  const { status, message } = foreignFailure(error);
  // A status without a row of its own would be a promise that nobody made.
  if (status < 500) return { status: STATUSES.has(status) ? status : 400, message };
  return { status: 500, message: 'Internal Server Error' };
}

const NO_MEDIA_TYPE = 'Content-Type must name a media type that this address takes, such as application/json';

/** Nest's exceptions, and Fastify's errors (`code` FST_ERR_…). */
function foreignFailure(error: unknown): { status: number; message: string } {
  if (error instanceof HttpException) {
    const response = error.getResponse() as string | { message?: unknown };
    const message = typeof response === 'string' ? response : response.message;
    return { status: error.getStatus(), message: Array.isArray(message) ? message.join('; ') : error.message };
  }
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  const isFastifys = typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number';
  // Fastify says the status in words, which tells nobody what to send.
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return { status: 415, message: NO_MEDIA_TYPE };
  return isFastifys ? { status: statusCode, message: (error as Error).message } : { status: 500, message: '' };
}

/** xtrace's envelope; under `/api/public`, which Langfuse clients share, one body that serves both. */
export function presentEnvelope(failure: Failure, isLangfusePath: boolean): object {
  const { code, langfuse } = STATUSES.get(failure.status) ?? BAD_REQUEST;
  const { message, resetAt } = failure;
  if (resetAt !== undefined) {
    return { message, code, data: null, meta: { rate_limit: { remaining: 0, reset_at: resetAt.toISOString() } } };
  }
  return isLangfusePath ? { message, error: langfuse, code, data: null } : { message, code, data: null };
}

/** The body of an error on OTLP routes. */
export function presentRpcStatus({ status, message }: Failure): RpcStatus {
  return { code: (STATUSES.get(status) ?? INTERNAL_ERROR).rpc, message };
}

/** The path of a request target as the router reads it: without query, slashes never doubled. */
function pathOf(url: string): string {
  return url.split('?', 1)[0]!.replace(/\/{2,}/g, '/');
}

const UNREADABLE: ReadonlyMap<string | undefined, number> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
  ['HPE_HEADER_OVERFLOW', 431],
]);

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** Tells an unknown path from a method that a known path does not have. */
function describeUnrouted(request: FastifyRequest, isOtlp: boolean): Failure & { allow?: string } {
  const path = pathOf(request.url);
  const url = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  const allow = METHODS.filter((method) => request.server.findRoute({ method, url: path }) !== null).join(', ');
  if (allow === '') return { status: 404, message: `There is no ${url} here${isOtlp ? `: ${OTLP_ADDRESS_HINT}` : ''}` };
  return { status: 405, message: `${url} does not answer ${request.method}`, allow };
}

/** What counters, deliveries and logs keep of a failure; its name is of a closed list. */
export function refusalOf(error: unknown, { status, message }: Failure): Refusal {
  const reason = error instanceof OverCapacity ? 'OVER_CAPACITY' : (STATUSES.get(status) ?? BAD_REQUEST).code;
  return { reason, message };
}

/** Answers `error` in the shape that the route promised; the only place that knows the statuses of errors. */
export function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): Failure {
  const { write } = routeTraits(request);
  // Of an unknown route nothing is known but what was sent to it.
  const isOtlp = request.is404 ? isOtlpRequest(request.url, request.headers) : write?.errors === 'rpc-status';
  const failure: Failure & { allow?: string } =
    request.is404 && error instanceof HttpException && error.getStatus() === 404
      ? describeUnrouted(request, isOtlp)
      : describeFailure(error, write?.overCapacity);
  const { status, retryAfterSeconds, allow } = failure;
  recordOf(request).refusal = refusalOf(error, failure);
  void reply.code(status);
  // Fastify closes the connection after a refused body; the rest of it is dropped instead (request-intake.ts). A server
  // that stops has set the header on the raw response, where it stays.
  if (reply.hasHeader('connection') && !reply.raw.hasHeader('connection')) void reply.removeHeader('connection');
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(Math.ceil(retryAfterSeconds)));
  if (allow !== undefined) void reply.header('allow', allow);
  if (status === 401) void reply.header('www-authenticate', challenge(request));
  if (isOtlp) {
    const encoding = rpcEncoding(request.headers['content-type']);
    const { contentType, body } = encodeRpcStatus(presentRpcStatus(failure), encoding);
    void reply.header('content-type', contentType).send(body);
  } else {
    const body = JSON.stringify(presentEnvelope(failure, pathOf(request.url).startsWith('/api/public/')));
    void reply.header('content-type', JSON_TEXT).send(body);
  }
  return failure;
}

/** Answers what Node could not read as HTTP, or gave up waiting for, and hangs up: there is no request yet to answer to. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = UNREADABLE.get(error.code) ?? 400;
  const message = STATUS_CODES[status]!;
  const body = JSON.stringify(presentEnvelope({ status, message }, false));
  const head = `HTTP/1.1 ${status} ${message}\r\nconnection: close\r\ncontent-type: ${JSON_TEXT}`;
  if (socket.writable) socket.write(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  socket.destroy(error);
}

/** Browsers answer a Basic challenge with a dialog of their own, which must not pop up over calls of a page's script. */
function challenge(request: FastifyRequest): string {
  return request.headers['sec-fetch-dest'] === 'empty' ? 'Bearer realm="xtrace"' : 'Basic realm="xtrace"';
}

/** Turns whatever a request throws, in hooks, guards or handlers, into its answer. Only our own faults are logged. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Request');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent) {
      this.log(error, request);
      reply.raw.destroy();
      return;
    }
    const { status } = sendFailure(error, request, reply);
    if (status === 500) this.log(error, request);
  }

  /** The stack, not the error itself: what else an error of a driver holds may be a client's data. */
  private log(error: unknown, request: FastifyRequest): void {
    const route = `${request.method} ${request.routeOptions?.url ?? UNKNOWN_ROUTE}`;
    const stack = error instanceof Error ? error.stack : String(error);
    this.logger.error(`${route} failed`, stack, { requestId: request.id });
  }
}
