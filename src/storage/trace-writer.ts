import { type ClientBase } from 'pg';
import { compareBytewise } from '../domain/json.js';
import { type StampedMetadata } from '../domain/merge.js';
import { type ObservationPatch } from '../domain/observation.js';
import { type Micros } from '../domain/time.js';
import { type TracePatch } from '../domain/trace.js';
import {
  type FoldContext,
  foldObservation,
  writeObservations,
  type ObservationKey,
  type ObservationRow,
  selectObservations,
} from './observation-table.js';
import {
  foldPayload,
  foldTracePayload,
  writeObservationPayloads,
  insertTracePayloads,
  type ObservationPayloadRow,
  selectMetadata,
  type TracePayloadRow,
} from './payload-tables.js';
import { type KeyedPrice, type PriceBook } from './pricing/price-book.js';
import { insertSnapshots } from './pricing/price-snapshots.js';
import { judgeRepeatedUsage, type Rejudged, type TraceChange, writeRepeated } from './repeated-usage.js';
import { addTotals, type ContributingRow, contributionOf, earliest, hourOf, latest } from './rollup.js';
import { RollupDeltas, type SessionShare, writeRollups } from './rollup-tables.js';
import { type BinaryStatement, StatementBatch } from './statement-batch.js';
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

/** What a flush comes with besides its works. */
export interface WriteContext {
  readonly nowMs: number;
  /** Usage is counted in the rows of this lane; a writer with a number of its own waits for no other one there. */
  readonly usageLane: number;
  /** Undefined: nothing has a price. */
  readonly prices?: PriceBook | undefined;
  /** Prices the observations of the works anew, whose patches are empty; what is not stored is left out. */
  readonly isRepricing?: boolean;
  /** Runs behind all the rest. */
  readonly last?: BinaryStatement | undefined;
}

/**
 * Merges `works` into the tables: reads what is stored, folds the patches into it, writes rows and payloads, adds the
 * differences to all sums, and runs `last`. Runs inside the caller's transaction, which holds the lane
 * locks of every trace in `works`; the locks make "read, then write" safe. `works` are distinct and in the order of
 * `compareWorks`. Nothing in them changes, so all or part of them can be written again after a roll-back to a savepoint.
 * Returns the keys of the price snapshots that it wrote.
 */
export async function writeTraces(
  client: ClientBase,
  works: readonly TraceWork[],
  { nowMs, usageLane, prices, isRepricing = false, last }: WriteContext,
): Promise<number[]> {
  const now: Micros = nowMs * 1000;
  const stored = await selectTraces(client, works, now);
  const all = works.map((work, i) => newTraceEntry(work, stored[i], bucketAt(nowMs), now));
  await readStoredObservations(client, all);
  const entries = isRepricing ? storedOnly(all) : all;

  const [added, changed] = foldObservations(entries, { now, prices, isRepricing });
  const deltas = new RollupDeltas();
  const snapshots = newSnapshots([...added, ...changed], prices);
  const rejudged = await countObservations(client, entries as FoldedEntry[], deltas);
  const writeRows = (batch: StatementBatch): void => {
    insertSnapshots(batch, snapshots, now);
    writeObservations(batch, added, changed);
    writeRepeated(batch, rejudged);
    writeObservationPayloads(batch, ...foldPayloads(entries));
  };
  const writeSums = (batch: StatementBatch): void => {
    foldTraces(entries, deltas, now);
    insertTraces(
      batch,
      entries.map((trace) => trace.row),
    );
    insertTracePayloads(batch, foldTracePayloads(entries));
    writeRollups(batch, deltas, usageLane);
    if (last !== undefined) batch.add(last);
  };
  const shrunk = entries.filter((trace) => trace.isShrunk).map((trace) => trace.row);
  if (shrunk.length > 0) {
    await StatementBatch.run(client, writeRows);
    await recomputeLastEnd(client, shrunk);
    await StatementBatch.run(client, writeSums);
  } else {
    await StatementBatch.run(client, (batch) => {
      writeRows(batch);
      writeSums(batch);
    });
  }
  return snapshots.map(({ key }) => key);
}

/** What a re-pricing may touch: it changes costs and makes nothing. */
function storedOnly(traces: readonly TraceEntry[]): TraceEntry[] {
  return traces
    .filter((trace) => trace.isStored)
    .map((trace) => ({ ...trace, observations: trace.observations.filter(({ stored }) => stored !== undefined) }));
}

/** The prices of `rows` that may not be stored yet, in the order in which every writer inserts them. */
function newSnapshots(rows: readonly ObservationRow[], prices: PriceBook | undefined): KeyedPrice[] {
  const found = new Map<number, KeyedPrice>();
  for (const { price } of rows) if (price !== undefined && prices?.isNew(price.key)) found.set(price.key, price);
  return [...found.values()].sort((a, b) => a.key - b.key);
}

interface ObservationEntry {
  readonly key: ObservationKey;
  readonly patches: readonly ObservationPatch[];
  /** What is to be written. */
  row?: ObservationRow;
  stored?: ObservationRow;
  storedMetadata?: StampedMetadata;
}

type FoldedEntry = TraceEntry & TraceChange;

interface TraceEntry {
  readonly work: TraceWork;
  readonly key: { projectNo: number; traceId: string; bucket: number };
  readonly isStored: boolean;
  /** Hour of the stored row's timestamp. */
  readonly storedHour: Micros | undefined;
  /** What the stored row adds to its session. */
  readonly storedShare: SessionShare | null;
  /** Becomes the row to write. */
  readonly row: TraceRow;
  /** In bytewise order of their ids. */
  readonly observations: ObservationEntry[];
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
    isStored: stored !== undefined,
    storedHour: stored === undefined ? undefined : hourOf(timestampOf(stored)),
    storedShare: stored === undefined ? null : sessionShareOf(stored),
    row,
    observations,
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

/** The rows that are not stored yet and those that are. */
function foldObservations(
  traces: readonly TraceEntry[],
  context: FoldContext,
): [added: ObservationRow[], changed: ObservationRow[]] {
  const added: ObservationRow[] = [];
  const changed: ObservationRow[] = [];
  for (const trace of traces) {
    for (const entry of trace.observations) {
      entry.row = foldObservation(entry.key, entry.stored, entry.patches, context);
      (entry.stored === undefined ? added : changed).push(entry.row);
    }
  }
  return [added, changed];
}

/** Adds the difference to what is stored to every sum. Returns what else of these traces counts differently now. */
async function countObservations(
  client: ClientBase,
  traces: readonly FoldedEntry[],
  deltas: RollupDeltas,
): Promise<Rejudged[]> {
  const rejudged = await judgeRepeatedUsage(client, traces);
  for (const trace of traces) {
    for (const { stored, row } of trace.observations) count(trace, deltas, stored, row);
    for (const { before, after } of rejudged.get(trace) ?? []) count(trace, deltas, before, after);
  }
  return [...rejudged.values()].flat();
}

/** An observation that is not stored yet has no payload either. */
function foldPayloads(
  traces: readonly TraceEntry[],
): [added: ObservationPayloadRow[], changed: ObservationPayloadRow[]] {
  const added: ObservationPayloadRow[] = [];
  const changed: ObservationPayloadRow[] = [];
  for (const trace of traces) {
    for (const { key, stored, storedMetadata, patches } of trace.observations) {
      const row = foldPayload(key, storedMetadata, patches);
      if (row !== undefined) (stored === undefined ? added : changed).push(row);
    }
  }
  return [added, changed];
}

function foldTracePayloads(traces: readonly TraceEntry[]): TracePayloadRow[] {
  return traces.flatMap((trace) => foldTracePayload(trace.key, trace.work.patches) ?? []);
}

/** Folds what is said about the traces themselves; their sums and bounds are up to date. */
function foldTraces(traces: readonly TraceEntry[], deltas: RollupDeltas, now: Micros): void {
  for (const trace of traces) {
    applyTracePatches(trace.row, trace.work.patches);
    countTrace(trace, deltas);
    moveSessionShare(trace, deltas, now);
  }
}

/** Adds contribution(new row) − contribution(old row) to every sum, each under its own hour and model. */
function count(
  trace: TraceEntry,
  deltas: RollupDeltas,
  stored: ContributingRow | undefined,
  row: ContributingRow,
): void {
  const { projectNo } = trace.key;
  const added = contributionOf(row);
  if (stored !== undefined) {
    const removed = contributionOf(stored);
    addTotals(trace.row.totals, removed, -1);
    trace.row.usage.add(removed, -1);
    deltas.addUsage(projectNo, removed, -1);
    const isEarlier = removed.lastEnd !== null && (added.lastEnd === null || added.lastEnd < removed.lastEnd);
    if (isEarlier && removed.lastEnd === trace.row.lastEnd) trace.isShrunk = true;
  }
  addTotals(trace.row.totals, added, 1);
  trace.row.usage.add(added, 1);
  deltas.addUsage(projectNo, added, 1);
  trace.row.firstStart = earliest(trace.row.firstStart, added.firstStart);
  trace.row.lastEnd = latest(trace.row.lastEnd, added.lastEnd);
}

/** Counts the trace in the hour of its timestamp and among the traces of its models, once its observations are counted. */
function countTrace({ key: { projectNo }, row, storedHour }: TraceEntry, deltas: RollupDeltas): void {
  const hour = hourOf(timestampOf(row));
  if (hour !== storedHour) {
    if (storedHour !== undefined) deltas.addTrace(projectNo, storedHour, -1);
    deltas.addTrace(projectNo, hour, 1);
  }
  for (const change of row.usage.presenceChanges()) deltas.addModelTrace(projectNo, change);
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

/** What the trace of `row` adds to its session. */
export function sessionShareOf(row: TraceRow): SessionShare | null {
  const { sessionId } = row.state.values;
  if (sessionId === null || sessionId === undefined) return null;
  const timestamp = timestampOf(row);
  return { sessionId, totals: { ...row.totals }, firstTime: timestamp, lastTime: latest(timestamp, row.lastEnd) };
}

function isLater(a: Micros | null, b: Micros | null): boolean {
  return a !== null && b !== null && a > b;
}
