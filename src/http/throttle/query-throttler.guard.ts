import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerLimitDetail,
  type ThrottlerModuleOptions,
  type ThrottlerRequest,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { TooManyRequests } from '../../domain/errors.js';
import { principalOf } from '../auth/principal.js';
import { QueryRateStats } from './query-rate-stats.js';
import { QUERY_ROUTE } from './query-route.decorator.js';

/** One bucket per principal over all query routes. Runs after the AuthGuard, so that strangers never use anyone's tokens. */
@Injectable()
export class QueryThrottlerGuard extends ThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly stats: QueryRateStats,
  ) {
    super(options, storage, reflector);
  }

  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    const isQuery = this.reflector.getAllAndOverride<boolean | undefined>(QUERY_ROUTE, [
      context.getHandler(),
      context.getClass(),
    ]);
    return Promise.resolve(isQuery !== true);
  }

  protected override async handleRequest(detail: ThrottlerRequest): Promise<boolean> {
    try {
      const isAllowed = await super.handleRequest(detail);
      this.stats.countAllowed();
      return isAllowed;
    } catch (error) {
      if (error instanceof TooManyRequests)
        this.stats.countRejected(keyIdOf(this.getRequestResponse(detail.context).req));
      throw error;
    }
  }

  protected override getTracker(request: FastifyRequest): Promise<string> {
    const projectNo = principalOf(request)?.project.no ?? 0;
    return Promise.resolve(`${projectNo}:${keyIdOf(request)}`);
  }

  /** The bucket's key: the principal alone, where the default would give each route a bucket of its own. */
  protected override generateKey(_context: ExecutionContext, tracker: string): string {
    return tracker;
  }

  protected override throwThrottlingException(_context: ExecutionContext, detail: ThrottlerLimitDetail): Promise<void> {
    const seconds = detail.timeToBlockExpire;
    throw new TooManyRequests('Too Many Requests', seconds, new Date(Date.now() + seconds * 1000));
  }
}

function keyIdOf(request: unknown): string {
  return principalOf(request as FastifyRequest)?.keyId ?? 'public';
}
