/** Codes of google.rpc.Code that this server answers. */
export const RPC_CODE = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** google.rpc.Status without its details. */
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
}

export type RpcEncoding = 'protobuf' | 'json';

/** Exporters read only the start of an error's body (otlp.md §1.5). */
const MAX_MESSAGE_CHARACTERS = 1000;

const CODE_FIELD_VARINT = 0x08;
const MESSAGE_FIELD_BYTES = 0x12;
const DETAILS_FIELD_BYTES = 0x1a;
/** Fields of google.protobuf.Any, google.rpc.RetryInfo and google.protobuf.Duration. */
const ANY_URL_BYTES = 0x0a;
const ANY_VALUE_BYTES = 0x12;
const RETRY_DELAY_BYTES = 0x0a;
const DURATION_SECONDS_VARINT = 0x08;

/** The encoding of a request, by its content type: an error has to come back in the same one. JSON for anything unknown. */
export function rpcEncoding(contentType: string | undefined): RpcEncoding {
  return /^application\/(x-)?protobuf\s*(;|$)/i.test(contentType?.trim() ?? '') ? 'protobuf' : 'json';
}

/** Content type and bytes of `status` in `encoding`. */
export function encodeRpcStatus(status: RpcStatus, encoding: RpcEncoding): { contentType: string; body: Buffer } {
  const message = status.message.slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed();
  if (encoding === 'json') {
    return { contentType: 'application/json', body: Buffer.from(JSON.stringify({ code: status.code, message })) };
  }
  const text = Buffer.from(message);
  const code = status.code === 0 ? [] : [CODE_FIELD_VARINT, ...varint(status.code)];
  const head = text.length === 0 ? [] : [MESSAGE_FIELD_BYTES, ...varint(text.length)];
  return { contentType: 'application/x-protobuf', body: Buffer.concat([Buffer.from([...code, ...head]), text]) };
}

/**
 * google.rpc.Status in protobuf with google.rpc.RetryInfo among its details: how gRPC says that the same may be sent
 * again, and when (OTLP, "Failures"; the value of `grpc-status-details-bin`).
 */
export function encodeRetryStatus(status: RpcStatus, retryAfterSeconds: number): Buffer {
  const duration = [DURATION_SECONDS_VARINT, ...varint(retryAfterSeconds)];
  const retryInfo = [RETRY_DELAY_BYTES, ...varint(duration.length), ...duration];
  const url = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');
  const any = [
    ANY_URL_BYTES,
    ...varint(url.length),
    ...url,
    ANY_VALUE_BYTES,
    ...varint(retryInfo.length),
    ...retryInfo,
  ];
  const { body } = encodeRpcStatus(status, 'protobuf');
  return Buffer.concat([body, Buffer.from([DETAILS_FIELD_BYTES, ...varint(any.length), ...any])]);
}

/** A whole number below 2^31 in base 128, low digits first. */
function varint(value: number): number[] {
  const bytes = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}
