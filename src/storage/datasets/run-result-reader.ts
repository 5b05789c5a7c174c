import { Injectable } from '@nestjs/common';
import { type DatasetRun, type DatasetRunItem } from '../../domain/dataset.js';
import { type Project } from '../../domain/project.js';
import { COST, TOKENS } from '../../domain/repeated-usage.js';
import {
  figuresBelow,
  type RunResult,
  type RunScore,
  type WorkFigures,
  type WorkNode,
} from '../../domain/run-result.js';
import { micros, toNumber } from '../bulk-insert.js';
import { ReadPool } from '../read-pool.js';
import { COST_SQL, LATENCY_SQL } from '../sql/trace-figures.js';
import { MAX_RUN_ITEMS_SHOWN } from './dataset-run-store.js';
import { type RowOf, RUN_ITEM_COLUMNS, toRunItem } from './dataset-rows.js';
import { type ScoreRow, SCORES_OF_RUNS_SQL, SCORES_OF_WORK_SQL, scoresByPosition } from './result-scores.js';

/** Scores that are read of one item, the newest; evaluators give some. */
const MAX_SCORES_PER_ITEM = 100;
const MAX_SCORES_OF_RUN = 1000;
/** Characters of a preview, of JSON as it is stored. */
export const MAX_PREVIEW_CHARACTERS = 500;

const NOTHING: WorkFigures = {
  latencySeconds: null,
  costNanoUsd: null,
  inputTokens: null,
  outputTokens: null,
  totalTokens: null,
  errorCount: null,
};

/** What an item said and what became of it, cut to `MAX_PREVIEW_CHARACTERS` and therefore no JSON. */
export interface ResultPreview {
  readonly input: string | null;
  readonly expectedOutput: string | null;
  readonly output: string | null;
}

interface TraceRow {
  readonly bucket: number;
  readonly figures: WorkFigures;
}

/** Reads what became of the items of runs: scores, latency and cost, by the keys of their traces. */
@Injectable()
export class RunResultReader {
  constructor(private readonly pool: ReadPool) {}

  /**
   * The first 10,000 items of a run in the order they were tried, each with its figures. An item that names an observation
   * which is not the root of its trace has those of that observation and what is below it; any other, those of its trace.
   */
  async read(project: Project, run: DatasetRun): Promise<{ results: RunResult[]; isCapped: boolean }> {
    const rows = await this.pool.query<RowOf<DatasetRunItem>>(
      `SELECT ${RUN_ITEM_COLUMNS} FROM dataset_run_items x, (SELECT $3::text AS name) r ` +
        `WHERE x.project_no = $1 AND x.run_id = $2 ORDER BY x.created_at, x.id LIMIT ${MAX_RUN_ITEMS_SHOWN + 1}`,
      [project.no, run.id, run.name],
    );
    const items = rows.slice(0, MAX_RUN_ITEMS_SHOWN).map(toRunItem);
    const [traces, scores] = await Promise.all([this.traces(project, items), this.scores(project, items)]);
    const parts = await this.partsOf(project, items, traces);
    const results = items.map((runItem, i) => {
      const trace = traces.get(runItem.traceId);
      const part = runItem.observationId === null ? undefined : parts.get(runItem.id);
      return {
        runItem,
        hasTrace: trace !== undefined,
        figures: part ?? trace?.figures ?? NOTHING,
        scores: scores[i]!,
      };
    });
    return { results, isCapped: rows.length > items.length };
  }

  /** The scores of a run as a whole, the newest first. */
  async runScores(project: Project, run: DatasetRun): Promise<RunScore[]> {
    const parameters = [project.no, [run.id], MAX_SCORES_OF_RUN];
    const rows = await this.pool.query<ScoreRow & { n: number }>(SCORES_OF_RUNS_SQL, parameters);
    return scoresByPosition(rows, 1)[0]!;
  }

  /** Previews of some items, at their positions. */
  async previews(project: Project, items: readonly DatasetRunItem[]): Promise<ResultPreview[]> {
    if (items.length === 0) return [];
    const cut = `${MAX_PREVIEW_CHARACTERS + 1}`;
    const rows = await this.pool.query<ResultPreview & { n: number }>(
      `SELECT k.n::int4 AS n, left(i.input, ${cut}) AS input, left(i.expected_output, ${cut}) AS "expectedOutput", ` +
        `left(coalesce(o.output, p.output), ${cut}) AS output ` +
        'FROM unnest($2::text[], $3::text[], $4::text[], $5::int8[]) WITH ORDINALITY AS k(item, t, o, version, n) ' +
        'LEFT JOIN LATERAL (SELECT * FROM dataset_items i WHERE i.project_no = $1 AND i.id = k.item ' +
        "AND i.valid_from = to_timestamp(0) + k.version * interval '1 microsecond' LIMIT 1) i ON true " +
        'LEFT JOIN LATERAL (SELECT t.bucket FROM traces t WHERE t.project_no = $1 AND t.trace_id = k.t LIMIT 1) t ON true ' +
        'LEFT JOIN LATERAL (SELECT p.output FROM observation_payloads p WHERE p.project_no = $1 AND p.trace_id = k.t ' +
        'AND p.id = k.o AND p.bucket = t.bucket LIMIT 1) o ON true ' +
        'LEFT JOIN LATERAL (SELECT p.output FROM trace_payloads p WHERE p.project_no = $1 AND p.trace_id = k.t ' +
        'AND p.bucket = t.bucket LIMIT 1) p ON true',
      [
        project.no,
        items.map((item) => item.datasetItemId),
        items.map((item) => item.traceId),
        items.map((item) => item.observationId),
        items.map((item) => item.itemVersion),
      ],
    );
    const previews = new Array<ResultPreview>(items.length);
    for (const { n, ...preview } of rows) previews[n - 1] = preview;
    return previews;
  }

  private async traces(project: Project, items: readonly DatasetRunItem[]): Promise<ReadonlyMap<string, TraceRow>> {
    const ids = [...new Set(items.map(({ traceId }) => traceId))];
    if (ids.length === 0) return new Map();
    type Row = Record<'input_tokens' | 'output_tokens' | 'total_tokens' | 'error_count', string> & {
      id: string;
      bucket: number;
      latency: number;
      cost: number;
      has_latency: boolean;
    };
    const rows = await this.pool.query<Row>(
      `SELECT t.trace_id AS id, t.bucket, ${LATENCY_SQL} AS latency, ${COST_SQL} AS cost, ` +
        '(t.last_end IS NOT NULL OR t.stated_latency_seconds IS NOT NULL) AS has_latency, t.input_tokens, t.output_tokens, ' +
        't.total_tokens, t.error_count FROM unnest($2::text[]) AS k(t) CROSS JOIN LATERAL ' +
        '(SELECT * FROM traces t WHERE t.project_no = $1 AND t.trace_id = k.t LIMIT 1) t',
      [project.no, ids],
    );
    return new Map(
      rows.map((row) => [
        row.id,
        {
          bucket: row.bucket,
          figures: {
            latencySeconds: row.has_latency ? row.latency : null,
            costNanoUsd: Math.round(row.cost * 1e9),
            inputTokens: Number(row.input_tokens),
            outputTokens: Number(row.output_tokens),
            totalTokens: Number(row.total_tokens),
            errorCount: Number(row.error_count),
          },
        },
      ]),
    );
  }

  /** Figures by run item, of those that name an observation inside of a trace. */
  private async partsOf(
    project: Project,
    items: readonly DatasetRunItem[],
    traces: ReadonlyMap<string, TraceRow>,
  ): Promise<ReadonlyMap<string, WorkFigures>> {
    const named = items.filter(({ traceId, observationId }) => observationId !== null && traces.has(traceId));
    const nested = await this.findNested(project, named, traces);
    const nodes = await this.nodes(project, nested, traces);
    const parts = new Map<string, WorkFigures>();
    for (const item of nested) {
      const figures = figuresBelow(item.observationId!, nodes.get(item.traceId) ?? []);
      if (figures !== undefined) parts.set(item.id, figures);
    }
    return parts;
  }

  private async findNested(
    project: Project,
    items: readonly DatasetRunItem[],
    traces: ReadonlyMap<string, TraceRow>,
  ): Promise<DatasetRunItem[]> {
    if (items.length === 0) return [];
    const buckets = items.map(({ traceId }) => traces.get(traceId)!.bucket);
    const rows = await this.pool.query<{ n: number }>(
      'SELECT k.n::int4 AS n FROM unnest($2::text[], $3::text[], $4::int4[]) WITH ORDINALITY AS k(t, o, b, n) ' +
        'CROSS JOIN LATERAL (SELECT o.parent_observation_id AS parent FROM observations o WHERE o.project_no = $1::int4 ' +
        'AND o.trace_id = k.t AND o.id = k.o AND o.bucket = k.b AND o.bucket = ANY($5::int4[]) LIMIT 1) o ' +
        'WHERE o.parent IS NOT NULL',
      [
        ...[project.no, items.map(({ traceId }) => traceId), items.map(({ observationId }) => observationId)],
        ...[buckets, [...new Set(buckets)]],
      ],
    );
    return rows.map(({ n }) => items[n - 1]!);
  }

  /** All observations of the traces of `items`, by trace. */
  private async nodes(
    project: Project,
    items: readonly DatasetRunItem[],
    traces: ReadonlyMap<string, TraceRow>,
  ): Promise<ReadonlyMap<string, WorkNode[]>> {
    const ids = [...new Set(items.map(({ traceId }) => traceId))];
    if (ids.length === 0) return new Map();
    const buckets = ids.map((id) => traces.get(id)!.bucket);
    type Figures = 'start_time' | 'end_time' | 'cost' | 'input_tokens' | 'output_tokens' | 'total_tokens';
    type Row = Record<Figures, string | null> &
      Record<'trace_id' | 'id', string> & { parent: string | null; level: string | null; repeated: number | null };
    const rows = await this.pool.query<Row>(
      `SELECT k.t AS trace_id, o.id, o.parent_observation_id AS parent, ${micros('o.start_time')} AS start_time, ` +
        `${micros('o.end_time')} AS end_time, o.cost_nano_usd AS cost, o.input_tokens, o.output_tokens, o.total_tokens, ` +
        'o.level, o.repeated FROM unnest($2::text[], $3::int4[]) AS k(t, b) CROSS JOIN LATERAL (SELECT * FROM observations o ' +
        'WHERE o.project_no = $1::int4 AND o.trace_id = k.t AND o.bucket = k.b AND o.bucket = ANY($4::int4[])) o',
      [project.no, ids, buckets, [...new Set(buckets)]],
    );
    const nodes = new Map<string, WorkNode[]>();
    for (const row of rows) {
      const repeated = row.repeated ?? 0;
      const tokens = (count: string | null): number => ((repeated & TOKENS) === 0 ? (toNumber(count) ?? 0) : 0);
      const node: WorkNode = {
        id: row.id,
        parentId: row.parent,
        startMicros: toNumber(row.start_time),
        endMicros: toNumber(row.end_time),
        costNanoUsd: (repeated & COST) === 0 ? (toNumber(row.cost) ?? 0) : 0,
        inputTokens: tokens(row.input_tokens),
        outputTokens: tokens(row.output_tokens),
        totalTokens: tokens(row.total_tokens),
        isError: row.level === 'ERROR',
      };
      const known = nodes.get(row.trace_id);
      if (known === undefined) nodes.set(row.trace_id, [node]);
      else known.push(node);
    }
    return nodes;
  }

  /** At the positions of `items`. */
  private async scores(project: Project, items: readonly DatasetRunItem[]): Promise<RunScore[][]> {
    if (items.length === 0) return [];
    const rows = await this.pool.query<ScoreRow & { n: number }>(SCORES_OF_WORK_SQL, [
      project.no,
      items.map(({ traceId }) => traceId),
      items.map(({ observationId }) => observationId),
      MAX_SCORES_PER_ITEM,
    ]);
    return scoresByPosition(rows, items.length);
  }
}
