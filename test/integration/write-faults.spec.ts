import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { type DatabaseConnection } from '../../src/config/database-connection.js';
import { Unavailable } from '../../src/domain/errors.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { type TestDatabase } from '../support/database.js';
import { emptyTables, wrongSums } from '../support/fold.js';
import { batchOf, type Patch } from '../support/messages.js';
import { createWriteDatabase, openQueue, type QueueSettings } from '../support/write-database.js';
import { waitFor } from '../support/server-process.js';

jest.setTimeout(8_000);

const WRITER = 'test writes';
const patches = (name = 'n'): Patch[] => [
  { kind: 'trace', index: 0, traceId: 't', stamp: 2, sessionId: 's' },
  {
    kind: 'observation',
    index: 0,
    traceId: 't',
    id: 'o',
    stamp: 2,
    name,
    startTime: Date.UTC(2026, 0, 31) * 1000,
    usage: { input: 1 },
  },
];

/** A way to the database that can be cut. */
class Cable {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;
  /** Called with what clients send; true cuts the connection once the database has begun to answer. */
  isLast: (sent: Buffer) => boolean = () => false;

  constructor(private readonly database: DatabaseConnection) {}

  async plugIn(): Promise<DatabaseConnection> {
    const { host, port } = this.database;
    this.server = createServer((client) => {
      const database = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
      let isCut = false;
      client.on('data', (sent) => {
        if (this.isLast(sent)) isCut = true;
        database.write(sent);
      });
      database.on('data', (answer) => {
        if (isCut) client.destroy();
        else client.write(answer);
      });
      for (const [socket, peer] of [
        [client, database],
        [database, client],
      ] as const) {
        this.sockets.add(socket);
        socket.on('error', () => peer.destroy());
        socket.on('close', () => {
          this.sockets.delete(socket);
          peer.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => this.server!.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
    return { ...this.database, host: '127.0.0.1', port: this.port };
  }

  async pullOut(): Promise<void> {
    if (this.server?.listening !== true) return;
    const closed = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

describe('when the database fails', () => {
  let database: TestDatabase;
  let warnings: string[];
  const opened: WriteQueue[] = [];
  const holders: Client[] = [];
  const cables: Cable[] = [];

  beforeAll(async () => {
    database = await createWriteDatabase(Date.now());
    await database.pool.query('CREATE SEQUENCE failures');
  });
  beforeEach(() => {
    warnings = [];
    Logger.overrideLogger({
      log: () => undefined,
      warn: (message: string) => warnings.push(message),
      error: (message: string) => warnings.push(message),
    });
  });
  afterEach(async () => {
    await Promise.all(holders.splice(0).map((holder) => holder.end()));
    await Promise.all(opened.splice(0).map((queue) => queue.stop()));
    await Promise.all(cables.splice(0).map((cable) => cable.pullOut()));
    await database.pool.query('DROP TRIGGER IF EXISTS fail ON observations; ALTER SEQUENCE failures RESTART');
    await emptyTables(database.pool);
  });
  afterAll(() => database.drop());

  function open(settings: QueueSettings & { connection?: DatabaseConnection } = {}): WriteQueue {
    const { connection = database.connection, ...rest } = settings;
    const queue = openQueue(connection, { connections: 1, nowMs: Date.now, ...rest });
    opened.push(queue);
    return queue;
  }

  function layCable(): Cable {
    const cable = new Cable(database.connection);
    cables.push(cable);
    return cable;
  }

  /** Makes writes of observations fail `times` times with `sqlState`; a sequence counts, because it is never rolled back. */
  async function failWith(
    sqlState: string,
    times: number,
    action = `RAISE EXCEPTION 'planned' USING ERRCODE = '${sqlState}'`,
  ) {
    await database.pool.query(`
      CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('failures') <= ${times} THEN ${action}; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER fail BEFORE INSERT ON observations FOR EACH ROW EXECUTE FUNCTION fail();`);
  }

  /** How often writing was tried while `failWith` was in force. */
  async function attempts(): Promise<number> {
    const { rows } = await database.pool.query<{ last: string }>('SELECT last_value AS last FROM failures');
    return Number(rows[0]!.last);
  }

  async function expectStoredOnce(): Promise<void> {
    const { rows } = await database.pool.query(
      `SELECT (SELECT count(*)::int FROM observations) AS observations, (SELECT count(*)::int FROM traces) AS traces,
       (SELECT sum(input_tokens)::int FROM usage_hourly) AS tokens, (SELECT sum(trace_count)::int FROM sessions) AS in_sessions`,
    );
    expect(rows).toEqual([{ observations: 1, traces: 1, tokens: 1, in_sessions: 1 }]);
    expect(await wrongSums(database.pool)).toEqual({});
  }

  /** Waits until a writer of this test waits for a lock, and gives its process id. */
  async function waitingWriter(): Promise<number> {
    return waitFor(async () => {
      const { rows } = await database.pool.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = '${WRITER}' AND wait_event_type = 'Lock'`,
      );
      return rows[0]?.pid;
    });
  }

  /** Holds the row of the session, so that a writer gets as far as its last statement and waits. */
  async function holdSession(): Promise<Client> {
    await open({ applicationName: 'test preparation' }).submit(batchOf(1, [patches()[0]!]));
    const holder = new Client(database.connection);
    holders.push(holder);
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM sessions FOR UPDATE');
    return holder;
  }

  it.each(['40001', '40P01', '55P03', '57P03', '25006', '08006'])(
    '%s passes and the write is tried again',
    async (sqlState) => {
      await failWith(sqlState, 3);
      await expect(open().submit(batchOf(1, patches()))).resolves.toEqual({ rejected: [] });
      expect(await attempts()).toBe(4);
      await expectStoredOnce();
    },
  );

  it('a statement that takes too long is tried again', async () => {
    await failWith('', 1, 'PERFORM pg_sleep(30)');
    await expect(open({ statementTimeoutMs: 200 }).submit(batchOf(1, patches()))).resolves.toEqual({ rejected: [] });
    await expectStoredOnce();
  });

  it('rows that take too long together are written in parts', async () => {
    const queue = open({ statementTimeoutMs: 500 });
    await database.pool.query(`
      CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_sleep(0.03);
        RETURN NEW;
      END $$;
      CREATE TRIGGER fail BEFORE INSERT ON observations FOR EACH ROW EXECUTE FUNCTION fail();`);
    const many = Array.from({ length: 40 }, (_, i): Patch => ({
      kind: 'observation',
      index: i,
      traceId: `t${i % 4}`,
      id: `o${i}`,
      stamp: 2,
    }));
    await expect(queue.submit(batchOf(1, many))).resolves.toEqual({ rejected: [] });
    const { rows } = await database.pool.query('SELECT count(*)::int AS stored FROM observations');
    expect(rows).toEqual([{ stored: 40 }]);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('a deadlock with another session of the database is survived', async () => {
    const holder = await holdSession();
    const submitted = open().submit(batchOf(1, patches()));
    await waitingWriter();
    // Closes the circle: the writer holds the trace and waits for the session, this one the other way round.
    await holder.query('UPDATE traces SET bookmarked = bookmarked');
    await holder.query('COMMIT');
    await expect(submitted).resolves.toEqual({ rejected: [] });
    expect(warnings).toEqual([expect.stringContaining('deadlock detected')]);
    await expectStoredOnce();
  });

  it('a connection that is terminated in the middle of a transaction is replaced', async () => {
    const holder = await holdSession();
    const submitted = open().submit(batchOf(1, patches()));
    const writer = await waitingWriter();
    await database.pool.query('SELECT pg_terminate_backend($1)', [writer]);
    await holder.query('COMMIT');
    await expect(submitted).resolves.toEqual({ rejected: [] });
    await expectStoredOnce();
  });

  it('a connection that was terminated while idle is replaced without a word to the caller', async () => {
    const queue = open();
    await queue.submit(batchOf(1, patches('first')));
    await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '${WRITER}'`,
    );
    await expect(queue.submit(batchOf(1, patches('second')))).resolves.toEqual({ rejected: [] });
    await expectStoredOnce();
  });

  it('a commit whose answer is lost is not counted twice', async () => {
    const cable = layCable();
    const queue = open({ connection: await cable.plugIn() });
    let cuts = 0;
    cable.isLast = (sent) => sent.includes('COMMIT\0') && ++cuts === 1;
    await expect(queue.submit(batchOf(1, patches()))).resolves.toEqual({ rejected: [] });
    expect(cuts).toBe(2);
    await expectStoredOnce();
  });

  it('a database that is away for a while only delays the answer', async () => {
    const cable = layCable();
    const queue = open({ connection: await cable.plugIn(), deadlineMs: 30_000 });
    await queue.submit(batchOf(1, [patches()[0]!]));
    await cable.pullOut();
    const submitted = queue.submit(batchOf(1, patches()));
    await waitFor(() => warnings.some((line) => line.includes('ECONNREFUSED')));
    expect(queue.status.bytes).toBeGreaterThan(0);
    await cable.plugIn();
    await expect(submitted).resolves.toEqual({ rejected: [] });
    expect(queue.status.bytes).toBe(0);
    await expectStoredOnce();
  });

  it('a database that stays away costs the caller its deadline and the queue no memory', async () => {
    const cable = layCable();
    const queue = open({ connection: await cable.plugIn(), deadlineMs: 300 });
    await cable.pullOut();
    const since = Date.now();
    const answers = await Promise.allSettled([1, 2, 3].map((n) => queue.submit(batchOf(n, patches()))));
    for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(Unavailable) });
    expect(Date.now() - since).toBeLessThan(2000);
    expect(queue.status.bytes).toBe(0);
    await cable.plugIn();
    await expect(queue.submit(batchOf(1, patches()))).resolves.toEqual({ rejected: [] });
    await expectStoredOnce();
  });

  it('a full disk is waited for, slowly', async () => {
    await failWith('53100', 1);
    const since = Date.now();
    await expect(open().submit(batchOf(1, patches()))).resolves.toEqual({ rejected: [] });
    expect(Date.now() - since).toBeGreaterThanOrEqual(1000);
    expect(await attempts()).toBe(2);
    await expectStoredOnce();
  });

  it('a disk that stays full makes the caller wait no longer than its deadline', async () => {
    await failWith('53100', 1_000_000);
    const queue = open({ deadlineMs: 1200 });
    await expect(queue.submit(batchOf(1, patches()))).rejects.toBeInstanceOf(Unavailable);
    expect(await attempts()).toBe(2);
    expect(queue.status.bytes).toBe(0);
    const { rows } = await database.pool.query('SELECT FROM traces');
    expect(rows).toEqual([]);
  });

  it('an error of our own code leaves no transaction open', async () => {
    const queue = open();
    const metadata = {} as ReadonlyMap<string, string>;
    const broken: Patch = { kind: 'trace', index: 0, traceId: 't', stamp: 2, metadata };
    await expect(queue.submit(batchOf(1, [broken]))).rejects.toBeInstanceOf(TypeError);
    // The connection is given up, which PostgreSQL notices a moment later.
    await waitFor(async () => {
      const { rows } = await database.pool.query<{ state: string }>(
        `SELECT state FROM pg_stat_activity WHERE datname = current_database() AND application_name = '${WRITER}'`,
      );
      return rows.every(({ state }) => state === 'idle');
    });
    await expect(queue.submit(batchOf(1, patches()))).resolves.toEqual({ rejected: [] });
    await expectStoredOnce();
  });

  it('a defect is told at once and not tried again; the next write finds the connection in order', async () => {
    const queue = open();
    await database.pool.query('ALTER TABLE usage_hourly RENAME TO hidden');
    await failWith('', 0);
    await expect(queue.submit(batchOf(1, patches()))).rejects.toMatchObject({ code: '42P01' });
    expect(await attempts()).toBe(1);
    expect(queue.status.bytes).toBe(0);
    await database.pool.query('ALTER TABLE hidden RENAME TO usage_hourly');
    await expect(queue.submit(batchOf(1, patches()))).resolves.toEqual({ rejected: [] });
    await expectStoredOnce();
  });
});
