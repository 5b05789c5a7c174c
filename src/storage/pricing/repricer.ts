import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DATABASE, type DatabaseConnection } from '../../config/database-connection.js';
import { Unavailable } from '../../domain/errors.js';
import { type Observation, type ObservationPatch } from '../../domain/observation.js';
import { type Project } from '../../domain/project.js';
import { type Micros } from '../../domain/time.js';
import { type Cost } from '../../domain/usage.js';
import { micros, toNumber } from '../bulk-insert.js';
import { writerOptions } from '../client-options.js';
import { LANE_COUNT } from '../lane.js';
import { ReadPool } from '../read-pool.js';
import { classifyFault } from '../sql-state.js';
import { decodeCursor, encodeCursor, type TimeCursor } from '../sql/cursor.js';
import { decodeObservation, OBSERVATION_COLUMNS, type ObservationColumns } from '../sql/observation-columns.js';
import { timestampLiteral } from '../sql/where.js';
import { compareWorks, type TraceWork } from '../trace-writer.js';
import { WriteConnection } from '../write-connection.js';
import { callOf } from './observation-call.js';
import { loadOwnPrices } from './own-price-rows.js';
import { PriceBook } from './price-book.js';

/** Which stored data are priced anew. */
export interface RepriceRequest {
  /** Times of traces, both inclusive. */
  readonly from: Micros;
  readonly to: Micros;
  /** Only observations of this model. */
  readonly model?: string;
  /** Where an earlier part stopped. */
  readonly cursor?: string;
}

/** Sums over the observations of one model whose cost differs, be it only in what its input and output cost of it. */
export interface RepricedModel {
  readonly model: string;
  observations: number;
  oldNanoUsd: number;
  newNanoUsd: number;
}

/** One part of a re-pricing. */
export interface RepricePart {
  readonly traces: number;
  /** Model calls that were looked at; those whose cost was stated are none of it. */
  readonly observations: number;
  /** By model, only where costs differ. */
  readonly models: readonly RepricedModel[];
  /** Where the next part begins; undefined after the last one. */
  readonly nextCursor: string | undefined;
}

/** A stored call with what rows alone tell of its cost. */
interface PricedRow {
  readonly seen: Observation;
  readonly inputCostNanoUsd: number | null;
  readonly outputCostNanoUsd: number | null;
  readonly priceTier: number | null;
}

interface CallColumns extends ObservationColumns {
  readonly trace_id: string;
  readonly input_cost_nano_usd: string | null;
  readonly output_cost_nano_usd: string | null;
  readonly price_tier: number | null;
}

interface TraceColumns {
  trace_id: string;
  bucket: number;
  ts: string;
  observation_count: string;
}

/** Traces that are looked up at once. */
const TRACES = 100;
/** Observations held in memory and priced in one transaction, whose locks hold up the writers of its lanes. */
const OBSERVATIONS = 2000;
/** One part goes on for about this long, well within the time limits of proxies. */
const PART_MS = 4000;

// The predicate names the index; see CreateCore.
const TRACES_SQL =
  `SELECT t.trace_id, t.bucket, ${micros('t.ts')} AS ts, t.observation_count FROM traces t ` +
  `WHERE t.project_no = $1 AND t.ts > '-infinity' AND t.ts >= $2::timestamptz AND t.ts <= $3::timestamptz ` +
  'AND ($4::timestamptz IS NULL OR (t.ts, t.trace_id) < ($4::timestamptz, $5::text)) ' +
  `ORDER BY t.ts DESC, t.trace_id DESC LIMIT ${TRACES}`;

const CALLS_SQL =
  `SELECT k.t AS trace_id, o.input_cost_nano_usd, o.output_cost_nano_usd, o.price_tier, ${OBSERVATION_COLUMNS} FROM unnest($2::text[], $3::int4[]) AS k(t, b) CROSS JOIN LATERAL ` +
  '(SELECT * FROM observations r WHERE r.project_no = $1::int4 AND r.trace_id = k.t AND r.bucket = k.b ' +
  `AND r.bucket = ANY($4::int4[]) AND r.type IN ('GENERATION', 'EMBEDDING') AND r.stated_cost IS NULL ` +
  'AND r.usage IS NOT NULL AND ($5::text IS NULL OR coalesce(r.model, r.requested_model) = $5) AND ($6::text IS NULL OR r.id > $6) ' +
  `ORDER BY r.id LIMIT ${OBSERVATIONS}) o`;

/**
 * Prices what is stored by the price list of today, from the newest trace to the oldest. What has the right cost is not
 * written, so that parts may be repeated, and a run that was cut short goes on at its last cursor.
 */
@Injectable()
export class Repricer {
  private isApplying = false;

  constructor(
    private readonly pool: ReadPool,
    private readonly book: PriceBook,
    @Inject(DATABASE) private readonly database: DatabaseConnection,
  ) {}

  /** What `apply` would change. @throws InvalidInput for a cursor that is none. */
  async preview(project: Project, request: RepriceRequest): Promise<RepricePart> {
    return await this.run(project, request, startOf(request));
  }

  /**
   * Changes costs and every sum that they are in, under the locks of all writers.
   * @throws InvalidInput for a cursor that is none, Unavailable while another one runs in this process, or when the database does not take it in time.
   */
  async apply(project: Project, request: RepriceRequest): Promise<RepricePart> {
    const start = startOf(request);
    if (this.isApplying) throw new Unavailable('another re-pricing is running: try again when it is done');
    this.isApplying = true;
    const options = writerOptions(this.database, 'xtrace re-pricing');
    const connection = new WriteConnection(options, randomInt(LANE_COUNT), this.book);
    try {
      return await this.run(project, request, start, connection);
    } catch (error) {
      const fault = classifyFault(error);
      if (fault === 'transient' || fault === 'timeout' || fault === 'exhausted')
        throw new Unavailable('the database did not take the new costs in time: send the same again');
      throw error;
    } finally {
      this.isApplying = false;
      await connection.end();
    }
  }

  private async run(
    project: Project,
    request: RepriceRequest,
    start: TimeCursor | undefined,
    connection?: WriteConnection,
  ): Promise<RepricePart> {
    const untilMs = performance.now() + PART_MS;
    this.book.invalidate();
    await this.book.refresh((revision) => loadOwnPrices((sql) => this.pool.query(sql), revision));
    const models = new Map<string, RepricedModel>();
    let traces = 0;
    let observations = 0;
    let cursor = start;
    do {
      const found = await this.readTraces(project, request, cursor);
      const chunk = firstOf(found);
      let afterId: string | undefined;
      do {
        const calls = await this.readCalls(project, chunk, request.model, afterId);
        const works = this.compare(project, calls, models);
        if (connection !== undefined && works.length > 0) await connection.reprice(works, Date.now());
        observations += calls.length;
        afterId = chunk.length === 1 && calls.length === OBSERVATIONS ? calls.at(-1)!.seen.id : undefined;
      } while (afterId !== undefined);
      traces += chunk.length;
      const last = chunk.at(-1);
      const isDone = last === undefined || (found.length < TRACES && chunk.length === found.length);
      cursor = isDone ? undefined : { micros: Number(last.ts), id: last.trace_id };
    } while (cursor !== undefined && performance.now() < untilMs);
    const nextCursor = cursor === undefined ? undefined : encodeCursor(cursor);
    return { traces, observations, models: [...models.values()], nextCursor };
  }

  private readTraces(project: Project, { from, to }: RepriceRequest, after?: TimeCursor): Promise<TraceColumns[]> {
    const start = after === undefined ? null : timestampLiteral(after.micros);
    return this.pool.query<TraceColumns>(TRACES_SQL, [
      project.no,
      timestampLiteral(from),
      timestampLiteral(to),
      start,
      after?.id ?? null,
    ]);
  }

  private async readCalls(
    project: Project,
    chunk: readonly TraceColumns[],
    model: string | undefined,
    afterId: string | undefined,
  ): Promise<PricedRow[]> {
    if (chunk.length === 0) return [];
    const buckets = chunk.map(({ bucket }) => bucket);
    const rows = await this.pool.query<CallColumns>(CALLS_SQL, [
      project.no,
      chunk.map((trace) => trace.trace_id),
      buckets,
      [...new Set(buckets)],
      model ?? null,
      afterId ?? null,
    ]);
    return rows.map((row) => ({
      seen: decodeObservation(row.trace_id, row),
      inputCostNanoUsd: toNumber(row.input_cost_nano_usd),
      outputCostNanoUsd: toNumber(row.output_cost_nano_usd),
      priceTier: row.price_tier,
    }));
  }

  /** Adds what differs to `models`, and returns what has to be written. */
  private compare(project: Project, calls: readonly PricedRow[], models: Map<string, RepricedModel>): TraceWork[] {
    const works = new Map<string, Map<string, readonly ObservationPatch[]>>();
    for (const call of calls) {
      const { seen } = call;
      const priced = this.book.price(callOf(project.no, seen))?.cost;
      if (isPricedAs(call, priced)) continue;
      const cost = priced?.costNanoUsd ?? null;
      const name = seen.model ?? seen.requestedModel ?? '';
      const sums = models.get(name) ?? { model: name, observations: 0, oldNanoUsd: 0, newNanoUsd: 0 };
      models.set(name, sums);
      sums.observations += 1;
      sums.oldNanoUsd += seen.costNanoUsd ?? 0;
      sums.newNanoUsd += cost ?? 0;
      const ofTrace = works.get(seen.traceId) ?? new Map<string, readonly ObservationPatch[]>();
      works.set(seen.traceId, ofTrace.set(seen.id, []));
    }
    return [...works]
      .map(([traceId, observations]) => ({ projectNo: project.no, traceId, patches: [], observations }))
      .sort(compareWorks);
  }
}

/** Where the part begins; undefined at the newest trace. @throws InvalidInput */
function startOf({ cursor }: RepriceRequest): TimeCursor | undefined {
  return cursor === undefined ? undefined : decodeCursor(cursor);
}

/** The total alone does not tell: rows of earlier versions may lack the rest, or have it by other tiers. */
function isPricedAs(call: PricedRow, priced: Cost | undefined): boolean {
  return (
    call.seen.costNanoUsd === (priced?.costNanoUsd ?? null) &&
    call.inputCostNanoUsd === (priced?.inputCostNanoUsd ?? null) &&
    call.outputCostNanoUsd === (priced?.outputCostNanoUsd ?? null) &&
    call.priceTier === (priced?.tierIndex ?? null)
  );
}

/** As many of the first traces as have no more observations than one transaction should take; at least one. */
function firstOf(traces: readonly TraceColumns[]): readonly TraceColumns[] {
  let observations = 0;
  const end = traces.findIndex((trace, i) => {
    observations += Number(trace.observation_count);
    return i > 0 && observations > OBSERVATIONS;
  });
  return end === -1 ? traces : traces.slice(0, end);
}
