import { compareBytewise } from '../domain/json.js';
import { type Totals } from '../domain/trace.js';
import { type Micros } from '../domain/time.js';
import { encodeArray } from './binary-array.js';
import { BulkInsert, type Column } from './bulk-insert.js';
import { addTotals, type Contribution, earliest, isZero, latest, newTotals } from './rollup.js';
import { type StatementBatch } from './statement-batch.js';
import { type PresenceChange } from './trace-usage.js';

/** How one flush changes the row of one hour and model. */
interface UsageDelta extends Totals {
  /** Of traces whose timestamp lies in the hour; counted under the model ''. */
  traceCount: number;
  /** Of traces that have an observation of the model on this day, counted in any one hour of it. */
  modelTraceCount: number;
}

interface UsageRow extends UsageDelta {
  projectNo: number;
  hour: Micros;
  model: string;
  lane: number;
}

/** How one flush changes the row of one session. */
interface SessionDelta extends Totals {
  projectNo: number;
  sessionId: string;
  traceCount: number;
  firstTime: Micros | null;
  lastTime: Micros | null;
  createdAt: Micros;
  /** A trace left the session or ends earlier than before: its bounds must be found anew. */
  isShrunk: boolean;
}

/** What a trace adds to its session. */
export interface SessionShare {
  sessionId: string;
  totals: Totals;
  firstTime: Micros | null;
  lastTime: Micros | null;
}

/** The changes that one flush makes to all sums outside the traces' own rows. */
export class RollupDeltas {
  /** By project, then hour, then model. Nested maps cost far less than keys made of strings, twice per observation. */
  private readonly usage = new Map<number, Map<Micros, Map<string, UsageDelta>>>();
  private readonly sessions = new Map<string, SessionDelta>();

  addUsage(projectNo: number, amount: Contribution, sign: 1 | -1): void {
    addTotals(this.usageOf(projectNo, amount.hour, amount.model), amount, sign);
  }

  /** A trace's timestamp lies in `hour`, or does no more. */
  addTrace(projectNo: number, hour: Micros, sign: 1 | -1): void {
    this.usageOf(projectNo, hour, '').traceCount += sign;
  }

  addModelTrace(projectNo: number, { hour, model, change }: PresenceChange): void {
    this.usageOf(projectNo, hour, model).modelTraceCount += change;
  }

  private usageOf(projectNo: number, hour: Micros, model: string): UsageDelta {
    let hours = this.usage.get(projectNo);
    if (hours === undefined) this.usage.set(projectNo, (hours = new Map<Micros, Map<string, UsageDelta>>()));
    let models = hours.get(hour);
    if (models === undefined) hours.set(hour, (models = new Map<string, UsageDelta>()));
    let delta = models.get(model);
    if (delta === undefined) models.set(model, (delta = { ...newTotals(), traceCount: 0, modelTraceCount: 0 }));
    return delta;
  }

  /** Returns the session's delta, for marking it as shrunk. */
  addSession(projectNo: number, share: SessionShare, sign: 1 | -1, now: Micros): { isShrunk: boolean } {
    const key = `${projectNo}:${share.sessionId}`;
    let delta = this.sessions.get(key);
    if (delta === undefined) {
      delta = {
        projectNo,
        sessionId: share.sessionId,
        ...newTotals(),
        traceCount: 0,
        firstTime: null,
        lastTime: null,
        createdAt: now,
        isShrunk: false,
      };
      this.sessions.set(key, delta);
    }
    addTotals(delta, share.totals, sign);
    delta.traceCount += sign;
    if (sign === 1) {
      delta.firstTime = earliest(delta.firstTime, share.firstTime);
      delta.lastTime = latest(delta.lastTime, share.lastTime);
    }
    return delta;
  }

  // Every list below is in key order, the same for all writers, so that two of them never wait for one another in a circle.

  /** @param lane under which the rows are. */
  changedUsage(lane: number): UsageRow[] {
    const rows: UsageRow[] = [];
    for (const [projectNo, hours] of this.usage) {
      for (const [hour, models] of hours) {
        for (const [model, delta] of models) {
          if (!isZero(delta) || delta.traceCount !== 0 || delta.modelTraceCount !== 0)
            rows.push({ projectNo, hour, model, lane, ...delta });
        }
      }
    }
    return rows.sort((a, b) => a.projectNo - b.projectNo || a.hour - b.hour || compareBytewise(a.model, b.model));
  }

  changedSessions(): SessionDelta[] {
    return [...this.sessions.values()]
      .filter((delta) => delta.traceCount !== 0 || !isZero(delta) || delta.firstTime !== null || delta.isShrunk)
      .sort((a, b) => a.projectNo - b.projectNo || compareBytewise(a.sessionId, b.sessionId));
  }
}

const TOTAL_COLUMNS: readonly Column<Totals>[] = [
  { name: 'observation_count', type: 'int8', value: (row) => row.observationCount },
  { name: 'generation_count', type: 'int8', value: (row) => row.generationCount },
  { name: 'error_count', type: 'int8', value: (row) => row.errorCount },
  { name: 'input_tokens', type: 'int8', value: (row) => row.inputTokens },
  { name: 'output_tokens', type: 'int8', value: (row) => row.outputTokens },
  { name: 'total_tokens', type: 'int8', value: (row) => row.totalTokens },
  { name: 'cost_nano_usd', type: 'int8', value: (row) => row.costNanoUsd },
];

const ADD_TOTALS = TOTAL_COLUMNS.map(({ name }) => `${name} = t.${name} + excluded.${name}`).join(', ');

const INSERT_USAGE = new BulkInsert<UsageRow>(
  'usage_hourly',
  [
    { name: 'project_no', type: 'int4', value: (row) => row.projectNo },
    { name: 'hour', type: 'timestamptz', value: (row) => row.hour },
    { name: 'model', type: 'text', value: (row) => row.model },
    { name: 'lane', type: 'int4', value: (row) => row.lane },
    ...TOTAL_COLUMNS,
    { name: 'trace_count', type: 'int8', value: (row) => row.traceCount },
    { name: 'model_trace_count', type: 'int8', value: (row) => row.modelTraceCount },
  ],
  `(project_no, hour, model, lane) DO UPDATE SET ${ADD_TOTALS}, trace_count = t.trace_count + excluded.trace_count, ` +
    'model_trace_count = t.model_trace_count + excluded.model_trace_count',
);

const INSERT_SESSIONS = new BulkInsert<SessionDelta>(
  'sessions',
  [
    { name: 'project_no', type: 'int4', value: (row) => row.projectNo },
    { name: 'session_id', type: 'text', value: (row) => row.sessionId },
    { name: 'created_at', type: 'timestamptz', value: (row) => row.createdAt },
    { name: 'trace_count', type: 'int8', value: (row) => row.traceCount },
    ...TOTAL_COLUMNS,
    { name: 'first_time', type: 'timestamptz', value: (row) => row.firstTime },
    { name: 'last_time', type: 'timestamptz', value: (row) => row.lastTime },
  ],
  `(project_no, session_id) DO UPDATE SET trace_count = t.trace_count + excluded.trace_count, ${ADD_TOTALS}, ` +
    `first_time = least(t.first_time, excluded.first_time), last_time = greatest(t.last_time, excluded.last_time)`,
);

// The session's row is locked by the insert before; a trace that another writer has not committed yet widens the bounds after us.
const RECOMPUTE_BOUNDS =
  `UPDATE sessions s SET first_time = b.first_time, last_time = b.last_time ` +
  `FROM unnest($1::int4[], $2::text[]) AS k(p, s) CROSS JOIN LATERAL (` +
  `SELECT min(t.ts) AS first_time, max(greatest(t.ts, t.last_end)) AS last_time ` +
  `FROM traces t WHERE t.project_no = k.p AND t.session_id = k.s) b ` +
  `WHERE s.project_no = k.p AND s.session_id = k.s`;

/**
 * Adds the deltas of a flush; sessions last, because lanes share them and hold their locks until the commit.
 * @param lane Whose rows of `usage_hourly` take all of it: what counts is the sum over all lanes.
 */
export function writeRollups(batch: StatementBatch, deltas: RollupDeltas, lane: number): void {
  INSERT_USAGE.addTo(batch, deltas.changedUsage(lane));
  const sessions = deltas.changedSessions();
  INSERT_SESSIONS.addTo(batch, sessions);
  const shrunk = sessions.filter((session) => session.isShrunk);
  if (shrunk.length === 0) return;
  const projects = shrunk.map((session) => session.projectNo);
  const ids = shrunk.map((session) => session.sessionId);
  batch.add({
    name: 'session bounds',
    text: RECOMPUTE_BOUNDS,
    values: [encodeArray('key.project_no', 'int4', projects), encodeArray('key.session_id', 'text', ids)],
  });
}
