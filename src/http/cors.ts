import type { FastifyReply, FastifyRequest } from 'fastify';

/** What exporters in browsers and Langfuse's web SDK send besides what every page may send (fetch specification). */
const REQUEST_HEADERS = [
  'authorization',
  'content-encoding',
  'content-type',
  'traceparent',
  'tracestate',
  'x-api-key',
  'x-request-id',
];
const LANGFUSE_HEADER = /^x-langfuse-[a-z0-9-]{1,60}$/;
const EXPOSED_HEADERS = 'retry-after, x-request-id';
const METHODS = 'GET, POST, PUT, PATCH, DELETE';
/** Chromium keeps a preflight for no longer. */
const MAX_AGE_SECONDS = 7200;

/**
 * Lets scripts of web pages call from `origins` (Cross-Origin Resource Sharing; `*` = from all). A preflight gets its
 * answer here, without credentials, which browsers never send with one. Credentials come in headers that the page's
 * script sets, never from a browser's own store, so `Access-Control-Allow-Credentials` is not sent.
 * @returns a Fastify onRequest hook; it has to be the first, so that errors are readable for the page too.
 */
export function cors(origins: readonly string[]) {
  const isAny = origins.includes('*');
  const allowed = new Set(origins);
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { origin } = request.headers;
    if (!isAny) void reply.header('vary', 'origin');
    if (origin === undefined || !(isAny || allowed.has(origin))) return done();
    void reply.header('access-control-allow-origin', isAny ? '*' : origin);
    void reply.header('access-control-expose-headers', EXPOSED_HEADERS);
    const isPreflight = request.method === 'OPTIONS' && 'access-control-request-method' in request.headers;
    if (!isPreflight) return done();
    void reply
      .code(204)
      .header('access-control-allow-methods', METHODS)
      .header('access-control-allow-headers', allowedHeaders(request.headers['access-control-request-headers']))
      .header('access-control-max-age', String(MAX_AGE_SECONDS))
      .send();
  };
}

/** The known ones, and of Langfuse's those that were asked for: a browser takes no pattern. */
function allowedHeaders(asked: string | undefined): string {
  const langfuse = (asked ?? '')
    .toLowerCase()
    .split(',', 50)
    .map((name) => name.trim());
  return [...REQUEST_HEADERS, ...langfuse.filter((name) => LANGFUSE_HEADER.test(name))].join(', ');
}
