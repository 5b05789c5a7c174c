import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Client, escapeIdentifier } from 'pg';
import { DATABASE, type DatabaseConnection } from '../../config/database-connection.js';
import { clientOptions, newClient } from '../client-options.js';
import { MediaSweeper } from '../media/media-sweeper.js';
import { RepeatedWork } from '../repeated-work.js';

/** After a start, so that a server which is restarted often gets to it. */
const FIRST_RUN_MS = 15_000;
/** One look at a small table when there is nothing to do. */
const EVERY_MS = 60_000;
/** Rows of one transaction: some 50 ms. */
const CHUNK_ROWS = 2000;
/**
 * What was on its way when the project was deleted has arrived by then: queued writes within seconds, and observations
 * that waited for their trace.
 */
const SETTLED_AFTER_SECONDS = 86_400;
/** How soon it is looked again for such rows. */
const LOOK_AGAIN_SECONDS = 3600;
const STATEMENT_TIMEOUT_MS = 60_000;
/** Advisory lock of the one process that removes ("xtpr" in ASCII). */
const REMOVAL_LOCK = 0x78747072;

/** As for retention: look-ups by key whatever the statistics say, and what a crash undoes is removed again. */
const SESSION = 'SET enable_seqscan = off; SET synchronous_commit = off; SET lock_timeout = 15000';

/**
 * Every table and partition with rows of projects. Whatever a later migration makes is found by its column; the tables
 * that are partitioned have their rows in their partitions.
 */
const TABLES = `
  SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
   WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attname = 'project_no'
     AND NOT a.attisdropped
   ORDER BY c.relname`;

const DUE =
  'SELECT no, deleted_at < now() - $1 * interval \'1 second\' AS "isSettled" FROM projects ' +
  'WHERE deleted_at IS NOT NULL AND emptied_at IS NULL ORDER BY no';

/**
 * Removes the data of deleted projects, in one process at a time. Nobody waits for it: rows go in small transactions, and
 * nobody else reads or writes them. Cut short anywhere, the next run goes on.
 */
@Injectable()
export class ProjectRemoval implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(ProjectRemoval.name);
  /** When each project was last found empty, in milliseconds. */
  private readonly emptyMs = new Map<number, number>();
  private readonly rounds = new RepeatedWork(() => this.runAndReport(), EVERY_MS);
  private client: Client | undefined;

  constructor(
    @Inject(DATABASE) private readonly database: DatabaseConnection,
    private readonly media: MediaSweeper,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start(FIRST_RUN_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    const stopped = this.rounds.stop();
    await this.client?.end().catch(() => undefined);
    await stopped;
  }

  /**
   * Removes what is there, and returns how many rows that were; undefined when another process is at it. A project is
   * done when nothing is found `settledAfterSeconds` after it was deleted. Rejects when it could not finish.
   */
  async run(settledAfterSeconds = SETTLED_AFTER_SECONDS): Promise<number | undefined> {
    const options = clientOptions(this.database, 'xtrace removal');
    const client = newClient({ ...options, statement_timeout: STATEMENT_TIMEOUT_MS });
    this.client = client;
    try {
      await client.connect();
      const { rows: due } = await client.query<{ no: number; isSettled: boolean }>(DUE, [settledAfterSeconds]);
      if (due.length === 0) return 0;
      await client.query(SESSION);
      const { rows } = await client.query<{ isOurs: boolean }>('SELECT pg_try_advisory_lock($1) AS "isOurs"', [
        REMOVAL_LOCK,
      ]);
      if (rows[0]?.isOurs !== true) return undefined;
      let removed = 0;
      for (const { no, isSettled } of due) removed += await this.empty(client, no, isSettled);
      return removed;
    } finally {
      this.client = undefined;
      await client.end().catch(() => undefined);
    }
  }

  /** Never rejects. */
  private async runAndReport(): Promise<void> {
    try {
      const removed = (await this.run()) ?? 0;
      if (removed > 0) this.logger.log(`removed ${removed} rows of deleted projects`);
    } catch (error) {
      if (!this.rounds.isStopping) this.logger.warn(`not finished, the next run goes on: ${(error as Error).message}`);
    }
  }

  private async empty(client: Client, no: number, isSettled: boolean): Promise<number> {
    const lastMs = this.emptyMs.get(no);
    if (!isSettled && lastMs !== undefined && Date.now() - lastMs < LOOK_AGAIN_SECONDS * 1000) return 0;
    let removed = 0;
    // Some objects may be elsewhere, and only their rows say where.
    await this.media.removeElsewhere(client, no, () => this.rounds.isStopping);
    const { rows: tables } = await client.query<{ name: string }>(TABLES);
    for (const { name } of tables) removed += await this.emptyTable(client, escapeIdentifier(name), no);
    if (this.rounds.isStopping) return removed;
    this.emptyMs.set(no, Date.now());
    if (isSettled && removed === 0) await client.query('UPDATE projects SET emptied_at = now() WHERE no = $1', [no]);
    return removed;
  }

  private async emptyTable(client: Client, table: string, no: number): Promise<number> {
    // The condition again: between the two reads of the statement nothing may have taken the place of a row.
    const sql =
      `DELETE FROM ${table} WHERE project_no = $1 AND ` +
      `ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE project_no = $1 LIMIT ${CHUNK_ROWS}))`;
    for (let removed = 0; ;) {
      if (this.rounds.isStopping) return removed;
      const count = await deleteFrom(client, sql, no);
      removed += count;
      if (count === 0) return removed;
    }
  }
}

/** A partition may have expired and gone meanwhile. */
async function deleteFrom(client: Client, sql: string, no: number): Promise<number> {
  try {
    return (await client.query(sql, [no])).rowCount ?? 0;
  } catch (error) {
    if ((error as { code?: string }).code === '42P01') return 0;
    throw error;
  }
}
