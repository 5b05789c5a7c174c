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

/** What became of an export that was taken, in part or in full: how many of its items were refused, and why. */
export type PartialSuccess = (
  { readonly rejectedSpans: number } | { readonly rejectedDataPoints: number } | { readonly rejectedLogRecords: number }
) & {
  /** For a human; empty when there is nothing to say. */
  readonly errorMessage: string;
};

/**
 * ExportTraceServiceResponse or that of another signal (opentelemetry-proto, collector), which differ in the name of the
 * count alone: `partial_success` is unset on full success, which makes the body empty, or `{}`.
 */
export function encodeResponse({ errorMessage, ...counts }: PartialSuccess, encoding: OtlpEncoding): Buffer {
  const [[countName, rejectedCount]] = Object.entries(counts) as [[string, number]];
  const isFull = rejectedCount === 0 && errorMessage === '';
  if (encoding === 'json') {
    // 64-bit integers are strings in protobuf's JSON.
    return Buffer.from(
      JSON.stringify(isFull ? {} : { partialSuccess: { [countName]: String(rejectedCount), errorMessage } }),
    );
  }
  if (isFull) return Buffer.alloc(0);
  const message = Buffer.from(errorMessage);
  const partial = Buffer.concat([
    rejectedCount === 0 ? Buffer.alloc(0) : Buffer.from([0x08, ...varint(rejectedCount)]),
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

/** Why spans were refused, in one line: each reason with how often it occurred and where first. */
export function summarize(rejected: readonly Rejection[]): string {
  return summarizeItems(rejected, 'span', ({ kind }) => (kind === 'observation' ? 'span' : 'trace of a span'));
}

type Refused = Pick<Rejection, 'index' | 'field' | 'message'> & { readonly kind: string };

/**
 * The same for items of any kind.
 * @param item what an index of `rejected` counts
 * @param subjectOf what was refused, a phrase with `item` in it
 */
export function summarizeItems<T extends Refused>(
  rejected: readonly T[],
  item: string,
  subjectOf: (rejection: T) => string = () => item,
): string {
  const reasons = new Map<string, { count: number; first: T }>();
  for (const rejection of rejected) {
    // Positions in lists differ from span to span, the reason does not.
    const reason = `${rejection.kind} ${rejection.field?.replace(/\[\d+\]/g, '[]') ?? ''} ${rejection.message}`;
    const known = reasons.get(reason);
    if (known === undefined) reasons.set(reason, { count: 1, first: rejection });
    else known.count += 1;
  }
  const parts = [...reasons.values()].slice(0, MAX_REASONS).map(({ count, first }) => {
    const what = subjectOf(first);
    const subject = `${count} ${count === 1 ? what : what.replace(item, `${item}s`)}`;
    // What storage says of a series names the field itself.
    const isNamed = first.field === undefined || first.field === '' || first.message.startsWith(`${first.field} `);
    const field = isNamed ? '' : `${first.field} `;
    return `${subject}: ${field}${first.message} (${count === 1 ? item : `first: ${item}`} ${first.index} of the request)`;
  });
  if (reasons.size > MAX_REASONS) parts.push(`and ${reasons.size - MAX_REASONS} other reasons`);
  const summary = parts.join('; ').toWellFormed();
  return summary.length <= MAX_SUMMARY_LENGTH ? summary : `${summary.slice(0, MAX_SUMMARY_LENGTH).toWellFormed()}…`;
}

/**
 * The answer to a request of which every span was refused; `firstPath` is where the first of them lies. Spans without
 * ids may be records of another signal, except in JSON, where the key of the list says what they are.
 */
export function nothingUsable(
  rejected: readonly Rejection[],
  firstPath: string,
  encoding: OtlpEncoding | undefined,
): NothingUsable {
  const first = rejected[0]!;
  const rest =
    rejected.length > 1 ? ` None of the ${rejected.length} spans can be stored: ${summarize(rejected)}.` : '';
  const mayBeOther = encoding === 'protobuf' && (first.field === 'traceId' || first.field === 'spanId');
  const hint = mayBeOther ? ' Is this a logs or metrics payload? Those belong to /v1/logs and /v1/metrics.' : '';
  return new NothingUsable(`${firstPath} ${first.message}.${rest}${hint}`, firstPath, rejected);
}
