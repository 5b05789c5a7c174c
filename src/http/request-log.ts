import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { type EndedRequest, RequestEvents } from './request-events.js';
import { TokenBuckets } from './throttle/token-bucket.js';

/** Lines about writes that were not taken whole: a client that errs with every request must not fill the disk. */
const LINES_AT_ONCE = 20;
const LINES_PER_SECOND = 1;

/**
 * One line for each write that was not taken whole, within a rate, and with LOG_LEVEL=debug one for every request. Words
 * of ours and numbers alone: what a client sent, and messages that might quote it, stay out of the log.
 */
@Injectable()
export class RequestLog {
  private readonly logger = new Logger('Request');
  private readonly lines = new TokenBuckets();
  private unlogged = 0;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'logLevel'>,
    events: RequestEvents,
  ) {
    events.onEnded((ended) => this.log(ended));
  }

  private log(ended: EndedRequest): void {
    const isLoss = ended.door !== undefined && ended.result !== 'accepted';
    if (!isLoss) {
      if (this.config.logLevel === 'debug') this.logger.debug('answered', describeRequest(ended));
      return;
    }
    if (!this.lines.take('', LINES_AT_ONCE, LINES_PER_SECOND).isAllowed) {
      this.unlogged += 1;
      return;
    }
    const unlogged = this.unlogged === 0 ? {} : { unloggedBefore: this.unlogged };
    this.unlogged = 0;
    this.logger.warn('a write was not taken whole', { ...describeRequest(ended), ...unlogged });
  }
}

/** What a line of the log says of a request. */
export function describeRequest(ended: EndedRequest): Record<string, string | number | object> {
  const { request, route, door, result, status, durationMs, bodyBytes, refusal, outcome } = ended;
  return {
    requestId: request.id,
    method: request.method,
    route,
    ...(status === undefined ? {} : { status }),
    durationMs: Math.round(durationMs * 10) / 10,
    ...(door === undefined ? {} : { door, result }),
    ...(bodyBytes === undefined ? {} : { bodyBytes }),
    ...(refusal === undefined ? {} : { reason: refusal.reason }),
    ...(outcome === undefined ? {} : { items: outcome.itemCount, refused: outcome.refusedCount }),
    ...(outcome === undefined || outcome.refusedCount === 0
      ? {}
      : { codes: Object.fromEntries(outcome.refusedByCode) }),
  };
}
