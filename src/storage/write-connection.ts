import { Client, type ClientConfig, DatabaseError } from 'pg';
import { type LogRecord } from '../domain/log.js';
import { type ObservationPatch } from '../domain/observation.js';
import { type TracePatch } from '../domain/trace.js';
import { EncodeError } from './binary-value.js';
import { loadOwnPrices } from './pricing/own-price-rows.js';
import { type PriceBook } from './pricing/price-book.js';
import { classifyFault } from './sql-state.js';
import { beginWithLanes } from './lane.js';
import { type LoggedWork, speaksOfTrace, writeLogs } from './log-writer.js';
import { type BinaryStatement } from './statement-batch.js';
import { type TraceWork, type WriteContext, writeTraces } from './trace-writer.js';

/** A patch that PostgreSQL refuses and will always refuse. */
export interface RefusedPatch {
  readonly projectNo: number;
  readonly patch: TracePatch | ObservationPatch | LogRecord;
  readonly sqlState: string;
  readonly reason: string;
}

/** Sent along with the rows: one wait less while the locks are held. */
const COMMIT: BinaryStatement = { name: 'commit', text: 'COMMIT', values: [] };

/** How many parts a refused set of rows is split into: few statements for one bad row, few rows rewritten. */
const SPLIT = 8;

/** PostgreSQL keeps 64 subtransactions of a transaction at hand; beyond that every visibility check gets slow. */
const MAX_SUBTRANSACTIONS = 64;

/**
 * One connection that writes, one transaction at a time. Broken connections are replaced by the next flush.
 * Not safe for two flushes at once.
 */
export class WriteConnection {
  private client: Client | undefined;

  constructor(
    private readonly options: ClientConfig,
    /** Which rows of usage it counts in, below LANE_COUNT. */
    private readonly usageLane = 0,
    /** Without one nothing has a price. */
    private readonly prices?: PriceBook,
  ) {}

  /**
   * Commits everything in `works` that PostgreSQL accepts and returns what it refuses, patch by patch. Rejects when
   * nothing is known to be committed (connection, deadlock, disk full …): `classifyFault` tells whether to try again,
   * which is safe because merging is idempotent. `works` are distinct and in the order of `compareWorks`.
   */
  async flush(works: readonly LoggedWork[], nowMs: number): Promise<RefusedPatch[]> {
    return this.run(works, { nowMs });
  }

  /** Prices stored observations anew under the same locks and with the same sums as any write; messages must be empty. */
  async reprice(works: readonly TraceWork[], nowMs: number): Promise<void> {
    await this.run(
      works.map((work) => ({ ...work, logs: [] })),
      { nowMs, isRepricing: true },
    );
  }

  private async run(
    works: readonly LoggedWork[],
    context: Pick<WriteContext, 'nowMs' | 'isRepricing'>,
  ): Promise<RefusedPatch[]> {
    const client = await this.connect();
    const { usageLane, prices } = this;
    try {
      await prices?.refresh((revision) =>
        loadOwnPrices(async (sql) => (await client.query(sql)).rows as unknown[], revision),
      );
      return await new Flush(client, works, { ...context, usageLane, prices }).run();
    } catch (error) {
      await this.reset(client, error);
      throw error;
    }
  }

  async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** Runs one statement outside any flush. */
  async query(text: string, values: unknown[]): Promise<void> {
    const client = await this.connect();
    await client.query(text, values);
  }

  private async connect(): Promise<Client> {
    if (this.client !== undefined) return this.client;
    // What a flush asks for first goes out together with its BEGIN: one wait less while the locks are held.
    const client = new Client({ ...this.options, pipeline: true });
    // Without a listener the loss of an idle connection would end the process.
    client.on('error', () => this.forget(client));
    client.on('end', () => this.forget(client));
    await client.connect();
    this.client = client;
    return client;
  }

  private forget(client: Client): void {
    if (this.client === client) this.client = undefined;
  }

  /** Back to no transaction; a connection that cannot do that, or whose error did not come from PostgreSQL, is given up. */
  private async reset(client: Client, cause: unknown): Promise<void> {
    if (cause instanceof DatabaseError || cause instanceof EncodeError) {
      try {
        await client.query('ROLLBACK');
        return;
      } catch {
        // Given up below.
      }
    }
    this.forget(client);
    client.end().catch(() => undefined);
  }
}

/** One flush: a transaction under the locks of its lanes, or several when many rows are refused. */
class Flush {
  private readonly refused: RefusedPatch[] = [];
  private readonly begin: string;
  private begun: Promise<unknown> = Promise.resolve();
  private subtransactions = 0;
  /** Of the snapshots that the parts written so far brought. */
  private readonly snapshots: number[] = [];

  constructor(
    private readonly client: Client,
    private readonly works: readonly LoggedWork[],
    private readonly context: Omit<WriteContext, 'last'>,
  ) {
    // Log records are only inserted, which needs no lock; one that is a message brings its observation along.
    const merged = works.filter((work) => speaksOfTrace(work));
    // The locks come before the savepoint, which would release them when it is rolled back.
    this.begin = `${beginWithLanes(merged)}; SAVEPOINT part`;
  }

  async run(): Promise<RefusedPatch[]> {
    this.begun = this.client.query(this.begin);
    // Whoever asks for something behind it hears of its failure too.
    this.begun.catch(() => undefined);
    await this.write(this.works, COMMIT);
    this.context.prices?.markStored(this.snapshots);
    return this.refused;
  }

  /**
   * Writes all of `works` or, when a row is at fault, all but the rows that are; then runs `last`. A savepoint is open
   * before, and after if there is no `last`.
   */
  private async write(works: readonly LoggedWork[], last?: BinaryStatement): Promise<void> {
    try {
      const merged = await writeLogs(this.client, works, this.context.nowMs);
      if (merged.length > 0)
        this.snapshots.push(...(await writeTraces(this.client, merged, { ...this.context, last })));
      else if (last !== undefined) await this.client.query(last.text);
    } catch (error) {
      // Without a transaction nothing says anything about rows.
      await this.begun;
      const fault = classifyFault(error);
      if (fault !== 'row' && fault !== 'timeout') throw error;
      await this.client.query('ROLLBACK TO SAVEPOINT part');
      const parts = splitWorks(works);
      if (parts === undefined) {
        // A single row that takes too long says something about the database, not about the row.
        if (fault === 'timeout') throw error;
        this.refuse(works[0]!, error);
      }
      for (const part of parts ?? []) {
        await this.nextSavepoint();
        await this.write(part);
      }
      if (last !== undefined) await this.client.query(last.text);
    }
  }

  private async nextSavepoint(): Promise<void> {
    this.subtransactions += 1;
    if (this.subtransactions % MAX_SUBTRANSACTIONS === 0) await this.client.query(`COMMIT; ${this.begin}`);
    else await this.client.query('RELEASE SAVEPOINT part; SAVEPOINT part');
  }

  private refuse(work: LoggedWork, error: unknown): void {
    const { code, message } = error as { code?: string; message: string };
    for (const patch of [...work.patches, ...[...work.observations.values()].flat(), ...work.logs]) {
      this.refused.push({ projectNo: work.projectNo, patch, sqlState: code ?? '', reason: message });
    }
  }
}

/**
 * Up to eight parts of `works` and one more: by trace, inside a single trace by row or log record, and of a single row
 * by message, because messages about one row may come from different callers. Undefined when there is only one message.
 */
function splitWorks(works: readonly LoggedWork[]): LoggedWork[][] | undefined {
  if (works.length > 1) return chunk(works);
  const work = works[0]!;
  const rows = [...work.observations];
  const kinds = [work.patches.length, rows.length, work.logs.length].filter((count) => count > 0).length;
  if (kinds > 1 || rows.length > 1) {
    const nothing = { ...work, patches: [], observations: new Map(), logs: [] };
    const parts: LoggedWork[][] = chunk(rows).map((part) => [{ ...nothing, observations: new Map(part) }]);
    if (work.patches.length > 0) parts.unshift([{ ...nothing, patches: work.patches }]);
    if (work.logs.length > 0) parts.push([{ ...nothing, logs: work.logs }]);
    return parts;
  }
  if (work.patches.length > 1) return chunk(work.patches).map((patches) => [{ ...work, patches }]);
  if (work.logs.length > 1) return chunk(work.logs).map((logs) => [{ ...work, logs }]);
  const [id, messages] = rows[0] ?? ['', []];
  if (messages.length > 1) return chunk(messages).map((part) => [{ ...work, observations: new Map([[id, part]]) }]);
  return undefined;
}

function chunk<T>(items: readonly T[]): T[][] {
  const size = Math.ceil(items.length / SPLIT);
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
