import { type ClientBase } from 'pg';
import { LANE_LOCKS, laneOf } from './lane.js';
import { classifyFault } from './sql-state.js';

/** What went with expired traces. */
export interface RemovedTraces {
  traces: number;
  /** Those that had no other traces. */
  sessions: number;
  /** Of the traces and their observations. */
  scores: number;
  /** False when it gave up, because locks were not to be had, or was told to stop. */
  isComplete: boolean;
}

interface Key {
  readonly projectNo: number;
  readonly traceId: string;
  readonly lane: number;
}

/** How long a writer may have to wait for one call, in ms on PostgreSQL's clock: aimed at, and never exceeded by several traces. */
const AIMED_HOLD_MS = 20;
const MAX_HOLD_MS = 50;
/** For a session that a writer holds. It lets go at its commit, and so do we if that takes longer. */
const ROW_LOCK_TIMEOUT_MS = 30;

const FIRST_CHUNK = 100;
const MAX_CHUNK = 2000;
/** Keys held in memory at once. */
const PAGE = 5000;
/** In a row; with what they wait and the pauses between them, some 30 seconds. The next run goes on. */
const MAX_FAILURES = 400;
/** Until whoever holds a session may have committed. */
const PAUSE_MS = 50;

/**
 * Deletes the traces among the given keys that are in a lane whose lock is to be had, takes what they add to their
 * sessions out of those, and deletes sessions that are empty then. A call is one transaction; as a function it holds
 * its locks no longer than PostgreSQL works, whatever keeps the caller busy meanwhile.
 *
 * It waits for the first lane only, holding nothing: whoever waits behind it would have waited for the same writer.
 * Each statement of a VOLATILE function sees what was committed before it began, so that locks come before reads.
 * The order of statements, and of sessions, is the writers' (trace-writer.ts), so that nobody waits in a circle.
 */
const FUNCTION = `
CREATE OR REPLACE FUNCTION pg_temp.remove_expired(
  first_lane int4, cutoff int4, projects int4[], traces text[], lanes int4[],
  OUT held_lanes int4[], OUT removed int4, OUT emptied int4, OUT scored int4, OUT held_ms float8
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  held_since timestamptz;
  lane int4;
  share record;
  session record;
BEGIN
  removed := 0;
  emptied := 0;
  scored := 0;
  PERFORM pg_advisory_xact_lock(${LANE_LOCKS}, first_lane);
  held_since := clock_timestamp();
  held_lanes := ARRAY[first_lane];
  FOR lane IN SELECT DISTINCT l FROM unnest(lanes) AS k(l) WHERE l <> first_lane ORDER BY 1 LOOP
    IF pg_try_advisory_xact_lock(${LANE_LOCKS}, lane) THEN held_lanes := held_lanes || lane; END IF;
  END LOOP;
  PERFORM set_config('lock_timeout', '${ROW_LOCK_TIMEOUT_MS}ms', true);
  FOR share IN
    WITH gone AS (
      DELETE FROM traces t USING unnest(projects, traces, lanes) AS k(p, t, l)
      WHERE k.l = ANY(held_lanes) AND t.project_no = k.p AND t.trace_id = k.t AND t.bucket <= cutoff RETURNING t.*
    ), unscored AS (
      DELETE FROM scores s USING gone WHERE s.project_no = gone.project_no AND s.trace_id = gone.trace_id RETURNING s.id
    )
    SELECT project_no, session_id, (SELECT count(*) FROM unscored) AS score_count, count(*) AS trace_count, sum(observation_count)::int8 AS observation_count,
      sum(generation_count)::int8 AS generation_count, sum(error_count)::int8 AS error_count,
      sum(input_tokens)::int8 AS input_tokens, sum(output_tokens)::int8 AS output_tokens,
      sum(total_tokens)::int8 AS total_tokens, sum(cost_nano_usd)::int8 AS cost_nano_usd,
      min(ts) AS first_time, max(greatest(ts, last_end)) AS last_time
    FROM gone GROUP BY project_no, session_id ORDER BY project_no, session_id
  LOOP
    removed := removed + share.trace_count;
    scored := share.score_count;
    CONTINUE WHEN share.session_id IS NULL;
    IF cardinality(traces) > 1 AND clock_timestamp() > held_since + interval '${MAX_HOLD_MS}ms' THEN
      RAISE EXCEPTION 'held too long' USING ERRCODE = 'query_canceled';
    END IF;
    UPDATE sessions s SET trace_count = s.trace_count - share.trace_count,
      observation_count = s.observation_count - share.observation_count,
      generation_count = s.generation_count - share.generation_count, error_count = s.error_count - share.error_count,
      input_tokens = s.input_tokens - share.input_tokens, output_tokens = s.output_tokens - share.output_tokens,
      total_tokens = s.total_tokens - share.total_tokens, cost_nano_usd = s.cost_nano_usd - share.cost_nano_usd
    WHERE s.project_no = share.project_no AND s.session_id = share.session_id
    RETURNING s.trace_count, s.first_time, s.last_time INTO session;
    IF session.trace_count = 0 THEN
      DELETE FROM sessions s WHERE s.project_no = share.project_no AND s.session_id = share.session_id;
      emptied := emptied + 1;
    ELSIF share.first_time <= session.first_time OR share.last_time >= session.last_time THEN
      -- The row is locked by the update before. The earliest is one look into the index; the latest, which the oldest
      -- traces seldom are, takes all of them.
      UPDATE sessions s SET first_time = (
          SELECT t.ts FROM traces t WHERE t.project_no = share.project_no AND t.session_id = share.session_id
          ORDER BY t.ts, t.trace_id LIMIT 1),
        last_time = CASE WHEN share.last_time < s.last_time THEN s.last_time ELSE (
          SELECT max(greatest(t.ts, t.last_end)) FROM traces t
          WHERE t.project_no = share.project_no AND t.session_id = share.session_id) END
      WHERE s.project_no = share.project_no AND s.session_id = share.session_id;
    END IF;
  END LOOP;
  held_ms := extract(epoch FROM clock_timestamp() - held_since) * 1000;
END $$`;

/**
 * Removes the traces of every week up to `lastBucket`, that week included, with their scores and what they add to
 * sessions; `usage_hourly` keeps what was used. Their observations and payloads go with the partitions. `client`
 * is a connection of its own, in no transaction, that other work does not share.
 */
export async function removeExpiredTraces(
  client: ClientBase,
  lastBucket: number,
  isStopping: () => boolean,
): Promise<RemovedTraces> {
  const removal = new Removal(client, lastBucket, isStopping);
  // Sorted by session, so that a session is changed once or twice and not once per trace. WITH HOLD copies the keys:
  // asking for "the next expired ones" each time would walk over all that were deleted before.
  await client.query(
    'DECLARE expired CURSOR WITH HOLD FOR SELECT project_no, trace_id FROM traces ' +
      `WHERE bucket > -1 AND bucket <= ${lastBucket} ORDER BY project_no, session_id, trace_id`,
  );
  try {
    while (removal.mayGoOn) {
      const { rows } = await client.query<{ project_no: number; trace_id: string }>(`FETCH ${PAGE} FROM expired`);
      if (rows.length === 0) break;
      await removal.remove(
        rows.map((row) => ({
          projectNo: row.project_no,
          traceId: row.trace_id,
          lane: laneOf(row.project_no, row.trace_id),
        })),
      );
    }
  } finally {
    await client.query('CLOSE expired').catch(() => undefined);
  }
  return removal.result;
}

interface CallColumns {
  held_lanes: number[];
  removed: number;
  emptied: number;
  scored: number;
  held_ms: number;
}

/** Calls the function with as many traces at a time as it can remove in the time that it may hold locks. */
class Removal {
  readonly result: RemovedTraces = { traces: 0, sessions: 0, scores: 0, isComplete: true };
  private chunk = FIRST_CHUNK;
  private failures = 0;
  private isPrepared = false;

  constructor(
    private readonly client: ClientBase,
    private readonly lastBucket: number,
    private readonly isStopping: () => boolean,
  ) {}

  get mayGoOn(): boolean {
    if (this.isStopping() || this.failures >= MAX_FAILURES) this.result.isComplete = false;
    return this.result.isComplete;
  }

  async remove(keys: readonly Key[]): Promise<void> {
    if (!this.isPrepared) await this.client.query(FUNCTION);
    this.isPrepared = true;
    let rest = keys;
    while (rest.length > 0 && this.mayGoOn) {
      const taken = rest.slice(0, this.chunk);
      const held = new Set(await this.call(taken));
      // Left-overs come first: their lane is the one that is waited for.
      rest = [...taken.filter(({ lane }) => !held.has(lane)), ...rest.slice(taken.length)];
    }
  }

  /** The lanes whose traces are gone; none when it did not work out this time. */
  private async call(keys: readonly Key[]): Promise<readonly number[]> {
    try {
      const { rows } = await this.client.query<CallColumns>({
        name: 'remove expired',
        text: 'SELECT * FROM pg_temp.remove_expired($1, $2, $3, $4, $5)',
        values: [
          keys[0]!.lane,
          this.lastBucket,
          keys.map(({ projectNo }) => projectNo),
          keys.map(({ traceId }) => traceId),
          keys.map(({ lane }) => lane),
        ],
      });
      const { held_lanes, removed, emptied, scored, held_ms } = rows[0]!;
      this.failures = 0;
      this.result.traces += removed;
      this.result.sessions += emptied;
      this.result.scores += scored;
      const factor = Math.min(2, Math.max(0.5, AIMED_HOLD_MS / held_ms));
      // A call that found few lanes says little about a whole chunk.
      if (factor < 1 || removed * 2 > keys.length)
        this.chunk = Math.min(MAX_CHUNK, Math.max(1, Math.round(this.chunk * factor)));
      return held_lanes;
    } catch (error) {
      const fault = classifyFault(error);
      const isFromPostgres = (error as { code?: string }).code?.length === 5;
      if (!isFromPostgres || (fault !== 'transient' && fault !== 'timeout')) throw error;
      this.failures += 1;
      this.chunk = Math.max(1, this.chunk >> 1);
      // A call that took too long waited for nobody: only a smaller one helps.
      if (fault === 'transient') await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      return [];
    }
  }
}

/** Rows of one statement: few enough that nobody waits for their locks. */
const MESSAGES_CHUNK = 500;

/** Removes refused patches, or updates that wait for their observation, received before `beforeMs`; returns how many. */
export async function removeExpiredMessages(
  client: ClientBase,
  table: 'quarantine' | 'orphans',
  beforeMs: number,
): Promise<number> {
  let removed = 0;
  for (;;) {
    const { rowCount } = await client.query(
      `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table} WHERE received_at < $1 ` +
        'ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED))',
      [new Date(beforeMs), MESSAGES_CHUNK],
    );
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < MESSAGES_CHUNK) return removed;
  }
}
