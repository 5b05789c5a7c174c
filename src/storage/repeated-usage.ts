import { type ClientBase } from 'pg';
import {
  hasTokens,
  hasUsage,
  isModelCall,
  isSameCall,
  judgeUsage,
  repeatedByType,
  type UsageNode,
} from '../domain/repeated-usage.js';
import { encodeArray } from './binary-array.js';
import { micros, toNumber } from './bulk-insert.js';
import { KEYED, keyParameters, type ObservationKey, type ObservationRow, SAME_KEY } from './observation-table.js';
import { type ContributingRow } from './rollup.js';
import { type StatementBatch } from './statement-batch.js';
import { type TraceRow } from './trace-table.js';

/**
 * Keeps `repeated` of every observation what repeated-usage.ts of the domain says of its whole trace, while the trace
 * comes in piece by piece. A trace that is new is judged from what is at hand. Of a stored one all observations are
 * read again only where what came may change the judgement; else nothing is read, or the parents of model calls by key.
 */

/** A trace of a flush: what is stored of it and what its observations become. */
export interface TraceChange {
  readonly key: { readonly projectNo: number; readonly traceId: string; readonly bucket: number };
  readonly isStored: boolean;
  readonly row: TraceRow;
  readonly observations: readonly ObservationChange[];
}

export interface ObservationChange {
  readonly stored?: ObservationRow | undefined;
  readonly row: ObservationRow;
}

/** A stored observation that is not in the flush and is summed differently from now on. */
export interface Rejudged {
  readonly key: ObservationKey;
  readonly before: ContributingRow;
  readonly after: ContributingRow;
}

/**
 * With this many, a trace counts as open instead, and is read again with every flush: the list is rewritten as often.
 * Model calls whose parents have not ended yet are rarely more than some dozens.
 */
const MAX_AWAITED_PARENTS = 128;

/** Sets `repeated` in the rows of `traces`, and what their own rows have to remember; returns what changes besides, by trace. */
export async function judgeRepeatedUsage(
  client: ClientBase,
  traces: readonly TraceChange[],
): Promise<ReadonlyMap<TraceChange, Rejudged[]>> {
  const toRead: TraceChange[] = [];
  const toLookUp: ParentLookUp[] = [];
  for (const trace of traces) {
    if (!trace.isStored) judgeNew(trace);
    else if (mayChange(trace)) toRead.push(trace);
    else judgeAlone(trace, toLookUp);
  }
  if (toLookUp.length > 0) toRead.push(...(await lookUpParents(client, toLookUp)));
  return toRead.length === 0 ? new Map() : judgeWhole(client, toRead);
}

function judgeNew(trace: TraceChange): void {
  if (!trace.observations.some(({ row }) => hasUsage(row))) return;
  setJudgement(
    trace,
    trace.observations.map(({ row }) => row),
  );
}

/** Whether what came to a stored trace may change what its other observations count. May err towards true. */
function mayChange({ row: trace, observations }: TraceChange): boolean {
  const { awaitedParents, isUsageOpen } = trace;
  for (const { stored, row } of observations) {
    const isMoved = stored !== undefined && stored.parentId !== row.parentId;
    if (stored !== undefined && hasUsage(stored)) {
      if (isMoved || !isSameUsage(stored, row)) return true;
      continue;
    }
    if (isMoved && stored.parentId !== null) return true;
    // Calls below it were not waiting for it.
    if (stored !== undefined && !isModelCall(stored) && isModelCall(row)) return true;
    if (isUsageOpen && (stored === undefined || isMoved || hasUsage(row))) return true;
    if (!hasUsage(row)) continue;
    if (row.type === 'AGENT') return true;
    if (isModelCall(row) && awaitedParents.has(row.id)) return true;
  }
  return false;
}

function isSameUsage(a: UsageNode, b: UsageNode): boolean {
  return (
    a.type === b.type &&
    a.model === b.model &&
    a.inputTokens === b.inputTokens &&
    a.outputTokens === b.outputTokens &&
    a.totalTokens === b.totalTokens &&
    a.costNanoUsd === b.costNanoUsd
  );
}

/** A model call whose parent is not in its flush. */
interface ParentLookUp {
  readonly trace: TraceChange;
  readonly child: UsageNode;
  readonly parent: ObservationKey;
}

/** Nothing that came changes what others count; what it counts itself depends on its type and its parent only. */
function judgeAlone(trace: TraceChange, toLookUp: ParentLookUp[]): void {
  const { awaitedParents } = trace.row;
  let rows: Map<string, UsageNode> | undefined;
  for (const { stored, row } of trace.observations) {
    if (awaitedParents.size > 0 && !isModelCall(row)) awaitedParents.delete(row.id);
    if (!hasUsage(row) || (stored !== undefined && hasUsage(stored))) continue;
    row.repeated = repeatedByType(row) || null;
    const parentId = parentOfCall(row);
    if (parentId === undefined || awaitedParents.has(parentId)) continue;
    rows ??= new Map(trace.observations.map((one) => [one.row.id, one.row]));
    const parent = rows.get(parentId);
    if (parent === undefined) toLookUp.push({ trace, child: row, parent: { ...trace.key, id: parentId } });
    // It repeats this one: found below, where the whole trace is read.
    else if (isSameCall(parent, row)) toLookUp.push({ trace, child: row, parent: { ...trace.key, id: parentId } });
    else if (isAwaited(parent)) awaitedParents.add(parentId);
  }
  limitAwaited(trace.row);
}

/** The parent of which `node` may be a repetition. */
function parentOfCall(node: UsageNode): string | undefined {
  const { parentId } = node;
  return parentId !== null && parentId !== node.id && isModelCall(node) && hasTokens(node) ? parentId : undefined;
}

/** Whether an observation, or one that is not there, may yet state the usage of a call below it. */
function isAwaited(parent: UsageNode | undefined): boolean {
  return parent === undefined || (isModelCall(parent) && !hasTokens(parent));
}

function limitAwaited(trace: TraceRow): void {
  if (trace.awaitedParents.size <= MAX_AWAITED_PARENTS) return;
  trace.awaitedParents.clear();
  trace.isUsageOpen = true;
}

function setJudgement(trace: TraceChange, nodes: readonly UsageNode[]): ReadonlyMap<string, number> {
  const { repeated, isOpen } = judgeUsage(nodes);
  for (const { row } of trace.observations) row.repeated = repeated.get(row.id) ?? null;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const { row } = trace;
  row.isUsageOpen = isOpen;
  row.awaitedParents.clear();
  for (const node of nodes) {
    const parentId = parentOfCall(node);
    if (parentId !== undefined && isAwaited(byId.get(parentId))) row.awaitedParents.add(parentId);
  }
  limitAwaited(row);
  return repeated;
}

const NODE_COLUMNS =
  'o.id, o.parent_observation_id, o.type, o.model, o.input_tokens, o.output_tokens, o.total_tokens, o.cost_nano_usd';

interface NodeColumns {
  n: number;
  id: string;
  parent_observation_id: string | null;
  type: string | null;
  model: string | null;
  input_tokens: string | null;
  output_tokens: string | null;
  total_tokens: string | null;
  cost_nano_usd: string | null;
}

function decodeNode(columns: NodeColumns): UsageNode {
  return {
    id: columns.id,
    parentId: columns.parent_observation_id,
    type: columns.type,
    model: columns.model,
    inputTokens: toNumber(columns.input_tokens),
    outputTokens: toNumber(columns.output_tokens),
    totalTokens: toNumber(columns.total_tokens),
    costNanoUsd: toNumber(columns.cost_nano_usd),
  };
}

const SELECT_PARENTS =
  `SELECT k.n::int4 AS n, o.* FROM ${KEYED} CROSS JOIN LATERAL (SELECT ${NODE_COLUMNS} ` +
  `FROM observations o WHERE ${SAME_KEY} LIMIT 1) o`;

/** The traces that have to be read whole, because a call came in below another that looks the same. */
async function lookUpParents(client: ClientBase, lookUps: readonly ParentLookUp[]): Promise<Set<TraceChange>> {
  const found = await client.query<NodeColumns>({
    name: 'select parents',
    text: SELECT_PARENTS,
    values: keyParameters(lookUps.map(({ parent }) => parent)),
  });
  const parents = new Array<UsageNode | undefined>(lookUps.length);
  for (const row of found.rows) parents[row.n - 1] = decodeNode(row);
  const toRead = new Set<TraceChange>();
  lookUps.forEach(({ trace, child, parent: { id } }, i) => {
    const inFlush = trace.observations.find(({ row }) => row.id === id);
    const parent = inFlush === undefined ? parents[i] : inFlush.row;
    if (parent !== undefined && isSameCall(parent, child)) toRead.add(trace);
    else if (isAwaited(parent)) trace.row.awaitedParents.add(id);
  });
  for (const { trace } of lookUps) limitAwaited(trace.row);
  return toRead;
}

const SELECT_NODES =
  `SELECT k.n::int4 AS n, o.* FROM unnest($1::int4[], $2::text[], $3::int4[]) WITH ORDINALITY AS k(p, t, b, n) ` +
  `CROSS JOIN LATERAL (SELECT ${NODE_COLUMNS}, o.repeated, ${micros('o.start_time')} AS start_time, ` +
  `${micros('o.created_at')} AS created_at ` +
  `FROM observations o WHERE o.project_no = k.p AND o.trace_id = k.t AND o.bucket = k.b) o`;

interface SummedColumns extends NodeColumns {
  repeated: number | null;
  start_time: string | null;
  created_at: string;
}

async function judgeWhole(
  client: ClientBase,
  traces: readonly TraceChange[],
): Promise<ReadonlyMap<TraceChange, Rejudged[]>> {
  const stored = await client.query<SummedColumns>({
    name: 'select usage of traces',
    text: SELECT_NODES,
    values: [
      encodeArray(
        'key.project_no',
        'int4',
        traces.map(({ key }) => key.projectNo),
      ),
      encodeArray(
        'key.trace_id',
        'text',
        traces.map(({ key }) => key.traceId),
      ),
      encodeArray(
        'key.bucket',
        'int4',
        traces.map(({ key }) => key.bucket),
      ),
    ],
  });
  const rowsOf = traces.map((): SummedColumns[] => []);
  for (const row of stored.rows) rowsOf[row.n - 1]!.push(row);

  const rejudged = new Map<TraceChange, Rejudged[]>();
  traces.forEach((trace, i) => {
    const inFlush = new Set(trace.observations.map(({ row }) => row.id));
    const others = rowsOf[i]!.filter(({ id }) => !inFlush.has(id));
    const nodes = [...trace.observations.map(({ row }) => row), ...others.map(decodeNode)];
    const repeated = setJudgement(trace, nodes);
    const changed = others.filter((row) => row.repeated !== (repeated.get(row.id) ?? null));
    if (changed.length === 0) return;
    rejudged.set(
      trace,
      changed.map((row) => ({
        key: { ...trace.key, id: row.id },
        before: contributing(row, row.repeated),
        after: contributing(row, repeated.get(row.id) ?? null),
      })),
    );
  });
  return rejudged;
}

/** Enough for the difference that `repeated` makes; the rest stays the same. */
function contributing(columns: SummedColumns, repeated: number | null): ContributingRow {
  return {
    ...decodeNode(columns),
    startTime: toNumber(columns.start_time),
    endTime: null,
    createdAt: Number(columns.created_at),
    level: null,
    repeated,
  };
}

const UPDATE_REPEATED =
  `UPDATE observations o SET repeated = nullif(x.r, 0) FROM (SELECT unnest($1::int4[]) AS p, unnest($2::text[]) AS t, ` +
  `unnest($3::text[]) AS i, unnest($4::int4[]) AS b, unnest($5::int4[]) AS r) x ` +
  `WHERE o.project_no = x.p AND o.trace_id = x.t AND o.id = x.i AND o.bucket = x.b`;

export function writeRepeated(batch: StatementBatch, rejudged: readonly Rejudged[]): void {
  if (rejudged.length === 0) return;
  batch.add({
    name: 'update repeated usage',
    text: UPDATE_REPEATED,
    values: [
      ...keyParameters(rejudged.map(({ key }) => key)),
      encodeArray(
        'observations.repeated',
        'int4',
        rejudged.map(({ after }) => after.repeated ?? 0),
      ),
    ],
  });
}
