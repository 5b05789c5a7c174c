import { BadRequestException, ForbiddenException, InternalServerErrorException } from '@nestjs/common';
import {
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
import { describeFailure, presentEnvelope } from './error.filter.js';

const fastifyError = (code: string, statusCode: number) =>
  Object.assign(new Error('said Fastify'), { code, statusCode });

describe('errors', () => {
  test.each([
    [new InvalidInput('m', 'f'), 400, 'BAD_REQUEST', 'InvalidRequestError'],
    [new Unauthorized('m'), 401, 'UNAUTHORIZED', 'UnauthorizedError'],
    [new ForbiddenException('m'), 403, 'FORBIDDEN', 'ForbiddenError'],
    [new NotFound('m'), 404, 'NOT_FOUND', 'LangfuseNotFoundError'],
    [new TooLarge('m'), 413, 'PAYLOAD_TOO_LARGE', 'PayloadTooLargeError'],
    [new UnsupportedMedia('m'), 415, 'UNSUPPORTED_MEDIA_TYPE', 'InvalidRequestError'],
    [new QueryTimeout('m'), 422, 'QUERY_TIMEOUT', 'Request timed out'],
    [new OverCapacity('m'), 503, 'SERVICE_UNAVAILABLE', 'ServiceUnavailableError'],
    [new Unavailable('m'), 503, 'SERVICE_UNAVAILABLE', 'ServiceUnavailableError'],
    [new BadRequestException('m'), 400, 'BAD_REQUEST', 'InvalidRequestError'],
  ])('%s is %d %s, to Langfuse clients %s', (error, status, code, langfuse) => {
    const failure = describeFailure(error);
    expect(failure).toMatchObject({ status, message: 'm' });
    expect(presentEnvelope(failure, false)).toEqual({ message: 'm', code, data: null });
    expect(presentEnvelope(failure, true)).toEqual({ message: 'm', error: langfuse, code, data: null });
  });

  test('full buffers are 429 where the route says so, and both tell when to come back', () => {
    expect(describeFailure(new OverCapacity('m', 7), 429)).toEqual({ status: 429, message: 'm', retryAfterSeconds: 7 });
    expect(describeFailure(new OverCapacity('m', 7), 503)).toEqual({ status: 503, message: 'm', retryAfterSeconds: 7 });
    expect(describeFailure(new Unavailable('m', 7))).toEqual({ status: 503, message: 'm', retryAfterSeconds: 7 });
  });

  test('the query rate limit has the body that xtrace documents, on every path', () => {
    const resetAt = new Date('2026-01-31T09:30:00Z');
    const failure = describeFailure(new TooManyRequests('Too Many Requests', 1, resetAt));
    for (const isLangfusePath of [true, false]) {
      expect(presentEnvelope(failure, isLangfusePath)).toEqual({
        message: 'Too Many Requests',
        code: 'TOO_MANY_REQUESTS',
        data: null,
        meta: { rate_limit: { remaining: 0, reset_at: '2026-01-31T09:30:00.000Z' } },
      });
    }
  });

  test.each([
    [fastifyError('FST_ERR_CTP_BODY_TOO_LARGE', 413), 413],
    [fastifyError('FST_ERR_BAD_URL', 400), 400],
    [fastifyError('FST_ERR_MAX_PARAM_LENGTH', 414), 414],
    [fastifyError('FST_ERR_SOMETHING_ELSE', 418), 400],
  ])('%s keeps its status %d', (error, status) => {
    expect(describeFailure(error)).toEqual({ status, message: 'said Fastify' });
  });

  test('a Content-Type that is none is told what to be', () => {
    const failure = describeFailure(fastifyError('FST_ERR_CTP_INVALID_MEDIA_TYPE', 415));
    expect(failure).toEqual({ status: 415, message: expect.stringMatching(/^Content-Type must name a media type/) });
  });

  test.each([
    new Error('password=hunter2'),
    new InternalServerErrorException('password=hunter2'),
    fastifyError('FST_ERR_HANDLER_TIMEOUT', 503),
    Object.assign(new Error('password=hunter2'), { statusCode: 400 }),
    'password=hunter2',
    undefined,
    null,
  ])('what nobody expected (%s) is 500 and keeps its text inside', (error) => {
    expect(describeFailure(error)).toEqual({ status: 500, message: 'Internal Server Error' });
  });

  test('all complaints of a validation are told', () => {
    expect(describeFailure(new BadRequestException(['a is bad', 'b is bad'])).message).toBe('a is bad; b is bad');
  });
});
