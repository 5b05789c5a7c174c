import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type ClientBase } from 'pg';
import { DATABASE, type DatabaseConnection } from '../config/database-connection.js';
import { Unavailable } from '../domain/errors.js';
import { idProblem } from '../domain/identifier.js';
import { type Project } from '../domain/project.js';
import { encodeArray } from './binary-array.js';
import { micros, toNumber } from './bulk-insert.js';
import { newClient, writerOptions } from './client-options.js';
import { deletionOfLost, selectCommentsAtRisk } from './comments/lost-comments.js';
import { beginWithLanes, LANE_COUNT } from './lane.js';
import { MediaSweeper } from './media/media-sweeper.js';
import { contributionOf, hourOf } from './rollup.js';
import { RollupDeltas, writeRollups } from './rollup-tables.js';
import { lockAllScores } from './scores/score-locks.js';
import { classifyFault } from './sql-state.js';
import { StatementBatch } from './statement-batch.js';
import { selectTraces, timestampOf, type TraceRow } from './trace-table.js';
import { sessionShareOf } from './trace-writer.js';

/** Traces of one transaction, unless they hold more observations than that. */
const TRACES = 100;
/** Observations of one transaction, whose locks hold up the writers of its lanes; a larger trace has one of its own. */
const OBSERVATIONS = 2000;

/** Tables with rows of a trace, in the order of the writers. Logs lie in the week of their own arrival. */
const BY_BUCKET = ['observation_payloads', 'observations', 'trace_payloads', 'traces'];
const BY_TRACE = ['logs', 'quarantine'];

/** Deletes traces on request, at once. */
@Injectable()
export class TraceDeleter {
  constructor(
    @Inject(DATABASE) private readonly database: DatabaseConnection,
    private readonly media: MediaSweeper,
  ) {}

  /**
   * Deletes those of `traceIds` that the project has, with their observations, payloads, scores, comments and logs and the files that
   * nothing else has, and takes them out of every sum. Returns how many there were. What arrives for them later makes them anew.
   * @throws Unavailable when the database does not do it in time; what is deleted by then stays deleted.
   */
  async delete(project: Project, traceIds: readonly string[]): Promise<number> {
    const client = newClient(writerOptions(this.database, 'xtrace deletes'));
    try {
      await client.connect();
      let deleted = 0;
      const usable = [...new Set(traceIds)].filter((id) => idProblem(id) === undefined);
      for (const ids of await divide(client, project, usable)) deleted += await deleteTogether(client, project, ids);
      await this.media.removeOfTraces(client, project, usable);
      return deleted;
    } catch (error) {
      const fault = classifyFault(error);
      if (fault === 'transient' || fault === 'timeout' || fault === 'exhausted')
        throw new Unavailable('the database did not delete the traces in time: send the same again');
      throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

const SELECT_SIZES =
  'SELECT t.trace_id, t.observation_count FROM unnest($2::text[]) AS k(t) CROSS JOIN LATERAL ' +
  '(SELECT trace_id, observation_count FROM traces WHERE project_no = $1 AND trace_id = k.t LIMIT 1) t';

/** The ids that there are, in groups for one transaction each. */
async function divide(client: ClientBase, { no }: Project, traceIds: readonly string[]): Promise<string[][]> {
  const found = await client.query<{ trace_id: string; observation_count: string }>(SELECT_SIZES, [no, traceIds]);
  const groups: string[][] = [];
  let observations = Infinity;
  for (const { trace_id: id, observation_count } of found.rows) {
    const group = groups.at(-1);
    observations += Number(observation_count);
    if (group === undefined || group.length === TRACES || observations > OBSERVATIONS) {
      groups.push([id]);
      observations = Number(observation_count);
    } else group.push(id);
  }
  return groups;
}

async function deleteTogether(client: ClientBase, { no }: Project, traceIds: readonly string[]): Promise<number> {
  const keys = traceIds.map((traceId) => ({ projectNo: no, traceId }));
  await client.query(beginWithLanes(keys));
  const now = Date.now() * 1000;
  const rows = (await selectTraces(client, keys, now)).filter((row) => row !== undefined);
  const deltas = new RollupDeltas();
  await countObservationsOut(client, rows, deltas);
  for (const row of rows) countTraceOut(row, deltas, now);
  const commentIds = await selectCommentsAtRisk(client, no, {
    traceIds: rows.map((row) => row.traceId),
    sessionIds: sessionIdsOf(rows),
    buckets: [...new Set(rows.map((row) => row.bucket))],
  });
  await StatementBatch.run(client, (batch) => {
    for (const table of BY_BUCKET) batch.add(deletionOf(table, rows, 'AND x.bucket = k.b'));
    for (const table of BY_TRACE) batch.add(deletionOf(table, rows, ''));
    writeRollups(batch, deltas, randomInt(LANE_COUNT));
    batch.add(deletionOfEmptySessions(no, rows));
    if (commentIds.length > 0) batch.add(deletionOfLost(no, commentIds));
    // Last, because whoever writes scores waits from here on. It has read them by then, or will find none.
    batch.add({ name: 'lock scores', text: lockAllScores(), values: [] });
    batch.add(deletionOf('scores', rows, ''));
    batch.add({ name: 'commit', text: 'COMMIT', values: [] });
  });
  return rows.length;
}

const SELECT_OBSERVATIONS =
  'SELECT k.n::int4 AS n, o.* FROM unnest($1::int4[], $2::text[], $3::int4[]) WITH ORDINALITY AS k(p, t, b, n) ' +
  'CROSS JOIN LATERAL (SELECT o.type, o.level, o.model, o.input_tokens, o.output_tokens, o.total_tokens, ' +
  `o.cost_nano_usd, o.repeated, ${micros('o.start_time')} AS start_time, ${micros('o.created_at')} AS created_at ` +
  'FROM observations o WHERE o.project_no = k.p AND o.trace_id = k.t AND o.bucket = k.b) o';

interface CountedColumns {
  n: number;
  type: string | null;
  level: string | null;
  model: string | null;
  input_tokens: string | null;
  output_tokens: string | null;
  total_tokens: string | null;
  cost_nano_usd: string | null;
  repeated: number | null;
  start_time: string | null;
  created_at: string;
}

async function countObservationsOut(
  client: ClientBase,
  traces: readonly TraceRow[],
  deltas: RollupDeltas,
): Promise<void> {
  const text = SELECT_OBSERVATIONS;
  const stored = await client.query<CountedColumns>({
    name: 'select counted observations',
    text,
    values: keysOf(traces),
  });
  for (const columns of stored.rows) {
    const trace = traces[columns.n - 1]!;
    const counted = contributionOf({
      startTime: toNumber(columns.start_time),
      endTime: null,
      createdAt: Number(columns.created_at),
      type: columns.type,
      level: columns.level,
      model: columns.model,
      inputTokens: toNumber(columns.input_tokens),
      outputTokens: toNumber(columns.output_tokens),
      totalTokens: toNumber(columns.total_tokens),
      costNanoUsd: toNumber(columns.cost_nano_usd),
      repeated: columns.repeated,
    });
    trace.usage.add(counted, -1);
    deltas.addUsage(trace.projectNo, counted, -1);
  }
}

function countTraceOut(row: TraceRow, deltas: RollupDeltas, now: number): void {
  deltas.addTrace(row.projectNo, hourOf(timestampOf(row)), -1);
  for (const change of row.usage.presenceChanges()) deltas.addModelTrace(row.projectNo, change);
  const share = sessionShareOf(row);
  if (share !== null) deltas.addSession(row.projectNo, share, -1, now).isShrunk = true;
}

function deletionOf(table: string, traces: readonly TraceRow[], andBucket: string) {
  return {
    name: `delete ${table}`,
    text:
      `DELETE FROM ${table} x USING unnest($1::int4[], $2::text[], $3::int4[]) AS k(p, t, b) ` +
      `WHERE x.project_no = k.p AND x.trace_id = k.t ${andBucket}`,
    values: keysOf(traces),
  };
}

function deletionOfEmptySessions(projectNo: number, traces: readonly TraceRow[]) {
  const ids = sessionIdsOf(traces);
  return {
    name: 'delete empty sessions',
    text:
      'DELETE FROM sessions s USING unnest($1::int4[], $2::text[]) AS k(p, i) ' +
      'WHERE s.project_no = k.p AND s.session_id = k.i AND s.trace_count = 0',
    values: [
      encodeArray(
        'key.project_no',
        'int4',
        ids.map(() => projectNo),
      ),
      encodeArray('key.session_id', 'text', ids),
    ],
  };
}

function sessionIdsOf(traces: readonly TraceRow[]): string[] {
  return traces.flatMap((row) => sessionShareOf(row)?.sessionId ?? []);
}

function keysOf(traces: readonly TraceRow[]): Buffer[] {
  return [
    encodeArray(
      'key.project_no',
      'int4',
      traces.map((row) => row.projectNo),
    ),
    encodeArray(
      'key.trace_id',
      'text',
      traces.map((row) => row.traceId),
    ),
    encodeArray(
      'key.bucket',
      'int4',
      traces.map((row) => row.bucket),
    ),
  ];
}
