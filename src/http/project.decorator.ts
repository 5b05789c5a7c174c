import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Project } from '../domain/project.js';
import { principalOf } from './auth/principal.js';

/** Handler parameter of type `Project`: the caller's, from the credential and from nothing else. Not for public routes. */
export const CurrentProject = createParamDecorator((_: unknown, context: ExecutionContext): Project => {
  const principal = principalOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (principal === undefined) throw new Error('a public route has no project');
  return principal.project;
});
