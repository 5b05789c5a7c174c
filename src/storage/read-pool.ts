import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Pool, type QueryConfig } from 'pg';
import { QueryTimeout, Unavailable } from '../domain/errors.js';
import { classifyFault } from './sql-state.js';

/** The connections that reads use: apart from the writers', with a time limit per statement. */
@Injectable()
export class ReadPool {
  constructor(private readonly dataSource: DataSource) {}

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

  private async run<T extends object>(config: QueryConfig): Promise<T[]> {
    try {
      // TypeORM's own query() neither prepares statements nor returns rows as arrays; its pool is the same.
      const pool = (this.dataSource.driver as unknown as { master: Pool }).master;
      return (await pool.query<T>(config)).rows;
    } catch (error) {
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
