import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyRequest } from 'fastify';
import type { Scope } from './auth/principal.js';

/** How errors of a write route look: google.rpc.Status in the request's encoding (OTLP), or xtrace's JSON envelope. */
export type ErrorShape = 'rpc-status' | 'envelope';

/** What a write route promises to its clients. */
export interface WriteRouteOptions {
  /** Names the door in metrics, deliveries and logs: one short word in lower case. */
  readonly door: string;
  readonly errors: ErrorShape;
  /** Status while buffers are full: 503 where SDKs do not retry 429 (OTLP, Langfuse), 429 where xtrace's contract says so. */
  readonly overCapacity: 503 | 429;
}

/** What Fastify hooks and the error filter know of a route, long before Nest runs its guards. */
export interface RouteTraits {
  readonly write?: WriteRouteOptions;
  /** What a caller must be allowed; see `requireScope` for the default. */
  readonly scope?: Scope;
  /** Answers without credentials under XTRACE_ALLOW_UNAUTHENTICATED_COMPAT. */
  readonly openInCompat?: boolean;
  /** The handler reads the body itself, from `request.raw`, as it comes. It has to know first who sends it. */
  readonly streamsBody?: boolean;
}

/** Adds `traits` to those that other decorators gave the handler: Nest's own RouteConfig would replace them. */
export function RouteTraitsOf(traits: RouteTraits): MethodDecorator {
  return (target, key, descriptor) => {
    const handler = descriptor.value as object;
    const earlier = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as object | undefined;
    RouteConfig({ ...earlier, ...traits })(target, key, descriptor);
  };
}

/** The traits of the route that `request` reached; none on an unknown path. */
export function routeTraits(request: FastifyRequest): RouteTraits {
  return (request.routeOptions?.config ?? {}) as RouteTraits;
}
