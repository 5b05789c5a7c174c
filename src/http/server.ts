import { type DynamicModule, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config/config.js';
import { cors } from './cors.js';
import { refuseUnreadable, sendFailure } from './error.filter.js';
import { ServerLogger } from './logger.js';
import { serveOpenApi } from './openapi.js';
import { canonicalOtlpUrl } from './otlp-address.js';
import { requestIdOf } from './request-id.js';
import { encodeSlashedNames } from './slashed-names.js';

/** Collectors and load balancers keep connections for 60 s; ours must not be the side that closes first. */
const KEEP_ALIVE_MS = 72_000;
const HEADERS_TIMEOUT_MS = 80_000;
/** For a whole request: 20 MiB over a slow line, but not a client that trickles for ever and holds its room. */
const REQUEST_TIMEOUT_MS = 120_000;
/** Ids have up to 1,000 bytes, each of them `%XX` in a path. */
const MAX_PARAM_LENGTH = 3000;

/**
 * The HTTP server around a root module that imports `HttpModule`: adapter, limits, validation, documentation. Not
 * listening yet. The caller closes it; no signal does.
 */
export async function createServer(root: DynamicModule, config: Config): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    trustProxy: config.trustProxy,
    bodyLimit: config.maxRequestBodyBytes,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // RequestIntake refuses what still comes while the server stops, in the shape that the route promised.
    return503OnClosing: false,
    genReqId: ({ headers }: IncomingMessage) => requestIdOf(headers['x-request-id']),
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
      void sendFailure(error, request, reply),
    clientErrorHandler: refuseUnreadable,
    rewriteUrl: ({ url, method }: IncomingMessage) => encodeSlashedNames(canonicalOtlpUrl(url ?? '/'), method),
    routerOptions: {
      ignoreTrailingSlash: true,
      // Some SDKs join a base URL that ends in a slash with a path that starts with one.
      ignoreDuplicateSlashes: true,
      maxParamLength: MAX_PARAM_LENGTH,
    },
  });
  // Before the hooks of RequestIntake, which may end a request.
  if (config.corsOrigins !== undefined) adapter.getInstance().addHook('onRequest', cors(config.corsOrigins));
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    abortOnError: false,
    // RequestIntake brings the body parsers.
    bodyParser: false,
    logger: new ServerLogger(config),
  });
  app.getHttpServer().headersTimeout = HEADERS_TIMEOUT_MS;
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
  serveOpenApi(app);
  return app;
}
