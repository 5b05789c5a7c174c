import { NothingUsable } from '../../domain/errors.js';
import { type Rejection } from '../../domain/ingest-batch.js';

/** The two encodings of OTLP over HTTP; an answer comes in that of its request. */
export type OtlpEncoding = 'protobuf' | 'json';

export const MEDIA_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** Which encoding a Content-Type header names, whatever its parameters; undefined for any other, or none. */
export function encodingOf(contentType: string | undefined): OtlpEncoding | undefined {
  const mediaType = contentType?.split(';', 1)[0]!.trim().toLowerCase();
  // OTLP says x-protobuf; hand-written clients leave out the x.
  if (mediaType === MEDIA_TYPES.protobuf || mediaType === 'application/protobuf') return 'protobuf';
  return mediaType === MEDIA_TYPES.json ? 'json' : undefined;
}

/** What became of an export that was taken, in part or in full. */
export interface PartialSuccess {
  readonly rejectedSpans: number;
  /** For a human; empty when there is nothing to say. */
  readonly errorMessage: string;
}

/**
 * ExportTraceServiceResponse (opentelemetry-proto, collector/trace/v1): `partial_success` is unset on full success,
 * which makes the body empty, or `{}`.
 */
export function encodeResponse({ rejectedSpans, errorMessage }: PartialSuccess, encoding: OtlpEncoding): Buffer {
  const isFull = rejectedSpans === 0 && errorMessage === '';
  if (encoding === 'json') {
    // 64-bit integers are strings in protobuf's JSON.
    return Buffer.from(
      JSON.stringify(isFull ? {} : { partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage } }),
    );
  }
  if (isFull) return Buffer.alloc(0);
  const message = Buffer.from(errorMessage);
  const partial = Buffer.concat([
    rejectedSpans === 0 ? Buffer.alloc(0) : Buffer.from([0x08, ...varint(rejectedSpans)]),
    message.length === 0 ? message : Buffer.from([0x12, ...varint(message.length)]),
    message,
  ]);
  return Buffer.concat([Buffer.from([0x0a, ...varint(partial.length)]), partial]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

/** Clients log the message at warning level and read only so much of an answer. */
const MAX_REASONS = 5;
const MAX_SUMMARY_LENGTH = 1000;

/** Why items were refused, in one line: each reason with how often it occurred and where first. */
export function summarize(rejected: readonly Rejection[]): string {
  const reasons = new Map<string, { count: number; first: Rejection }>();
  for (const rejection of rejected) {
    // Positions in lists differ from span to span, the reason does not.
    const reason = `${rejection.kind} ${rejection.field?.replace(/\[\d+\]/g, '[]') ?? ''} ${rejection.message}`;
    const known = reasons.get(reason);
    if (known === undefined) reasons.set(reason, { count: 1, first: rejection });
    else known.count += 1;
  }
  const parts = [...reasons.values()].slice(0, MAX_REASONS).map(({ count, first }) => {
    const what = first.kind === 'observation' ? 'span' : 'trace of a span';
    const subject = `${count} ${count === 1 ? what : what.replace('span', 'spans')}`;
    const field = first.field === undefined || first.field === '' ? '' : `${first.field} `;
    return `${subject}: ${field}${first.message} (${count === 1 ? 'span' : 'first: span'} ${first.index} of the request)`;
  });
  if (reasons.size > MAX_REASONS) parts.push(`and ${reasons.size - MAX_REASONS} other reasons`);
  const summary = parts.join('; ').toWellFormed();
  return summary.length <= MAX_SUMMARY_LENGTH ? summary : `${summary.slice(0, MAX_SUMMARY_LENGTH).toWellFormed()}…`;
}

/** The answer to a request of which every span was refused; `firstPath` is where the first of them lies. */
export function nothingUsable(rejected: readonly Rejection[], firstPath: string): NothingUsable {
  const first = rejected[0]!;
  const rest =
    rejected.length > 1 ? ` None of the ${rejected.length} spans can be stored: ${summarize(rejected)}.` : '';
  const isAboutIds = first.field === 'traceId' || first.field === 'spanId';
  const hint = isAboutIds ? ' Is this a logs or metrics payload? Those belong to /v1/logs and /v1/metrics.' : '';
  return new NothingUsable(`${firstPath} ${first.message}.${rest}${hint}`, firstPath, rejected);
}
