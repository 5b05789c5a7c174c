import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Pool, type PoolClient, type QueryConfig } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { CONFIG, type Config } from '../config/config.js';
import { DomainError, QueryTimeout, Unavailable } from '../domain/errors.js';
import { type BytesRow, copyOutSql, readCopy } from './copy-reader.js';
import { classifyFault } from './sql-state.js';

/** What the answer to a cancelled statement may take. */
const GRACE_MS = 1000;

/** What the stream of a copy may hold before it waits to be read, which it does all the time. */
const COPY_BUFFER_BYTES = 64 * 1024 * 1024;

/** Runs one statement of a transaction. */
export type RunStatement = <T extends object>(sql: string, params?: readonly unknown[]) => Promise<T[]>;

/** The connections that reads use: apart from the writers', with a time limit per statement. */
@Injectable()
export class ReadPool {
  /** PostgreSQL cannot keep the time limit of statements while it stands still: then we do, a little later. */
  private readonly queryTimeoutMs: number;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) { readTimeoutMs }: Pick<Config, 'readTimeoutMs'>,
  ) {
    this.queryTimeoutMs = readTimeoutMs + GRACE_MS;
  }

  /** Connections at this moment: how many are open, how many of these run a query, and how many queries wait for one. */
  get use(): { readonly open: number; readonly busy: number; readonly waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return { open: totalCount, busy: totalCount - idleCount, waiting: waitingCount };
  }

  /**
   * Runs one read. `name` prepares the statement once per connection; give it to statements whose text never varies.
   * @throws QueryTimeout after `READ_TIMEOUT_MS`, Unavailable when the database is away.
   */
  async query<T extends object>(sql: string, params: readonly unknown[] = [], name?: string): Promise<T[]> {
    return await this.run<T>({ text: sql, values: [...params], ...(name === undefined ? {} : { name }) });
  }

  /** Like `query`, rows as arrays in column order, which costs less per row. */
  async queryArrays<T extends unknown[]>(sql: string, params: readonly unknown[] = [], name?: string): Promise<T[]> {
    const config = {
      text: sql,
      values: [...params],
      rowMode: 'array',
      ...(name === undefined ? {} : { name }),
    } as QueryConfig;
    return (await this.run(config)) as unknown as T[];
  }

  /**
   * Like `queryArrays`, for large texts that nobody looks into: their bytes, of which `pg` would make strings. `sql` may
   * have `$1` and so on for whole numbers and texts; it is planned each time.
   */
  async queryBytes<T extends BytesRow>(sql: string, params: readonly (string | number)[]): Promise<T[]> {
    return await this.guard(async () => {
      const client = await this.pool.connect();
      const stream = client.query(copyTo(copyOutSql(sql, params), { highWaterMark: COPY_BUFFER_BYTES }));
      const overdue = setTimeout(() => stream.destroy(new Error('the copy took too long')), this.queryTimeoutMs);
      try {
        const rows = readCopy((await stream.toArray()) as Buffer[]);
        client.release();
        return rows as unknown as T[];
      } catch (error) {
        client.release(true);
        throw error;
      } finally {
        clearTimeout(overdue);
      }
    });
  }

  /**
   * Runs `work` in one transaction, for the few things that are edited rather than ingested. Whatever it throws undoes all
   * of it. Committed when it resolves; READ COMMITTED, so that a statement sees what a lock before it waited for.
   */
  async transaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T> {
    return await this.guard(async () => {
      const client = await this.pool.connect();
      const run = this.statementsOf(client);
      try {
        await run('BEGIN');
        const result = await work(run);
        await run('COMMIT');
        client.release();
        return result;
      } catch (error) {
        // A connection that cannot roll back is of no more use.
        await run('ROLLBACK').then(
          () => client.release(),
          () => client.release(true),
        );
        throw error;
      }
    });
  }

  private statementsOf(client: PoolClient): RunStatement {
    return async <T extends object>(text: string, values: readonly unknown[] = []) => {
      const config = { text, values: [...values], query_timeout: this.queryTimeoutMs } as QueryConfig;
      return (await client.query<T>(config)).rows;
    };
  }

  /** TypeORM's own query() neither prepares statements nor returns rows as arrays; its pool is the same. */
  private get pool(): Pool {
    return (this.dataSource.driver as unknown as { master: Pool }).master;
  }

  private run<T extends object>(config: QueryConfig): Promise<T[]> {
    const limited = { ...config, query_timeout: this.queryTimeoutMs } as QueryConfig;
    return this.guard(async () => (await this.pool.query<T>(limited)).rows);
  }

  private async guard<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      // What a transaction found out for itself.
      if (error instanceof DomainError) throw error;
      const fault = classifyFault(error);
      if (fault === 'timeout')
        throw new QueryTimeout(
          'the query took longer than its time limit: narrow it by time, or ask for a smaller page',
        );
      if (fault === 'transient' || fault === 'exhausted') throw new Unavailable('the database does not answer');
      throw error;
    }
  }
}
