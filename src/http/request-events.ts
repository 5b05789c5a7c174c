import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { type Principal, principalOf } from './auth/principal.js';
import { recordOf, type RequestRecord } from './request-record.js';
import { routeTraits } from './route-config.js';

/** Route of requests to addresses that do not exist: there are any number of those. */
export const UNKNOWN_ROUTE = '(unknown)';

/** What became of a request, in one word. */
export type WriteResult =
  /** Everything is committed. */
  | 'accepted'
  /** Some items were refused, the rest is committed. */
  | 'partial'
  /** Nothing is stored, and sending the same again will not help. */
  | 'refused'
  /** Missing or wrong credentials, or too many of those from one address. */
  | 'unauthenticated'
  /** No room, the server stops, or its database is away: the client should send it again. */
  | 'deferred'
  /** A fault of this server. */
  | 'failed'
  /** The client hung up before the answer; what it sent may be committed. */
  | 'aborted';

/** A request as its client sent it; calls of gRPC, which are POSTs of HTTP/2, look the same. */
export interface RequestHead {
  readonly id: string;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly is404: boolean;
  readonly headers: IncomingHttpHeaders;
}

/** A request that has been answered, or whose client did not wait for that. */
export interface EndedRequest extends Readonly<RequestRecord> {
  readonly request: RequestHead;
  /** Of the client, or of its proxy unless TRUST_PROXY is on. */
  readonly remoteAddress: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  /** Template of its path, never the path itself; {@link UNKNOWN_ROUTE} where there is none. */
  readonly route: string;
  /** Of write routes; see `WriteRouteOptions.door`. */
  readonly door?: string;
  /** Absent when the client hung up. Of gRPC, the one that HTTP has for the same. */
  readonly status?: number;
  readonly result: WriteResult;
  readonly principal?: Principal;
}

export type RequestListener = (ended: EndedRequest) => void;

/** Tells whoever wants to know of every request that has ended. Listeners must be quick and must not throw. */
@Injectable()
export class RequestEvents {
  private readonly listeners: RequestListener[] = [];

  /** Calls `listener` once for every request, after its answer is on the way or its client is gone. */
  onEnded(listener: RequestListener): void {
    this.listeners.push(listener);
  }

  /** Watches a request from its first hook on. */
  watch(request: FastifyRequest, reply: FastifyReply): void {
    const startMs = performance.now();
    // Later the socket may be gone, and its address with it.
    const remoteAddress = request.ip;
    // Not Fastify's onResponse, which says nothing of clients that hang up.
    reply.raw.once('close', () => this.end(request, reply, { startMs, remoteAddress }));
  }

  /** Tells of a request that came by another way than Fastify. */
  report(ended: EndedRequest): void {
    for (const listener of this.listeners) listener(ended);
  }

  private end(
    request: FastifyRequest,
    reply: FastifyReply,
    { startMs, remoteAddress }: { startMs: number; remoteAddress: string },
  ): void {
    const durationMs = performance.now() - startMs;
    const status = reply.raw.writableFinished ? reply.raw.statusCode : undefined;
    const record = recordOf(request);
    const principal = principalOf(request);
    this.report({
      sentBytes: record.sentBytes,
      bodyBytes: record.bodyBytes,
      refusal: record.refusal,
      outcome: record.outcome,
      request,
      remoteAddress,
      startedAt: new Date(Date.now() - durationMs),
      durationMs,
      route: request.is404 ? UNKNOWN_ROUTE : (request.routeOptions.url ?? UNKNOWN_ROUTE),
      door: routeTraits(request).write?.door,
      status,
      result: resultOf(status, record, principal !== undefined),
      principal,
    });
  }
}

/** `status` is undefined when the client hung up. */
export function resultOf(status: number | undefined, record: RequestRecord, isKnown: boolean): WriteResult {
  if (status === undefined) return 'aborted';
  if (status < 400) return (record.outcome?.refusedCount ?? 0) > 0 ? 'partial' : 'accepted';
  if (!isKnown && (status === 401 || status === 403 || status === 429)) return 'unauthenticated';
  if (status === 429 || status === 503) return 'deferred';
  return status < 500 ? 'refused' : 'failed';
}
