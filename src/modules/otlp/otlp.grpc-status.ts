import { Metadata, status as GrpcStatus, type StatusObject } from '@grpc/grpc-js';
import { InvalidInput, TooLarge, UnsupportedMedia } from '../../domain/errors.js';
import { type Failure, presentRpcStatus } from '../../http/error.filter.js';
import { encodeRetryStatus } from '../../http/rpc-status.js';

/** How a call ends. */
export interface CallStatus {
  readonly code: GrpcStatus;
  readonly details: string;
  readonly metadata?: Metadata | null;
}

/** Percent-encoded it is a header, and clients take some 8 KB of those. */
const MAX_MESSAGE_CHARACTERS = 500;

/**
 * The status that tells a client of `failure`. One that may be sent again says so with RetryInfo, without which clients
 * do not repeat RESOURCE_EXHAUSTED and choose the pause for UNAVAILABLE themselves (OTLP, "OTLP/gRPC Throttling").
 */
export function statusOf(failure: Failure): StatusObject {
  const { code, message } = presentRpcStatus(failure);
  const details = message.slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed();
  const metadata = new Metadata();
  if (failure.retryAfterSeconds !== undefined) {
    const retryStatus = encodeRetryStatus({ code, message: details }, Math.ceil(failure.retryAfterSeconds));
    metadata.set('grpc-status-details-bin', retryStatus);
  }
  return { code, details, metadata };
}

/**
 * What grpc-js complains of by itself while it reads a message, in our words; undefined when the client has given up,
 * or its deadline is over.
 */
export function complaintOf({ code, details }: CallStatus, maxBytes: number): Error | undefined {
  switch (code) {
    case GrpcStatus.CANCELLED:
    case GrpcStatus.DEADLINE_EXCEEDED:
      return undefined;
    case GrpcStatus.RESOURCE_EXHAUSTED:
      return new TooLarge(`The message is larger than ${maxBytes} bytes, as sent or inflated`);
    case GrpcStatus.UNIMPLEMENTED:
      // How a connection that broke before the message was complete looks from here.
      return /^Received no request message/.test(details) ? undefined : new UnsupportedMedia(details);
    case GrpcStatus.INTERNAL:
      if (details === 'Failed to decompress message')
        return new InvalidInput('The message is not what grpc-encoding says');
  }
  return new Error(details);
}
