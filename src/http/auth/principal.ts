import type { FastifyRequest } from 'fastify';
import type { KeyScope } from '../../domain/api-key.js';
import type { Project } from '../../domain/project.js';

/**
 * `ingest`, `read`, `admin`, `scores`: of the caller's project, see {@link KeyScope}; whoever has `ingest` has `scores`.
 * `operator`: sees and changes what belongs to no single project. `metrics`: reads GET /metrics. No key of a project
 * opens these two, only the credentials of the settings do.
 */
export type Scope = KeyScope | 'operator' | 'metrics';

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
