import type { FastifyRequest } from 'fastify';
import type { Project } from '../../domain/project.js';

/** `admin`: sees what belongs to no single project. `metrics`: reads GET /metrics, and nothing else by that alone. */
export type Scope = 'ingest' | 'read' | 'admin' | 'metrics';

/** Who calls. */
export interface Principal {
  readonly project: Project;
  readonly scopes: readonly Scope[];
  /** Names the credential in limits and counters; never any part of a secret. */
  readonly keyId: string;
}

const principals = new WeakMap<FastifyRequest, Principal>();

/** Remembers who sent `request`, once authentication has found out. */
export function setPrincipal(request: FastifyRequest, principal: Principal): void {
  principals.set(request, principal);
}

/** Who sent `request`; undefined without valid credentials. */
export function principalOf(request: FastifyRequest): Principal | undefined {
  return principals.get(request);
}
