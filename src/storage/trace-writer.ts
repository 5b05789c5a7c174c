import { type ClientBase } from 'pg';
import { compareBytewise } from '../domain/json.js';
import { type StampedMetadata } from '../domain/merge.js';
import { type ObservationPatch } from '../domain/observation.js';
import { type Micros } from '../domain/time.js';
import { type TracePatch } from '../domain/trace.js';
import {
  foldObservation,
  insertObservations,
  type ObservationKey,
  type ObservationRow,
  selectObservations,
} from './observation-table.js';
import {
  foldPayload,
  foldTracePayload,
  insertObservationPayloads,
  insertTracePayloads,
  type ObservationPayloadRow,
  selectMetadata,
  type TracePayloadRow,
} from './payload-tables.js';
import { addByModel, addTotals, contributionOf, earliest, latest, type TotalsByModel } from './rollup.js';
import { laneOf } from './lane.js';
import { RollupDeltas, type SessionShare, writeRollups } from './rollup-tables.js';
import {
  applyTracePatches,
  insertTraces,
  newTraceRow,
  recomputeLastEnd,
  selectTraces,
  timestampOf,
  type TraceRow,
} from './trace-table.js';

/** All that a flush says about one trace and what is in it. */
export interface TraceWork {
  readonly projectNo: number;
  readonly traceId: string;
  readonly patches: readonly TracePatch[];
  /** By observation id. */
  readonly observations: ReadonlyMap<string, readonly ObservationPatch[]>;
}

/** The order in which every writer takes traces, so that no two of them wait for one another in a circle. */
export function compareWorks(a: TraceWork, b: TraceWork): number {
  return a.projectNo - b.projectNo || compareBytewise(a.traceId, b.traceId);
}

const WEEK_MS = 7 * 86_400_000;
/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const MONDAY_OFFSET_MS = 3 * 86_400_000;

/** The bucket of what arrives at `nowMs`: whole weeks, beginning on Mondays in UTC, since the one of the Unix epoch. */
export function bucketAt(nowMs: number): number {
  return Math.floor((nowMs + MONDAY_OFFSET_MS) / WEEK_MS);
}

/** When a bucket begins, in milliseconds since 1970. */
export function bucketStartMs(bucket: number): number {
  return bucket * WEEK_MS - MONDAY_OFFSET_MS;
}

/**
 * Merges `works` into the tables: reads what is stored, folds the patches into it, writes rows and payloads and adds
 * the differences to all sums. Runs inside the caller's transaction, which holds the lane locks of every trace in
 * `works`; the locks make "read, then write" safe. `works` are distinct and in the order of `compareWorks`. Nothing in
 * them changes, so all or part of them can be written again after a roll-back to a savepoint.
 */
export async function writeTraces(client: ClientBase, works: readonly TraceWork[], nowMs: number): Promise<void> {
  const now: Micros = nowMs * 1000;
  const stored = await selectTraces(client, works, now);
  const entries = works.map((work, i) => newTraceEntry(work, stored[i], bucketAt(nowMs), now));
  await readStoredObservations(client, entries);

  const deltas = new RollupDeltas();
  const rows: ObservationRow[] = [];
  const payloads: ObservationPayloadRow[] = [];
  const tracePayloads: TracePayloadRow[] = [];
  for (const trace of entries) {
    applyTracePatches(trace.row, trace.work.patches);
    const tracePayload = foldTracePayload(trace.key, trace.work.patches);
    if (tracePayload !== undefined) tracePayloads.push(tracePayload);
    for (const observation of trace.observations) {
      const row = foldObservation(observation.key, observation.stored, observation.patches, now);
      rows.push(row);
      count(trace, deltas, observation.stored, row);
      const payload = foldPayload(observation.key, observation.storedMetadata, observation.patches);
      if (payload !== undefined) payloads.push(payload);
    }
    deltas.addTraceModels(trace.key.projectNo, trace.key.traceId, trace.models);
  }

  await insertObservations(client, rows);
  await insertObservationPayloads(client, payloads);
  await recomputeLastEnd(
    client,
    entries.filter((trace) => trace.isShrunk).map((trace) => trace.row),
  );
  for (const trace of entries) moveSessionShare(trace, deltas, now);
  await insertTraces(
    client,
    entries.map((trace) => trace.row),
  );
  await insertTracePayloads(client, tracePayloads);
  await writeRollups(client, deltas);
}

interface ObservationEntry {
  readonly key: ObservationKey;
  readonly patches: readonly ObservationPatch[];
  stored?: ObservationRow;
  storedMetadata?: StampedMetadata;
}

interface TraceEntry {
  readonly work: TraceWork;
  readonly key: { projectNo: number; traceId: string; bucket: number };
  readonly lane: number;
  readonly isStored: boolean;
  /** What the stored row adds to its session. */
  readonly storedShare: SessionShare | null;
  /** Becomes the row to write. */
  readonly row: TraceRow;
  /** In bytewise order of their ids. */
  readonly observations: ObservationEntry[];
  /** How this flush changes the sums by model. */
  readonly models: TotalsByModel;
  /** An observation that ended last ends earlier than before. */
  isShrunk: boolean;
}

function newTraceEntry(work: TraceWork, stored: TraceRow | undefined, bucket: number, now: Micros): TraceEntry {
  const row = stored ?? newTraceRow({ projectNo: work.projectNo, traceId: work.traceId }, bucket, now);
  const key = { projectNo: work.projectNo, traceId: work.traceId, bucket: row.bucket };
  const observations = [...work.observations]
    .map(([id, patches]): ObservationEntry => ({ key: { ...key, id }, patches }))
    .sort((a, b) => compareBytewise(a.key.id, b.key.id));
  return {
    work,
    key,
    lane: laneOf(work.projectNo, work.traceId),
    isStored: stored !== undefined,
    storedShare: stored === undefined ? null : sessionShareOf(stored),
    row,
    observations,
    models: new Map(),
    isShrunk: false,
  };
}

/** Only traces that exist can hold observations, and only patches that state metadata need the stored one. */
async function readStoredObservations(client: ClientBase, traces: readonly TraceEntry[]): Promise<void> {
  const known = traces.filter((trace) => trace.isStored).flatMap((trace) => trace.observations);
  if (known.length === 0) return;
  const rows = await selectObservations(
    client,
    known.map((observation) => observation.key),
  );
  known.forEach((observation, i) => (observation.stored = rows[i]));
  const merging = known.filter(
    (observation) =>
      observation.stored !== undefined && observation.patches.some((patch) => patch.metadata !== undefined),
  );
  const metadata = await selectMetadata(
    client,
    merging.map((observation) => observation.key),
  );
  merging.forEach((observation, i) => (observation.storedMetadata = metadata[i]));
}

/** Adds contribution(new row) − contribution(old row) to every sum, each under its own hour and model. */
function count(trace: TraceEntry, deltas: RollupDeltas, stored: ObservationRow | undefined, row: ObservationRow): void {
  const { projectNo } = trace.key;
  const added = contributionOf(row);
  if (stored !== undefined) {
    const removed = contributionOf(stored);
    addTotals(trace.row.totals, removed, -1);
    addByModel(trace.models, removed.model, removed, -1);
    deltas.addUsage(projectNo, trace.lane, removed, -1);
    const isEarlier = removed.lastEnd !== null && (added.lastEnd === null || added.lastEnd < removed.lastEnd);
    if (isEarlier && removed.lastEnd === trace.row.lastEnd) trace.isShrunk = true;
  }
  addTotals(trace.row.totals, added, 1);
  addByModel(trace.models, added.model, added, 1);
  deltas.addUsage(projectNo, trace.lane, added, 1);
  trace.row.firstStart = earliest(trace.row.firstStart, added.firstStart);
  trace.row.lastEnd = latest(trace.row.lastEnd, added.lastEnd);
}

/** Takes the trace's former share out of its former session and puts the present one into the present one. */
function moveSessionShare(trace: TraceEntry, deltas: RollupDeltas, now: Micros): void {
  const before = trace.storedShare;
  const after = sessionShareOf(trace.row);
  if (before !== null) {
    const delta = deltas.addSession(trace.key.projectNo, before, -1, now);
    const stays = after !== null && after.sessionId === before.sessionId;
    if (!stays || isLater(after.firstTime, before.firstTime) || isLater(before.lastTime, after.lastTime))
      delta.isShrunk = true;
  }
  if (after !== null) deltas.addSession(trace.key.projectNo, after, 1, now);
}

function sessionShareOf(row: TraceRow): SessionShare | null {
  const { sessionId } = row.state.values;
  if (sessionId === null || sessionId === undefined) return null;
  const timestamp = timestampOf(row);
  return { sessionId, totals: { ...row.totals }, firstTime: timestamp, lastTime: latest(timestamp, row.lastEnd) };
}

function isLater(a: Micros | null, b: Micros | null): boolean {
  return a !== null && b !== null && a > b;
}
