import { Injectable, Optional } from '@nestjs/common';
import { InvalidInput, NotFound } from '../domain/errors.js';
import { compareBytewise, isStorableText, type JsonText } from '../domain/json.js';
import { type ObservationWithPayload } from '../domain/observation.js';
import { MAX_EXACT_COUNT, type Page, type PageRequest } from '../domain/page.js';
import { type Project } from '../domain/project.js';
import { type TraceDetail, type TraceListItem } from '../domain/trace.js';
import { SnapshotReader } from './pricing/snapshot-reader.js';
import { PromptReader } from './prompts/prompt-reader.js';
import { ReadPool } from './read-pool.js';
import { CappedCounter } from './sql/capped-count.js';
import { type TimeCursor } from './sql/cursor.js';
import { type TraceFilter, type TraceOrder, type TraceParts } from './sql/filter.js';
import { decodeObservation, type ObservationColumns } from './sql/observation-columns.js';
import { pageOf, windowOf } from './sql/paging.js';
import {
  OBSERVATION_IDS_SQL,
  OBSERVATION_PAYLOADS_SQL,
  OBSERVATIONS_SQL,
  TRACE_PAYLOADS_SQL,
  traceListSql,
  traceSql,
} from './sql/trace-statements.js';
import { decodeTrace, type TraceColumns } from './sql/trace-columns.js';
import { whereTraces } from './sql/trace-where.js';
import { whereAfter } from './sql/where.js';

const TIME_COLUMNS = { time: 't.ts', id: 't.trace_id' };
const EVERYTHING: TraceParts = { io: true, observations: true };

interface Payload {
  input: JsonText | null;
  output: JsonText | null;
}

type PayloadBytes = [input: Buffer | null, output: Buffer | null, metadata: Buffer | null];

/**
 * Reads traces. Every statement names the project; lists look payloads and observations up only for the traces of the
 * page, and only when they are asked for. The statements of one call are not one snapshot: a write between them may
 * show in the later one.
 */
@Injectable()
export class TraceReader {
  private readonly counter: CappedCounter;
  private readonly snapshots: SnapshotReader;
  private readonly prompts: PromptReader;

  constructor(
    private readonly pool: ReadPool,
    /** Counts are exact up to here. */
    @Optional() cap: number = MAX_EXACT_COUNT,
  ) {
    this.snapshots = new SnapshotReader(pool);
    this.prompts = new PromptReader(pool);
    this.counter = new CappedCounter(pool, cap);
  }

  /**
   * One page of the traces that `filter` leaves. In timestamp order an index serves it and `nextCursor` is given; other
   * orders sort all traces that match. A page by number costs what it skips.
   * @throws InvalidInput for a cursor that is none, or together with another order than by timestamp.
   */
  async findTraces(
    project: Project,
    filter: TraceFilter,
    page: PageRequest,
    order: TraceOrder,
    parts: TraceParts,
  ): Promise<Page<TraceListItem>> {
    const isByTime = order.key === 'timestamp';
    if (page.cursor !== undefined && !isByTime) {
      throw new InvalidInput('cursor works only in timestamp order', 'cursor');
    }
    const window = windowOf(page);
    const where = whereTraces(project.no, filter);
    const shown = where.copy();
    if (window.after !== undefined) whereAfter(shown, TIME_COLUMNS, window.after, order.direction);
    const [rows, count] = await Promise.all([
      this.pool.query<TraceColumns>(
        traceListSql(shown, order, { ...window, withMetadata: parts.io }),
        shown.parameters,
      ),
      this.counter.count('traces t', where),
    ]);
    const cut = pageOf(rows, window, count, isByTime ? cursorOf : undefined);
    return { ...cut, items: await this.complete(project, cut.items, parts) };
  }

  /**
   * One trace with everything in it, observations by start (by arrival while that is unknown), ties by id.
   * @throws NotFound unless the project has it.
   */
  async getTrace(project: Project, traceId: string, parts: TraceParts = EVERYTHING): Promise<TraceDetail> {
    const rows = isStorableText(traceId)
      ? await this.pool.query<TraceColumns>(traceSql(parts.io), [project.no, traceId])
      : [];
    const row = rows[0];
    if (row === undefined) throw new NotFound(`Trace ${traceId} not found within authorized project`);
    const [payloads, observations] = await Promise.all([
      parts.io ? this.payloads(project, rows) : [],
      parts.observations ? this.observations(project, row, parts.io) : [],
    ]);
    return { ...decodeTrace(row), ...payloads[0], observations };
  }

  private async complete(project: Project, rows: TraceColumns[], parts: TraceParts): Promise<TraceListItem[]> {
    const [payloads, observationIds] = await Promise.all([
      parts.io ? this.payloads(project, rows) : [],
      parts.observations ? this.observationIds(project, rows) : [],
    ]);
    return rows.map((row, i) => ({ ...decodeTrace(row), ...payloads[i], observationIds: observationIds[i] ?? [] }));
  }

  /** At the positions of `rows`; undefined where a trace has none. */
  private async payloads(project: Project, rows: TraceColumns[]): Promise<(Payload | undefined)[]> {
    if (rows.length === 0) return [];
    const found = await this.pool.query<Payload & { n: number }>(TRACE_PAYLOADS_SQL, traceKeys(project, rows));
    const payloads = new Array<Payload | undefined>(rows.length);
    for (const { n, input, output } of found) payloads[n - 1] = { input, output };
    return payloads;
  }

  private async observationIds(project: Project, rows: TraceColumns[]): Promise<string[][]> {
    if (rows.length === 0) return [];
    const found = await this.pool.query<{ n: number; ids: string[] | null }>(
      OBSERVATION_IDS_SQL,
      traceKeys(project, rows),
    );
    const ids = new Array<string[]>(rows.length).fill([]);
    for (const row of found) ids[row.n - 1] = row.ids ?? [];
    return ids;
  }

  private async observations(project: Project, trace: TraceColumns, io: boolean): Promise<ObservationWithPayload[]> {
    const key = [project.no, trace.trace_id, trace.bucket];
    const [rows, payloads] = await Promise.all([
      this.pool.query<ObservationColumns>(OBSERVATIONS_SQL, key),
      io ? this.pool.queryBytes<[Buffer, ...PayloadBytes]>(OBSERVATION_PAYLOADS_SQL, key) : [],
    ]);
    const observations = new Map(rows.map((row) => [row.id, decodeObservation(trace.trace_id, row)]));
    for (const [id, input, output, metadata] of payloads) {
      const observation = observations.get(id.toString());
      if (observation === undefined) continue;
      observation.input = input;
      observation.output = output;
      observation.metadata = metadata;
    }
    await Promise.all([
      this.snapshots.addTo([...observations.values()]),
      this.prompts.linkPrompts(project, [...observations.values()]),
    ]);
    return [...observations.values()].sort(byStart);
  }
}

function cursorOf(row: TraceColumns): TimeCursor {
  return { micros: Number(row.ts), id: row.trace_id };
}

/** Parameters of the statements that look up by keys: project, trace ids and buckets in step, the distinct buckets. */
function traceKeys(project: Project, rows: readonly TraceColumns[]): unknown[] {
  const buckets = rows.map((row) => row.bucket);
  return [project.no, rows.map((row) => row.trace_id), buckets, [...new Set(buckets)]];
}

function byStart(a: ObservationWithPayload, b: ObservationWithPayload): number {
  return (a.startTime ?? a.createdAt) - (b.startTime ?? b.createdAt) || compareBytewise(a.id, b.id);
}
