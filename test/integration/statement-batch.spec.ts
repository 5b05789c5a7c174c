import { Client } from 'pg';
import { encodeArray } from '../../src/storage/binary-array.js';
import { type CopyColumn } from '../../src/storage/copy-writer.js';
import { type BinaryStatement, StatementBatch } from '../../src/storage/statement-batch.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

jest.setTimeout(60_000);

const VALUE: CopyColumn<unknown> = { name: 'n', type: 'int4', value: (n) => n };
const COPY = { name: 'copy', text: 'COPY numbers (n) FROM STDIN (FORMAT binary)' };

function insert(...numbers: number[]): BinaryStatement {
  const text = 'INSERT INTO numbers SELECT unnest($1::int4[])';
  return { name: 'insert', text, values: [encodeArray('n', 'int4', numbers)] };
}

describe('a batch of statements', () => {
  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    await database.pool.query('CREATE TABLE numbers (n int4 PRIMARY KEY CHECK (n < 100))');
  });
  beforeEach(async () => {
    await database.pool.query('TRUNCATE numbers');
    client = new Client({ ...database.connection });
    await client.connect();
  });
  afterEach(() => client.end());
  afterAll(() => database.drop());

  const stored = async (): Promise<number[]> =>
    (await database.pool.query<{ n: number }>('SELECT n FROM numbers ORDER BY n')).rows.map((row) => row.n);

  it('runs them in their order, each time it is used', async () => {
    for (const first of [0, 10]) {
      await StatementBatch.run(client, (batch) => {
        batch.add(insert(first, first + 1));
        batch.copy(COPY, (writer) => writer.writeRows('numbers', [VALUE], [first + 2, first + 3]));
        batch.add({ name: 'shift', text: 'UPDATE numbers SET n = n + 4 WHERE n % 10 = 0', values: [] });
      });
    }
    expect(await stored()).toEqual([1, 2, 3, 4, 11, 12, 13, 14]);
  });

  it('waits for what the connection runs already', async () => {
    const before = client.query('INSERT INTO numbers SELECT 1 FROM pg_sleep(0)');
    const batch = StatementBatch.run(client, (statements) => {
      statements.copy(COPY, (writer) => writer.writeRows('numbers', [VALUE], [2]));
      statements.add(insert(3));
    });
    await Promise.all([before, batch]);
    expect(await stored()).toEqual([1, 2, 3]);
  });

  it.each([
    ['a statement', (batch: StatementBatch) => batch.add(insert(100))],
    ['a copy', (batch: StatementBatch) => batch.copy(COPY, (writer) => writer.writeRows('n', [VALUE], [5, 100, 6]))],
  ])('ends with %s that fails, and leaves the connection usable', async (_what, fail) => {
    await client.query('BEGIN');
    const failed = StatementBatch.run(client, (batch) => {
      batch.add(insert(1));
      fail(batch);
      batch.add(insert(2));
      batch.copy(COPY, (writer) => writer.writeRows('numbers', [VALUE], [3]));
      batch.add({ name: 'commit', text: 'COMMIT', values: [] });
    });
    await expect(failed).rejects.toMatchObject({ code: '23514' });
    await client.query('ROLLBACK');
    await StatementBatch.run(client, (batch) => {
      batch.add(insert(7));
      batch.copy(COPY, (writer) => writer.writeRows('numbers', [VALUE], [8]));
    });
    expect(await stored()).toEqual([7, 8]);
  });

  it('gives up a copy whose rows cannot be encoded, with that problem and nothing stored', async () => {
    const failed = StatementBatch.run(client, (batch) => {
      batch.copy(COPY, (writer) => writer.writeRows('numbers', [VALUE], [1, 2, 'three']));
    });
    await expect(failed).rejects.toThrow('numbers.n[2]: is not a 32-bit integer');
    await StatementBatch.run(client, (batch) => batch.add(insert(4)));
    expect(await stored()).toEqual([4]);
  });

  it('fails when its connection does', async () => {
    client.on('error', () => undefined);
    await client.query('CREATE TEMPORARY TABLE unused ()');
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const failed = StatementBatch.run(client, (batch) => {
      batch.add({ name: 'kill', text: `SELECT pg_terminate_backend(${rows[0]!.pid})`, values: [] });
      batch.add(insert(1));
    });
    await expect(failed).rejects.toThrow();
    expect(await stored()).toEqual([]);
  });
});
