import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Pool, type PoolClient } from 'pg';
import { DATABASE, type DatabaseConnection } from '../../config/database-connection.js';
import { Unavailable } from '../../domain/errors.js';
import { type JsonText } from '../../domain/json.js';
import { type ObservationPatch } from '../../domain/observation.js';
import { writerOptions } from '../client-options.js';
import { classifyFault } from '../sql-state.js';

/**
 * What is kept at most, of all projects together: enough for any hiccup of a client, never so much that it fills the disk.
 * Projects share it evenly: the oldest go first, of the project that has most, so that none can take the room of another.
 */
export const MAX_ORPHANS = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Orphans that are looked at in one transaction. */
const CLAIM = 500;

const FIRST_WAIT_SECONDS = 2;
const MAX_WAIT_SECONDS = 300;

const IDLE_MS = 10_000;

/** Orphans whose observation has been found, by project. */
export type FoundOrphans = ReadonlyMap<number, readonly ObservationPatch[]>;

/** As writers do: a plan that reads tables as a whole is never right for keys. */
const BEGIN = 'BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan';

// By the hash index of each partition. Of several observations with that id the one in the trace of the same id, which is
// where a create without a trace puts it, else the smallest: the same one whenever it is asked.
const FIND =
  'SELECT k.n::int4 AS n, o.trace_id FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS k(p, i, n) CROSS JOIN LATERAL ' +
  "(SELECT o.trace_id FROM observations o WHERE o.project_no = k.p AND o.id = k.i AND o.id > '' " +
  'ORDER BY o.trace_id <> o.id, o.trace_id LIMIT 1) o';

const PARK =
  'INSERT INTO orphans (project_no, id, digest, received_at, next_try_at, tries, bytes, content) ' +
  `SELECT $1, x.id, x.digest, $5, $5::timestamptz + interval '${FIRST_WAIT_SECONDS} s', 0, octet_length(x.content), x.content ` +
  'FROM unnest($2::text[], $3::bytea[], $4::text[]) AS x(id, digest, content) ORDER BY x.id, x.digest ' +
  'ON CONFLICT (project_no, id, digest) DO NOTHING';

/** A place counts from the newest of its own project: those that are kept are the newest few, or bytes, of each. */
const TRIM =
  'WITH own AS (SELECT project_no, id, digest, bytes, row_number() OVER newest AS place, sum(bytes) OVER newest AS upto ' +
  'FROM orphans WINDOW newest AS (PARTITION BY project_no ORDER BY received_at DESC, id, digest)), ' +
  'ranked AS (SELECT project_no, id, digest, row_number() OVER (ORDER BY place, project_no) AS rows, ' +
  'sum(bytes) OVER (ORDER BY upto, project_no, id, digest) AS total FROM own) ' +
  'DELETE FROM orphans q USING ranked r WHERE (q.project_no, q.id, q.digest) = (r.project_no, r.id, r.digest) ' +
  'AND (r.rows > $1 OR r.total > $2)';

const CLAIM_DUE =
  'SELECT project_no, id, digest, content FROM orphans WHERE next_try_at <= $1 ORDER BY next_try_at LIMIT $2 ' +
  'FOR UPDATE SKIP LOCKED';

const KEYS = 'unnest($1::int4[], $2::text[], $3::bytea[]) AS k(p, i, d)';
const SAME_KEY = 'q.project_no = k.p AND q.id = k.i AND q.digest = k.d';

const PUT_OFF =
  `UPDATE orphans q SET tries = q.tries + 1, next_try_at = $4::timestamptz + ` +
  `least(${MAX_WAIT_SECONDS}, ${FIRST_WAIT_SECONDS} * 2 ^ least(q.tries + 1, 20)) * interval '1 s' FROM ${KEYS} WHERE ${SAME_KEY}`;

interface ClaimedRow {
  project_no: number;
  id: string;
  digest: Buffer;
  content: JsonText;
}

/** Keeps updates that name no trace until their observation is known. One connection, opened when it is needed. */
@Injectable()
export class OrphanStore implements OnApplicationShutdown {
  private readonly pool: Pool;

  constructor(@Inject(DATABASE) database: DatabaseConnection) {
    this.pool = new Pool({
      ...writerOptions(database, 'xtrace orphans'),
      max: 1,
      idleTimeoutMillis: IDLE_MS,
      allowExitOnIdle: true,
    });
    // Without a listener the loss of an idle connection would end the process.
    this.pool.on('error', () => undefined);
  }

  /** The trace of each observation id; undefined where the project has no such observation. */
  findTraces(projectNo: number, ids: readonly string[]): Promise<readonly (string | undefined)[]> {
    return this.run((client) =>
      find(
        client,
        ids.map(() => projectNo),
        ids,
      ),
    );
  }

  /** Keeps `orphans`; those that are kept already stay. Returns how many had to go because of the caps. */
  park(projectNo: number, patches: readonly ObservationPatch[], nowMs: number): Promise<number> {
    return this.run(async (client) => {
      const contents = patches.map(toContent);
      const digests = contents.map((content) => createHash('sha256').update(content).digest());
      await client.query(PARK, [projectNo, patches.map(({ id }) => id), digests, contents, new Date(nowMs)]);
      return (await client.query(TRIM, [MAX_ORPHANS, MAX_BYTES])).rowCount ?? 0;
    });
  }

  /**
   * Gives the orphans whose turn it is and whose observation is known by now to `submit`, and forgets them once it has
   * resolved; the others wait longer. Rejects, with all of them kept, when `submit` does. What a crash cuts short is
   * submitted again, which is safe. Returns how many were looked at: below `CLAIM`, there are no more.
   */
  async sweep(nowMs: number, submit: (found: FoundOrphans) => Promise<void>): Promise<{ hasMore: boolean }> {
    return this.run(async (client) => {
      const { rows } = await client.query<ClaimedRow>(CLAIM_DUE, [new Date(nowMs), CLAIM]);
      if (rows.length === 0) return { hasMore: false };
      const traceIds = await find(
        client,
        rows.map((row) => row.project_no),
        rows.map((row) => row.id),
      );
      const found = new Map<number, ObservationPatch[]>();
      rows.forEach((row, i) => {
        const traceId = traceIds[i];
        if (traceId === undefined) return;
        const patch = { ...fromContent(row.content), traceId };
        const known = found.get(row.project_no);
        if (known === undefined) found.set(row.project_no, [patch]);
        else known.push(patch);
      });
      if (found.size > 0) await submit(found);
      const isFound = (_: ClaimedRow, i: number) => traceIds[i] !== undefined;
      await client.query(`DELETE FROM orphans q USING ${KEYS} WHERE ${SAME_KEY}`, keysOf(rows.filter(isFound)));
      const waiting = rows.filter((row, i) => !isFound(row, i));
      await client.query(PUT_OFF, [...keysOf(waiting), new Date(nowMs)]);
      return { hasMore: rows.length === CLAIM };
    });
  }

  isEmpty(): Promise<boolean> {
    return this.run(async (client) => {
      const { rows } = await client.query<{ isEmpty: boolean }>('SELECT NOT EXISTS(SELECT FROM orphans) AS "isEmpty"');
      return rows[0]!.isEmpty;
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  /** One transaction. @throws Unavailable when the database cannot take it now and may later. */
  private async run<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined;
    try {
      client = await this.pool.connect();
      await client.query(BEGIN);
      const result = await work(client);
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      // A connection whose transaction failed is not worth mending: this is seldom.
      client?.release(true);
      const fault = error instanceof Error && 'code' in error ? classifyFault(error) : undefined;
      const mayPass = client === undefined || (fault !== undefined && fault !== 'defect' && fault !== 'row');
      throw mayPass ? new Unavailable('the database did not take the data in time') : error;
    }
  }
}

async function find(
  client: PoolClient,
  projectNos: readonly number[],
  ids: readonly string[],
): Promise<(string | undefined)[]> {
  const { rows } = await client.query<{ n: number; trace_id: string }>(FIND, [projectNos, ids]);
  const traceIds = new Array<string | undefined>(ids.length);
  for (const { n, trace_id } of rows) traceIds[n - 1] = trace_id;
  return traceIds;
}

function keysOf(rows: readonly ClaimedRow[]): [number[], string[], Buffer[]] {
  return [rows.map((row) => row.project_no), rows.map((row) => row.id), rows.map((row) => row.digest)];
}

/** Where it stood in its request says nothing about it, and would make the same message another row. */
function toContent({ metadata, ...patch }: ObservationPatch): JsonText {
  return JSON.stringify({ ...patch, index: 0, metadata: metadata === undefined ? undefined : [...metadata] });
}

function fromContent(content: JsonText): ObservationPatch {
  const { metadata, ...patch } = JSON.parse(content) as Omit<ObservationPatch, 'metadata'> & {
    metadata?: [string, JsonText][];
  };
  return { ...patch, ...(metadata && { metadata: new Map(metadata) }) };
}
