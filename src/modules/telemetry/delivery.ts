import { type EndedRequest, type WriteResult } from '../../http/request-events.js';
import { type RefusalReason } from '../../http/write-outcome.js';

/** One request that meant to bring data, as remembered: what a sender who misses it needs to know. */
export interface Delivery {
  readonly requestId: string;
  readonly receivedAt: Date;
  /** Absent where there is no door: a wrong address. */
  readonly door?: string;
  readonly method: string;
  /** Without the query, which may hold a secret. */
  readonly path: string;
  readonly userAgent?: string;
  readonly sdkName?: string;
  readonly sdkVersion?: string;
  readonly remoteAddress: string;
  /** Name of the credential; absent without a valid one. */
  readonly keyId?: string;
  /** Absent when the client hung up before the answer. */
  readonly status?: number;
  readonly result: WriteResult;
  readonly durationMs: number;
  readonly sentBytes?: number;
  readonly bodyBytes?: number;
  /** Absent when the body was not read or not understood, or its fate is unknown. */
  readonly itemCount?: number;
  readonly refusedCount?: number;
  /** Why nothing was taken. */
  readonly message?: string;
  /** Why items were refused. */
  readonly reasons: readonly RefusalReason[];
}

/** Name and version of a client, as far as it tells. */
export interface DeliveryClient {
  readonly name: string | null;
  readonly version: string | null;
}

/** Texts of clients are cut to this many characters, so that what is remembered has a bound. */
const MAX_TEXT = 200;
const MAX_MESSAGE = 500;

/** Whether a request meant to bring data: it came to a door, or posted to an address where there is none. */
export function isDelivery({ door, request }: EndedRequest): boolean {
  return door !== undefined || (request.is404 && request.method === 'POST');
}

export function deliveryOf(ended: EndedRequest): Delivery {
  const { request, startedAt, door, remoteAddress, principal, status, result, durationMs, outcome } = ended;
  const { sentBytes, bodyBytes, refusal } = ended;
  const { headers } = request;
  return {
    requestId: request.id,
    receivedAt: startedAt,
    door,
    method: request.method,
    path: cut(request.url.split('?', 1)[0]!, MAX_TEXT),
    userAgent: headerText(headers['user-agent']),
    // Langfuse's SDKs name themselves in headers of their own.
    sdkName: headerText(headers['x-langfuse-sdk-name']),
    sdkVersion: headerText(headers['x-langfuse-sdk-version']),
    remoteAddress,
    keyId: principal?.keyId,
    status,
    result,
    durationMs,
    sentBytes,
    bodyBytes,
    itemCount: outcome?.itemCount,
    refusedCount: outcome?.refusedCount,
    message: refusal === undefined ? undefined : cut(refusal.message, MAX_MESSAGE),
    reasons: outcome === undefined ? [] : outcome.reasons.map(cutReason),
  };
}

/** Name and version from the headers of Langfuse's SDKs, else from the first product of the user agent (RFC 9110, 10.1.5). */
export function clientOf({ sdkName, sdkVersion, userAgent }: Delivery): DeliveryClient {
  if (sdkName !== undefined) return { name: sdkName, version: sdkVersion ?? null };
  const [, name, version] = /^([^\s/()]+)(?:\/([^\s()]+))?/.exec(userAgent ?? '') ?? [];
  return { name: name ?? null, version: version ?? null };
}

function cutReason(reason: RefusalReason): RefusalReason {
  const { field } = reason;
  return {
    ...reason,
    ...(field === undefined ? {} : { field: cut(field, MAX_TEXT) }),
    message: cut(reason.message, MAX_MESSAGE),
  };
}

function headerText(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? cut(value, MAX_TEXT) : undefined;
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max).toWellFormed()}…`;
}
