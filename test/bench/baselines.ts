import { type Client } from 'pg';
import { parseConfig } from '../../src/config/config.js';
import { type BenchServer } from './bench-server.js';
import { BodyPool } from './bodies.js';
import { copyIn, copyOut, decodeField, encodeCopy, type Value } from './copy.js';
import { familyCpuSeconds, machineCpuSeconds } from './process-stats.js';
import { type Report } from './report.js';
import { postUntilTaken } from './write-stages.js';

/** Tables a message ends in, in the order they are written. The first is the one whose rows are counted. */
const TABLES = ['observations', 'observation_payloads', 'traces', 'trace_payloads'] as const;
type Table = (typeof TABLES)[number];

const OBSERVATIONS = 16_000;
const COPY_TRANSACTION = 4000;
const UPSERT_TRANSACTION = 200;
const MICROS_BEFORE_2000 = 946_684_800_000_000n;

interface Rows {
  readonly columns: readonly string[];
  readonly types: readonly string[];
  readonly rows: Value[][];
}

/**
 * What PostgreSQL itself can do with the rows that the server stored, with the same settings, columns, indexes and
 * storage options: the binary COPY of one Node connection, as the upper limit, and single-row upserts at the server's
 * number of connections, as what is usual.
 */
export async function measureBaselines(server: BenchServer, report: Report, seconds: number): Promise<void> {
  const { database } = server;
  await loadRows(server);
  await makeTables(database.client);
  const data = new Map<Table, Rows>();
  for (const table of TABLES) data.set(table, await readRows(database.client, table));

  await database.client.query('CHECKPOINT');
  const copy = await measureCopy(server, data, seconds);
  await emptyTables(database.client);
  await database.client.query('CHECKPOINT');
  const upserts = await measureUpserts(server, data, seconds);
  await database.client.query('DROP SCHEMA bench CASCADE');

  report.add('baselines', 'COPY limit, one connection', copy.perSecond, 'obs/s', {
    note: `others took ${copy.othersCpus.toFixed(2)} CPUs`,
  });
  report.add('baselines', 'COPY PostgreSQL CPU', copy.postgresMicros, 'µs/obs');
  report.add('baselines', `single-row upserts, ${upserts.connections} connections`, upserts.perSecond, 'obs/s', {
    note: `others took ${upserts.othersCpus.toFixed(2)} CPUs`,
  });
  report.add('baselines', 'upserts PostgreSQL CPU', upserts.postgresMicros, 'µs/obs');
  const ingest = report.find('ingest', 'durable observations');
  if (ingest === undefined) {
    console.log('  (the ratios need the stage ingest in the same run)');
    return;
  }
  report.add('baselines', 'ingest / COPY limit', ingest / copy.perSecond, '', { goal: { atLeast: 0.7 } });
  report.add('baselines', 'ingest / single-row upserts', ingest / upserts.perSecond, '', { goal: { atLeast: 2.5 } });
}

/** Through the server, so that the rows are exactly what it stores. */
async function loadRows(server: BenchServer): Promise<void> {
  const missing = OBSERVATIONS - (await server.database.count('observations'));
  if (missing <= 0) return;
  const pool = new BodyPool({ seed: 40, observations: missing + 50, observationsPerBody: 50 });
  const client = server.client(4);
  const bodies = Array.from({ length: Math.ceil(missing / 50) }, () => pool.take());
  const work = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) await postUntilTaken(client, body.bytes);
  };
  await Promise.all(Array.from({ length: 4 }, work));
  client.close();
}

/** Copies of the tables as plain ones: the columns and indexes of a partition, its storage and its options. */
async function makeTables(client: Client): Promise<void> {
  await client.query('DROP SCHEMA IF EXISTS bench CASCADE');
  await client.query('CREATE SCHEMA bench');
  for (const table of TABLES) {
    const { rows } = await client.query<{ name: string; options: string | null }>(
      `SELECT c.oid::regclass::text AS name, array_to_string(c.reloptions, ', ') AS options FROM pg_class c
        WHERE c.oid = coalesce((SELECT min(inhrelid::oid) FROM pg_inherits WHERE inhparent = $1::regclass), $1::regclass)`,
      [`public.${table}`],
    );
    const { name, options } = rows[0]!;
    await client.query(`CREATE TABLE bench.${table} (LIKE ${name} INCLUDING ALL)`);
    if (options !== null) await client.query(`ALTER TABLE bench.${table} SET (${options})`);
  }
}

async function emptyTables(client: Client): Promise<void> {
  await client.query(`TRUNCATE ${TABLES.map((table) => `bench.${table}`).join(', ')}`);
}

async function readRows(client: Client, table: Table): Promise<Rows> {
  const { rows: described } = await client.query<{ name: string; type: string }>(
    `SELECT a.attname AS name, t.typname AS type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [`public.${table}`],
  );
  const types = described.map(({ type }) => type);
  const columns = described.map(({ name }) => name);
  const chosen = `SELECT project_no, trace_id, id FROM public.observations ORDER BY created_at, trace_id, id LIMIT ${OBSERVATIONS}`;
  // In the order of arrival, as the server wrote them: sorted keys would make the indexes cheaper.
  const sql = table.startsWith('observation')
    ? `SELECT x.* FROM public.${table} x JOIN (${chosen}) k USING (project_no, trace_id, id) ORDER BY hashtext(x.trace_id)`
    : `SELECT x.* FROM public.${table} x WHERE trace_id IN (SELECT trace_id FROM (${chosen}) k) ORDER BY hashtext(x.trace_id)`;
  const fields = await copyOut(client, `COPY (${sql}) TO STDOUT (FORMAT binary)`);
  return { columns, types, rows: fields.map((row) => row.map((field, i) => decodeField(types[i]!, field))) };
}

interface Measured {
  readonly perSecond: number;
  readonly postgresMicros: number;
  /** CPUs that neither PostgreSQL nor this process used: how far the figure can be trusted. */
  readonly othersCpus: number;
}

/** Repeats `write` with the next pass over the rows until the time is up. Each pass is another project, so no key repeats. */
async function repeat(
  server: BenchServer,
  seconds: number,
  write: (pass: number, isOver: () => boolean) => Promise<number>,
): Promise<Measured> {
  const { postmasterPid } = server.database;
  const read = () => {
    const { user, system } = process.cpuUsage();
    const postgres = postmasterPid === undefined ? NaN : familyCpuSeconds(postmasterPid);
    return { postgres, others: machineCpuSeconds() - postgres - (user + system) / 1e6 };
  };
  const before = read();
  const start = performance.now();
  const isOver = () => performance.now() - start > seconds * 1000;
  let observations = 0;
  for (let pass = 1; !isOver(); pass += 1) observations += await write(pass, isOver);
  const elapsedSeconds = (performance.now() - start) / 1000;
  const after = read();
  return {
    perSecond: observations / elapsedSeconds,
    postgresMicros: ((after.postgres - before.postgres) * 1e6) / observations,
    othersCpus: (after.others - before.others) / elapsedSeconds,
  };
}

async function measureCopy(server: BenchServer, data: ReadonlyMap<Table, Rows>, seconds: number): Promise<Measured> {
  const client = await server.database.another();
  const count = data.get('observations')!.rows.length;
  const parts = Math.ceil(count / COPY_TRANSACTION);
  try {
    return await repeat(server, seconds, async (pass, isOver) => {
      let written = 0;
      for (let part = 0; part < parts && !isOver(); part += 1) {
        await client.query('BEGIN');
        for (const table of TABLES) {
          const { columns, types, rows } = data.get(table)!;
          const slice = rows.slice(
            Math.floor((rows.length * part) / parts),
            Math.floor((rows.length * (part + 1)) / parts),
          );
          const sql = `COPY bench.${table} (${columns.join(', ')}) FROM STDIN (FORMAT binary)`;
          await copyIn(client, sql, encodeCopy(types, ofProject(slice, pass)));
          if (table === 'observations') written += slice.length;
        }
        await client.query('COMMIT');
      }
      return written;
    });
  } finally {
    await client.end();
  }
}

function* ofProject(rows: readonly Value[][], projectNo: number): Generator<readonly Value[]> {
  for (const row of rows) {
    row[0] = projectNo;
    yield row;
  }
}

/** Two statements an observation: its row and its payload. Traces and sums are left out, to their advantage. */
async function measureUpserts(
  server: BenchServer,
  data: ReadonlyMap<Table, Rows>,
  seconds: number,
): Promise<Measured & { connections: number }> {
  const connections = parseConfig({}).writeConnections;
  const clients = await Promise.all(Array.from({ length: connections }, () => server.database.another()));
  const observations = asParameters(data.get('observations')!);
  const payloads = asParameters(data.get('observation_payloads')!);
  const statements = [
    upsert('observations', data.get('observations')!),
    upsert('observation_payloads', data.get('observation_payloads')!),
  ] as const;
  try {
    const measured = await repeat(server, seconds, async (pass, isOver) => {
      let next = 0;
      let written = 0;
      const work = async (client: Client): Promise<void> => {
        while (next < observations.length && !isOver()) {
          const from = next;
          next = Math.min(observations.length, from + UPSERT_TRANSACTION);
          const to = next;
          await client.query('BEGIN');
          for (let i = from; i < to; i += 1) {
            await client.query({ name: 'o', text: statements[0], values: [pass, ...observations[i]!.slice(1)] });
            await client.query({ name: 'p', text: statements[1], values: [pass, ...payloads[i]!.slice(1)] });
          }
          await client.query('COMMIT');
          written += to - from;
        }
      };
      await Promise.all(clients.map(work));
      return written;
    });
    return { ...measured, connections };
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

function upsert(table: Table, { columns }: Rows): string {
  const keys = ['project_no', 'trace_id', 'id', 'bucket'];
  const others = columns.filter((name) => !keys.includes(name));
  return `INSERT INTO bench.${table} (${columns.join(', ')}) VALUES (${columns.map((_, i) => `$${i + 1}`).join(', ')})
          ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${others.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}`;
}

/** Values as pg sends them in text. */
function asParameters({ types, rows }: Rows): unknown[][] {
  return rows.map((row) =>
    row.map((value, i) => {
      if (types[i] !== 'timestamptz' || value === null) return value;
      return new Date(Number(((value as bigint) + MICROS_BEFORE_2000) / 1000n)).toISOString();
    }),
  );
}
