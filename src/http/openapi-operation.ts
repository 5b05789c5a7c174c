import { type OpenAPIObject } from '@nestjs/swagger';
import { PUBLIC_EXTENSION } from './auth/public.decorator.js';
import { type Failure, presentEnvelope, presentRpcStatus } from './error.filter.js';
import { QUERY_EXTENSION } from './throttle/query-route.decorator.js';
import { WRITE_EXTENSION } from './write-route.js';
import { type WriteRouteOptions } from './route-config.js';

type Json = Record<string, unknown>;
type Paths = OpenAPIObject['paths'];
type Operation = NonNullable<Paths[string]['get']> & Partial<Record<`x-${string}`, unknown>>;
type Parameter = Extract<NonNullable<Operation['parameters']>[number], { name: string }>;
type Answer = Extract<NonNullable<Operation['responses'][string]>, { description: string }>;
type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

/** What an error means to the caller, and what the server says then. */
interface ErrorText {
  readonly description: string;
  readonly message: string;
  /** Answered with `Retry-After`. */
  readonly waits?: boolean;
  /** A token bucket is empty, and the body says when it has room again. */
  readonly resets?: boolean;
}

const UNAUTHORIZED: ErrorText = {
  description: 'The credentials are missing or wrong.',
  message: 'No authorization header',
};
const FORBIDDEN: ErrorText = {
  description: 'The credentials are right, but do not open this route.',
  message: 'Access denied - insufficient permissions for this endpoint: it needs a key with the scope admin',
};
const BAD_PARAMETER: ErrorText = {
  description: 'A parameter is missing, out of range or cannot be read; the message names it.',
  message: 'limit must be a whole number from 1 to 200, got "1000"',
};
const BAD_BODY: ErrorText = {
  description: 'The body cannot be read, or nothing in it can be stored. Nothing is stored; do not send it again.',
  message: 'The body is not valid JSON (at position 17)',
};
const NOT_FOUND: ErrorText = {
  description: 'The project has no such thing.',
  message: 'Trace 3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001 not found within authorized project',
};
const CONFLICT: ErrorText = {
  description: 'It is there already, or something else is in the way.',
  message: 'There is a project search already',
};
const TOO_LARGE: ErrorText = {
  description:
    'The body is larger than its limit (XTRACE_MAX_REQUEST_BODY_BYTES where data is written), as sent or inflated.',
  message: 'The body of 31457280 bytes is larger than 20971520 bytes',
};
const UNSUPPORTED: ErrorText = {
  description: 'A Content-Type or Content-Encoding that is not understood.',
  message: 'Send the body as application/json',
};
const QUERY_TIMEOUT: ErrorText = {
  description: 'The query ran longer than READ_TIMEOUT_MS. Narrow it, or ask for a smaller page.',
  message: 'the query took longer than its time limit: narrow it by time, or ask for a smaller page',
};
const RATE_LIMIT: ErrorText = {
  description: 'Over RATE_LIMIT_QPS and RATE_LIMIT_BURST; `Retry-After` says when to return.',
  message: 'Too Many Requests',
  waits: true,
  resets: true,
};
const TOO_MANY_FAILURES: ErrorText = {
  description: 'Too many failed authentications from this address; `Retry-After` says when to return.',
  message: 'Too many failed authentications from this address',
  waits: true,
  resets: true,
};
const NO_ROOM: ErrorText = {
  description: 'Buffers are full and nothing was taken; send the same again after `Retry-After` seconds.',
  message: 'the write queue is full: send the same again later',
  waits: true,
};
const UNAVAILABLE: ErrorText = {
  description: 'The database does not answer, or the server stops; try again after `Retry-After` seconds.',
  message: 'the database does not answer',
  waits: true,
};

const RESET_AT = new Date('2026-01-31T09:30:01.000Z');

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 }, example: 1 },
} as const;

/** Bodies of errors: `error.filter.ts` builds them. */
const SCHEMAS: Schemas = {
  ErrorDto: {
    type: 'object',
    description: 'Why a request failed. Below /api/public it also has `error`, the name that Langfuse clients know.',
    required: ['message', 'code', 'data'],
    properties: {
      message: { type: 'string', description: 'For people.', example: 'Send the body as application/json' },
      error: { type: 'string', description: 'Name of the error in Langfuse.', example: 'InvalidRequestError' },
      code: { type: 'string', description: 'For programs.', example: 'UNSUPPORTED_MEDIA_TYPE' },
      data: { type: 'object', nullable: true, description: 'Always null.', example: null },
      meta: {
        type: 'object',
        description: 'Only with the query rate limit.',
        example: { rate_limit: { remaining: 0, reset_at: RESET_AT.toISOString() } },
      },
    },
  },
  RpcStatusDto: {
    type: 'object',
    description: 'google.rpc.Status, in JSON here and as protobuf where the request was protobuf.',
    required: ['code', 'message'],
    properties: {
      code: { type: 'integer', description: 'google.rpc.Code.', example: 3 },
      message: { type: 'string', description: 'For people.', example: 'The body is not valid JSON' },
    },
  },
};

/**
 * Completes what controllers leave out because it is the same everywhere: the errors that guards, limits and the body
 * reader answer, an example of every error in the shape of its route, `Retry-After`, and parameters that start unset
 * on the page. What a controller states itself is kept. Takes the marks of our decorators (`x-…`) out of the document.
 */
export function completeOperations(document: OpenAPIObject): void {
  const schemas = ((document.components ??= {}).schemas ??= {});
  Object.assign(schemas, SCHEMAS);
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const operation of Object.values(methods) as Operation[]) completeOperation(path, operation);
  }
}

function completeOperation(path: string, operation: Operation): void {
  const write = operation[WRITE_EXTENSION] as WriteRouteOptions | undefined;
  const isQuery = operation[QUERY_EXTENSION] === true;
  const isOpen = operation[PUBLIC_EXTENSION] === true;
  // An empty list overrides the requirement of the whole document (OpenAPI 3.0, Operation Object).
  if (isOpen) operation.security = [];
  for (const mark of [WRITE_EXTENSION, QUERY_EXTENSION, PUBLIC_EXTENSION] as const) delete operation[mark];

  const parameters = (operation.parameters ?? []) as Parameter[];
  parameters.forEach(offerExample);
  const takes = { query: parameters.some((one) => one.in === 'query'), body: operation.requestBody !== undefined };
  const texts = errorsOf({ write, isQuery, isOpen, takes });
  if (operation.responses['404'] !== undefined) texts.set(404, NOT_FOUND);
  if (operation.responses['409'] !== undefined) texts.set(409, CONFLICT);
  for (const status of texts.keys()) operation.responses[String(status)] ??= { description: '' };
  for (const [status, answer] of Object.entries(operation.responses) as [string, Answer][]) {
    const text = texts.get(Number(status));
    if (text !== undefined) describeError(answer, { status: Number(status), text, path, write });
  }
  const body = operation.requestBody as { content?: Json } | undefined;
  for (const content of [body?.content, ...contentsOf(operation)]) describeProtobuf(content);
}

/** The errors that a route answers whatever its handler does, by status. */
function errorsOf(route: {
  write: WriteRouteOptions | undefined;
  isQuery: boolean;
  isOpen: boolean;
  takes: { query: boolean; body: boolean };
}): Map<number, ErrorText> {
  const { write, isQuery, isOpen, takes } = route;
  const texts = new Map<number, ErrorText>();
  if (isOpen) return texts;
  texts
    .set(401, UNAUTHORIZED)
    .set(403, FORBIDDEN)
    .set(429, isQuery ? RATE_LIMIT : TOO_MANY_FAILURES)
    .set(503, UNAVAILABLE);
  if (takes.query) texts.set(400, BAD_PARAMETER);
  if (takes.body) texts.set(400, BAD_BODY).set(413, TOO_LARGE).set(415, UNSUPPORTED);
  if (isQuery) texts.set(422, QUERY_TIMEOUT);
  if (write !== undefined) {
    texts.set(write.overCapacity, NO_ROOM);
    if (write.overCapacity === 503) {
      texts.set(503, { ...NO_ROOM, description: `${UNAVAILABLE.description} The same while buffers are full.` });
    }
  }
  return texts;
}

function describeError(
  answer: Answer,
  error: { status: number; text: ErrorText; path: string; write: WriteRouteOptions | undefined },
): void {
  const { status, text, path, write } = error;
  answer.description ||= text.description;
  if (text.waits) answer.headers ??= RETRY_AFTER;
  const isOfController = Object.values(answer.content ?? {}).some((media) => media.schema !== undefined);
  if (isOfController) return;
  const failure: Failure = { status, message: text.message, ...(text.resets ? { resetAt: RESET_AT } : {}) };
  if (write?.errors === 'rpc-status') {
    const schema = { $ref: '#/components/schemas/RpcStatusDto' };
    answer.content = { [JSON_TYPE]: { schema, example: presentRpcStatus(failure) }, [PROTOBUF]: {} };
  } else {
    const schema = { $ref: '#/components/schemas/ErrorDto' };
    answer.content = { [JSON_TYPE]: { schema, example: presentEnvelope(failure, path.startsWith('/api/public/')) } };
  }
}

function contentsOf(operation: Operation): (Json | undefined)[] {
  return (Object.values(operation.responses) as Answer[]).map((answer) => answer.content as Json | undefined);
}

/** Bytes cannot be shown: the page offers a file to send, and to save, where the generator has copied the JSON schema. */
function describeProtobuf(content: Json | undefined): void {
  if (content?.[PROTOBUF] === undefined) return;
  content[PROTOBUF] = {
    schema: { type: 'string', format: 'binary', description: 'The same message in the binary encoding of protobuf.' },
  };
}

/**
 * Lifts an example from the schema, where the generator leaves it, to the parameter. The page fills fields with
 * examples, and a list that is filtered by all of them at once is empty: an optional parameter without a default
 * therefore offers "not set" first and its example second.
 */
function offerExample(parameter: Parameter): void {
  const schema = (parameter.schema ?? {}) as Json;
  const value: unknown = parameter.example ?? schema['example'] ?? (schema['enum'] as unknown[] | undefined)?.[0];
  if (parameter.examples !== undefined || value === undefined) return;
  delete schema['example'];
  if (parameter.required === true || schema['default'] !== undefined) {
    parameter.example = schema['default'] ?? value;
    return;
  }
  delete parameter.example;
  const summary = typeof value === 'string' ? value : JSON.stringify(value);
  parameter.examples = {
    unset: { summary: 'not set', value: Array.isArray(value) ? [] : '' },
    example: { summary, value },
  };
}
