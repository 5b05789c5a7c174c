import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Client } from 'pg';
import { CONFIG, type Config } from '../config/config.js';
import { DATABASE, type DatabaseConnection } from '../config/database-connection.js';
import { clientOptions, newClient } from './client-options.js';
import { removeLostComments } from './comments/lost-comments.js';
import { type RemovedTraces, removeExpiredMessages, removeExpiredTraces } from './expired-traces.js';
import { removeIdleSeries } from './idle-series.js';
import { MediaSweeper } from './media/media-sweeper.js';
import { removeExpiredExemplars } from './metric-exemplars.js';
import { expiredPointPartitions, MetricPartitionKeeper } from './metric-partitions.js';
import { bucketOf, PARTITIONED_BY_WEEK } from './partitions.js';
import { removeExpiredScores } from './scores/expired-scores.js';
import { RepeatedWork } from './repeated-work.js';
import { dropRetired, type ExpiredPartition, findExpired, retirePartition, type RunSql } from './retired-partitions.js';
import { SCHEMA_LOCK } from './schema-change.js';
import { mayDeleteBy } from './retention-clock.js';
import { bucketAt } from './trace-writer.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Late enough that a start is over, early enough that a server which is restarted often gets to it. */
const FIRST_RUN_MS = 10_000;
const EVERY_MS = HOUR_MS;

/** Advisory lock of the one process that removes ("xtrr" in ASCII). */
export const RETENTION_LOCK = 0x78747272;

/** Points are taken until they expire; those on their way then have this long to arrive. */
const POINT_GRACE_MS = HOUR_MS;

/** What detaching waits for holds up nobody, so it may last: longer than any query may run by default. */
const LOCK_TIMEOUT_MS = 15_000;
/** A week of very many traces has to be sorted. */
const STATEMENT_TIMEOUT_MS = 600_000;

/**
 * Look-ups by key, whatever the statistics say: a plan that reads a table as a whole is never right here. Commits do not
 * wait for the disk, because what a crash undoes is removed again.
 */
const SESSION = `SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
  SET plan_cache_mode = force_generic_plan; SET synchronous_commit = off; SET lock_timeout = ${LOCK_TIMEOUT_MS}`;

/** What one run has removed. */
export interface Removed {
  traces: number;
  sessions: number;
  scores: number;
  comments: number;
  tracePartitions: number;
  pointPartitions: number;
  series: number;
  exemplars: number;
  quarantined: number;
  orphans: number;
  files: number;
}

/**
 * Removes what is older than the settings say, every hour, in one process at a time. Nobody waits for it noticeably:
 * rows go in small transactions, partitions are detached concurrently. Cut short anywhere, the next run goes on.
 */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Retention.name);
  private readonly rounds = new RepeatedWork(() => this.runAndReport(), EVERY_MS);
  private client: Client | undefined;

  constructor(
    @Inject(DATABASE) private readonly database: DatabaseConnection,
    @Inject(CONFIG) private readonly config: Pick<Config, 'tracesRetentionDays' | 'metricsRetentionDays'>,
    private readonly pointPartitions: MetricPartitionKeeper,
    private readonly media: MediaSweeper,
  ) {}

  onApplicationBootstrap(): void {
    const { tracesRetentionDays: traces, metricsRetentionDays: points } = this.config;
    this.logger.log(`keeps traces ${shown(traces)} after receipt and points of time series ${shown(points)}`);
    // Also when both are kept for ever: files of dataset items that are gone, and parts of uploads, are not.
    this.rounds.start(FIRST_RUN_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    const stopped = this.rounds.stop();
    // Ends the statement that is running, which may be one that waits.
    await this.client?.end().catch(() => undefined);
    await stopped;
  }

  /**
   * Removes what has expired by `nowMs`, by default the earlier of this machine's clock and the database's. Resolves with
   * undefined when another process is at it, or when the clock is in doubt; rejects when it could not finish.
   */
  async run(nowMs?: number): Promise<Removed | undefined> {
    const options = clientOptions(this.database, 'xtrace retention');
    const client = newClient({ ...options, statement_timeout: STATEMENT_TIMEOUT_MS });
    this.client = client;
    const run = runOn(client);
    try {
      await client.connect();
      await client.query(SESSION);
      const [lock] = await run<{ isOurs: boolean }>('SELECT pg_try_advisory_lock($1) AS "isOurs"', [RETENTION_LOCK]);
      if (lock?.isOurs !== true) return undefined;
      const now = nowMs ?? Math.min(Date.now(), await databaseNowMs(run));
      if (!(await mayDeleteBy(run, now))) {
        this.logger.warn('the clock is a day or more ahead of the last look at it: nothing is removed for a day');
        return undefined;
      }
      return await this.remove(client, now);
    } finally {
      this.client = undefined;
      await client.end().catch(() => undefined);
    }
  }

  /** Never rejects. */
  private async runAndReport(): Promise<void> {
    const startMs = performance.now();
    try {
      const removed = await this.run();
      if (removed === undefined) return;
      const text = describe(removed);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      if (text === '') this.logger.debug(`nothing has expired (${seconds} s)`);
      else this.logger.log(`removed ${text} in ${seconds} s`);
    } catch (error) {
      if (!this.rounds.isStopping) this.logger.warn(`not finished, the next run goes on: ${(error as Error).message}`);
    }
  }

  private async remove(client: Client, nowMs: number): Promise<Removed> {
    const removed: Removed = {
      ...{ traces: 0, sessions: 0, scores: 0, comments: 0, tracePartitions: 0 },
      ...{ pointPartitions: 0, series: 0, exemplars: 0, quarantined: 0, files: 0, orphans: 0 },
    };
    await this.drop(client);
    if (this.config.tracesRetentionDays > 0)
      await this.removeTraces(client, nowMs - this.config.tracesRetentionDays * DAY_MS, removed);
    if (this.config.metricsRetentionDays > 0)
      await this.removePoints(client, nowMs, nowMs - this.config.metricsRetentionDays * DAY_MS, removed);
    removed.files += (await this.media.removeOfItems(client, nowMs, () => this.rounds.isStopping)).files;
    await this.media.removeLoose(client, nowMs, () => this.rounds.isStopping);
    return removed;
  }

  /** Traces first, their weeks afterwards: a week without traces is one into which nobody writes. */
  private async removeTraces(client: Client, beforeMs: number, removed: Removed): Promise<void> {
    const lastBucket = bucketAt(beforeMs) - 1;
    const first = await removeExpiredTraces(client, lastBucket, () => this.rounds.isStopping);
    count(removed, first);
    removed.scores += await removeExpiredScores(client, lastBucket, () => this.rounds.isStopping);
    removed.comments = await removeLostComments(client, () => this.rounds.isStopping);
    removed.quarantined = await removeExpiredMessages(client, 'quarantine', beforeMs);
    removed.orphans = await removeExpiredMessages(client, 'orphans', beforeMs);
    removed.files = (await this.media.removeExpired(client, beforeMs, () => this.rounds.isStopping)).files;
    if (!first.isComplete) return;
    const isExpired = (name: string) => bucketOf(name) <= lastBucket;
    const partitions = await findExpired(runOn(client), PARTITIONED_BY_WEEK, isExpired);
    if (partitions.length === 0) return;
    removed.tracePartitions = await this.retire(client, partitions);
    // What a process with a slow clock has put there meanwhile.
    count(removed, await removeExpiredTraces(client, lastBucket, () => this.rounds.isStopping));
  }

  private async removePoints(client: Client, nowMs: number, beforeMs: number, removed: Removed): Promise<void> {
    removed.exemplars = await removeExpiredExemplars(client, beforeMs - POINT_GRACE_MS, () => this.rounds.isStopping);
    const partitions = await expiredPointPartitions(runOn(client), beforeMs - POINT_GRACE_MS);
    if (partitions.length === 0) return;
    removed.pointPartitions = await this.retire(client, partitions);
    await this.pointPartitions.ensure(nowMs);
    removed.series = await removeIdleSeries(client, nowMs, () => this.rounds.isStopping);
  }

  private async retire(client: Client, partitions: readonly ExpiredPartition[]): Promise<number> {
    for (const [i, partition] of partitions.entries()) {
      if (this.rounds.isStopping) return i;
      await retirePartition(client, partition);
      await this.drop(client);
    }
    return partitions.length;
  }

  private async drop(client: Client): Promise<void> {
    await client.query('BEGIN');
    try {
      await client.query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
      await dropRetired(runOn(client));
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}

function runOn(client: Client): RunSql {
  return async <T>(sql: string, parameters: unknown[] = []) => (await client.query(sql, parameters)).rows as T[];
}

async function databaseNowMs(run: RunSql): Promise<number> {
  const [row] = await run<{ now: Date }>('SELECT clock_timestamp() AS now');
  return row!.now.getTime();
}

function count(removed: Removed, { traces, sessions, scores }: RemovedTraces): void {
  removed.traces += traces;
  removed.sessions += sessions;
  removed.scores += scores;
}

function shown(days: number): string {
  if (days === 0) return 'for ever';
  return days === 1 ? '1 day' : `${days} days`;
}

/** `3 traces, 1 session`; empty when nothing was removed. */
function describe(removed: Removed): string {
  const parts: [number, string, string][] = [
    [removed.traces, 'trace', 'traces'],
    [removed.sessions, 'session', 'sessions'],
    [removed.scores, 'score', 'scores'],
    [removed.comments, 'comment', 'comments'],
    [removed.tracePartitions, 'partition of traces', 'partitions of traces'],
    [removed.pointPartitions, 'partition of points', 'partitions of points'],
    [removed.series, 'series', 'series'],
    [removed.exemplars, 'exemplar', 'exemplars'],
    [removed.quarantined, 'refused item', 'refused items'],
    [removed.orphans, 'update without its observation', 'updates without their observations'],
    [removed.files, 'file', 'files'],
  ];
  return parts
    .filter(([n]) => n > 0)
    .map(([n, one, many]) => `${n} ${n === 1 ? one : many}`)
    .join(', ');
}
