import { newDataSource } from '../../src/storage/data-source.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

describe('the connections that read', () => {
  let database: TestDatabase;
  beforeAll(async () => (database = await createTestDatabase()));
  afterAll(() => database.drop());

  it('tell how many of them are at work and how many queries wait for one', async () => {
    const dataSource = await newDataSource(database.connection, { connections: 1, timeoutMs: 5000 }).initialize();
    try {
      const pool = new ReadPool(dataSource, { readTimeoutMs: 5000 });
      const queries = [1, 2, 3].map((n) => pool.query('SELECT $1::int AS n', [n]));
      // The pool hands out its connections in the next tick.
      await new Promise((resolve) => process.nextTick(resolve));
      expect(pool.use).toEqual({ open: 1, busy: 1, waiting: 2 });
      expect(await Promise.all(queries)).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
      expect(pool.use).toEqual({ open: 1, busy: 0, waiting: 0 });
    } finally {
      await dataSource.destroy();
    }
  });
});
