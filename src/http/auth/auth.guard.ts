import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { routeTraits } from '../route-config.js';
import { Authenticator } from './authenticator.js';
import type { Principal, Scope } from './principal.js';
import { PUBLIC } from './public.decorator.js';

/** Default deny: a route answers only valid credentials unless it is marked `@Public()`. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const isPublic = this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (isPublic !== true) {
      const request = context.switchToHttp().getRequest<FastifyRequest>();
      requireScope(request, this.authenticator.require(request));
    }
    return true;
  }
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The scope that the route asks for; else reading needs `read`, everything else `ingest`. */
export function requireScope(request: FastifyRequest, principal: Principal): void {
  demandScope(principal, routeTraits(request).scope ?? (READING.has(request.method) ? 'read' : 'ingest'));
}

/** @throws ForbiddenException when `principal` is not allowed what `needed` names. */
export function demandScope(principal: Principal, needed: Scope): void {
  if (!principal.scopes.includes(needed)) {
    const missing =
      needed === 'operator' || needed === 'metrics' ? 'credentials of the settings' : `a key with the scope ${needed}`;
    throw new ForbiddenException(`Access denied - insufficient permissions for this endpoint: it needs ${missing}`);
  }
}
