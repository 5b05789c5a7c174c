import { type Rejection } from './ingest-batch.js';

/** The closed list of ways a request can fail. `src/http/error.filter.ts` is the only place that knows their statuses. */
export abstract class DomainError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** The caller sent something that no retry can save. `field` names the parameter or body field, where one is to blame. */
export class InvalidInput extends DomainError {
  constructor(
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}

/** A request has items and none of them can be stored. */
export class NothingUsable extends InvalidInput {
  constructor(
    message: string,
    field: string,
    readonly rejected: readonly Pick<Rejection, 'index' | 'field' | 'code' | 'message'>[],
  ) {
    super(message, field);
  }
}

/** There is no such thing in the caller's project. */
export class NotFound extends DomainError {}

/** It cannot be done as things are: it is there already, or something else is in the way. */
export class Conflict extends DomainError {}

/** The credential is missing or wrong. */
export class Unauthorized extends DomainError {}

/** The request, as sent or after inflating, is larger than `XTRACE_MAX_REQUEST_BODY_BYTES`. */
export class TooLarge extends DomainError {}

/** The media type or content encoding is none the route understands. */
export class UnsupportedMedia extends DomainError {}

/** Buffers are full. Nothing of the request was taken: the caller may send all of it again after `retryAfterSeconds`. */
export class OverCapacity extends DomainError {
  constructor(
    message: string,
    readonly retryAfterSeconds = 1,
  ) {
    super(message);
  }
}

/** The caller asks too often. */
export class TooManyRequests extends DomainError {
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
    readonly resetAt: Date,
  ) {
    super(message);
  }
}

/** The server stops or its database is away. Sending everything again after `retryAfterSeconds` is safe. */
export class Unavailable extends DomainError {
  constructor(
    message: string,
    readonly retryAfterSeconds = 1,
  ) {
    super(message);
  }
}

/** A query ran into its time limit: narrow it. */
export class QueryTimeout extends DomainError {}
