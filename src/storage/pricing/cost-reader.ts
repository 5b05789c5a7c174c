import { Injectable } from '@nestjs/common';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { isStorableText, type JsonText } from '../../domain/json.js';
import { type Observation } from '../../domain/observation.js';
import { type PriceSnapshot } from '../../domain/price.js';
import { type Project } from '../../domain/project.js';
import { ReadPool } from '../read-pool.js';
import { decodeObservation, OBSERVATION_COLUMNS, type ObservationColumns } from '../sql/observation-columns.js';
import { callOf } from './observation-call.js';
import { loadOwnPrices } from './own-price-rows.js';
import { PriceBook } from './price-book.js';
import { SnapshotReader } from './snapshot-reader.js';

/** What explains the cost of one observation. */
export interface ObservationCost {
  readonly observation: Observation;
  /** What the price list of today says of the call; undefined when it has no price for it. */
  readonly present: { readonly price: PriceSnapshot; readonly costNanoUsd: number | null } | undefined;
  /** How its usage was counted, where the mapping of its span recorded it. */
  readonly usageNote: JsonText | null;
}

/** Key of the metadata under which a mapping records how usage was counted. */
export const USAGE_NOTE = 'usageCounting';

/** Reads what a cost is made of. */
@Injectable()
export class CostReader {
  constructor(
    private readonly pool: ReadPool,
    private readonly snapshots: SnapshotReader,
    private readonly book: PriceBook,
  ) {}

  /**
   * @param traceId needed only where several traces have an observation of this id.
   * @throws NotFound unless the project has it, InvalidInput naming `traceId` when it must be told.
   */
  async getCost(project: Project, id: string, traceId?: string): Promise<ObservationCost> {
    type Row = ObservationColumns & { trace_id: string; metadata: JsonText | null };
    const rows = isStorableText(id)
      ? await this.pool.query<Row>(
          `SELECT o.trace_id, ${OBSERVATION_COLUMNS}, p.metadata FROM observations o ` +
            'LEFT JOIN observation_payloads p USING (project_no, trace_id, id, bucket) ' +
            `WHERE o.id = $2 AND o.id > '' AND o.project_no = $1 AND ($3::text IS NULL OR o.trace_id = $3) LIMIT 2`,
          [project.no, id, traceId ?? null],
        )
      : [];
    const [row, another] = rows;
    if (row === undefined) throw new NotFound(`Observation ${id} not found within authorized project`);
    if (another !== undefined) {
      throw new InvalidInput('several traces have an observation of this id: name the trace as traceId', 'traceId');
    }
    const observation = decodeObservation(row.trace_id, row);
    if (observation.priceKey !== null) {
      observation.price = (await this.snapshots.read([observation.priceKey])).get(observation.priceKey) ?? null;
    }
    await this.book.refresh((revision) => loadOwnPrices((sql) => this.pool.query(sql), revision));
    const call = callOf(project.no, observation);
    const price = this.book.find(call);
    const present =
      price === undefined
        ? undefined
        : { price: price.snapshot, costNanoUsd: this.book.price(call)?.cost.costNanoUsd ?? null };
    return { observation, present, usageNote: readNote(row.metadata) };
  }
}

function readNote(metadata: JsonText | null): JsonText | null {
  if (metadata === null) return null;
  const note = (JSON.parse(metadata) as Record<string, unknown>)[USAGE_NOTE];
  return note === undefined ? null : JSON.stringify(note);
}
