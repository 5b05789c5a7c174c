import { Injectable, Logger, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult, HealthIndicatorService } from '@nestjs/terminus';
import { Lifecycle } from '../../config/lifecycle.js';
import { DatabaseProbe } from '../../domain/database-probe.js';
import { Readiness } from '../../domain/readiness.js';
import type { ReadinessDto } from './health.dto.js';

const TIMEOUT_MS = 1000;
/** The route is public: however often it is called, the database is asked about twice a second. */
const CACHE_MS = 500;
/** As in Langfuse. */
const RECENT_MS = 180_000;

/** Decides whether this server should get traffic: database, schema, and not being about to stop. */
@Injectable()
export class ReadinessService extends Readiness {
  private readonly logger = new Logger('Readiness');
  private lastStatus = 'ready';

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: DatabaseProbe,
    private readonly lifecycle: Lifecycle,
  ) {
    super();
  }

  override async isReady(): Promise<boolean> {
    return (await this.check()).status === 'ready';
  }

  async check(): Promise<ReadinessDto> {
    const result = await this.runChecks();
    const isUp = (name: string): boolean => result.details[name]?.status === 'up';
    const { draining } = this.lifecycle;
    const status = isUp('database') && isUp('migrations') && !draining ? 'ready' : 'not_ready';
    this.logChange(status, result, draining);
    // Only words leave the server: an error of the driver would tell strangers where the database is.
    return {
      status,
      database: isUp('database') ? 'up' : 'down',
      migrations: isUp('migrations') ? 'up' : 'down',
      draining,
    };
  }

  /** Whether a trace of the last 3 minutes is stored; false when the database does not say so in time. */
  async hasRecentEvents(): Promise<boolean> {
    const found = this.attempt('events', async () => {
      if (!(await this.database.hasTraceSince(Date.now() - RECENT_MS))) throw new Error('no recent events');
    });
    return (await found)['events']?.status === 'up';
  }

  /** Probes come every few seconds: a line each would bury the one that says why. */
  private logChange(status: string, { details }: HealthCheckResult, draining: boolean): void {
    if (status === this.lastStatus) return;
    this.lastStatus = status;
    if (status === 'ready') this.logger.log('ready again');
    else this.logger.warn(`not ready: ${JSON.stringify({ ...details, draining })}`);
  }

  private async runChecks(): Promise<HealthCheckResult> {
    try {
      return await this.health.check([
        () => this.attempt('database', () => this.database.ping()),
        () => this.attempt('migrations', () => this.requireCurrentSchema()),
      ]);
    } catch (error) {
      // Terminus throws its result when a check is down.
      if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
      throw error;
    }
  }

  private attempt(name: string, question: () => Promise<void>) {
    return this.indicators.check(name).attempt(question).withTimeout(TIMEOUT_MS).cacheFor(CACHE_MS);
  }

  private async requireCurrentSchema(): Promise<void> {
    const pending = await this.database.pendingMigrations();
    if (pending > 0) throw new Error(`${pending} migrations are pending`);
  }
}
