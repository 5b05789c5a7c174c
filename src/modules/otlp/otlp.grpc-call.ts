import { Metadata, status as GrpcStatus, type StatusObject } from '@grpc/grpc-js';
import { Logger } from '@nestjs/common';
import { NothingUsable } from '../../domain/errors.js';
import { demandScope } from '../../http/auth/auth.guard.js';
import type { Authenticator } from '../../http/auth/authenticator.js';
import type { Principal } from '../../http/auth/principal.js';
import { describeFailure, type Failure, refusalOf } from '../../http/error.filter.js';
import type { InFlightBytes, Reservation } from '../../http/in-flight-bytes.js';
import { type RequestEvents, type RequestHead, resultOf } from '../../http/request-events.js';
import { requestIdOf } from '../../http/request-id.js';
import type { RequestRecord } from '../../http/request-record.js';
import { summarizeWrite } from '../../http/write-outcome.js';
import { type CallStatus, complaintOf, statusOf } from './otlp.grpc-status.js';
import type { OtlpReceiver } from './otlp.receiver.js';

/** An Export method: where it is called, what it is named in metrics and deliveries, and who takes its messages. */
export interface ExportMethod {
  /** `/package.Service/Export`. */
  readonly path: string;
  readonly door: string;
  readonly receiver: OtlpReceiver;
}

/** What calls share with the requests of HTTP. */
export interface CallServices {
  readonly authenticator: Authenticator;
  readonly inFlight: InFlightBytes;
  readonly events: RequestEvents;
  readonly maxMessageBytes: number;
}

/**
 * Room for a message before its size is known: gRPC announces none, and gzip makes most exports smaller than this. It
 * bounds how many calls are received at once; what comes beyond it is counted to the byte.
 */
const RECEIVED_BYTES = 256 * 1024;

/** What deliveries keep of the metadata; the rest may hold secrets. */
const KEPT_METADATA = ['user-agent', 'x-langfuse-sdk-name', 'x-langfuse-sdk-version'];

/** One Export call from its metadata to its status, with the same checks, limits and records as a request of HTTP. */
export class ExportCall {
  private static readonly logger = new Logger('Request');

  private readonly startMs = performance.now();
  private readonly head: RequestHead;
  private readonly record: RequestRecord = {};
  private principal: Principal | undefined;
  private reservation: Reservation | undefined;
  private failure: Failure | undefined;
  private body: Buffer | undefined;
  private receivedBytes = 0;
  private isEnded = false;

  constructor(
    private readonly services: CallServices,
    private readonly method: ExportMethod,
    private readonly metadata: Metadata,
    private readonly address: string,
  ) {
    this.head = {
      id: requestIdOf(this.text('x-request-id')),
      method: 'POST',
      url: method.path,
      is404: false,
      headers: Object.fromEntries(KEPT_METADATA.map((name) => [name, this.text(name)])),
    };
  }

  /**
   * Decides from the metadata alone whether the message may come.
   * @throws Unauthorized, TooManyRequests, ForbiddenException, OverCapacity
   */
  admit(): void {
    const { authenticator, inFlight } = this.services;
    this.principal = authenticator.admit({
      authorization: this.text('authorization'),
      apiKey: this.text('x-api-key'),
      address: this.address,
      isOpenInCompat: true,
    });
    demandScope(this.principal, 'ingest');
    this.reservation = inFlight.reserve(RECEIVED_BYTES);
  }

  /**
   * So many bytes of the message have come, or have been inflated.
   * @throws OverCapacity when there is no room for them.
   */
  receive(count: number): void {
    const room = Math.max(RECEIVED_BYTES, this.receivedBytes);
    this.receivedBytes += count;
    if (this.receivedBytes > room) this.reservation?.grow(this.receivedBytes - room);
  }

  /** The message has come, inflated. */
  take(body: Buffer): this {
    this.record.bodyBytes = body.length;
    this.body = body;
    return this;
  }

  /** Commits what {@link take} has brought; resolves to the response message, throws as `OtlpReceiver.receive`. */
  async export(): Promise<Buffer> {
    const { principal, body } = this;
    if (principal === undefined || body === undefined) throw new Error('an export was reached without admission');
    this.body = undefined;
    const { answer, report } = await this.method.receiver.receive(body, 'protobuf', principal.project);
    this.record.outcome = summarizeWrite(report);
    return Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  }

  /** The status that answers `error`. */
  refuse(error: unknown): StatusObject {
    const failure = (this.failure = describeFailure(error));
    this.record.refusal = refusalOf(error, failure);
    if (error instanceof NothingUsable) {
      const { rejected } = error;
      const count = rejected.length;
      this.record.outcome = summarizeWrite({ itemCount: count, refusedCount: count, refused: rejected });
    }
    if (failure.status === 500) {
      const stack = error instanceof Error ? error.stack : String(error);
      ExportCall.logger.error(`${this.method.path} failed`, stack, { requestId: this.head.id });
    }
    return statusOf(failure);
  }

  /** Ends the call: the status as it goes to the client, be it ours or one that grpc-js has chosen. */
  answer(status: CallStatus): CallStatus {
    const answered = status.code === GrpcStatus.OK || this.failure !== undefined ? status : this.reword(status);
    const isGone = answered.code !== GrpcStatus.OK && this.failure === undefined;
    this.end(isGone ? undefined : (this.failure?.status ?? 200));
    const metadata = answered.metadata ?? new Metadata();
    metadata.set('x-request-id', this.head.id);
    return { ...answered, metadata };
  }

  /** The client has hung up. Harmless after the answer. */
  abort(): void {
    this.end(undefined);
  }

  private reword(status: CallStatus): CallStatus {
    const complaint = complaintOf(status, this.services.maxMessageBytes);
    if (complaint === undefined) return status;
    const refused = this.refuse(complaint);
    // The specification wants this code for a compression that is not known.
    return status.code === GrpcStatus.UNIMPLEMENTED ? { ...refused, code: status.code } : refused;
  }

  private end(status: number | undefined): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.reservation?.release();
    const durationMs = performance.now() - this.startMs;
    this.services.events.report({
      ...this.record,
      request: this.head,
      remoteAddress: this.address,
      startedAt: new Date(Date.now() - durationMs),
      durationMs,
      route: this.method.path,
      door: this.method.door,
      status,
      result: resultOf(status, this.record, this.principal !== undefined),
      principal: this.principal,
    });
  }

  private text(key: string): string | undefined {
    const [value] = this.metadata.get(key);
    return typeof value === 'string' ? value : undefined;
  }
}
