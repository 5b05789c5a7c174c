import { type DatasetRunItem } from './dataset.js';
import { type Score, type ScoreDataType } from './score.js';

/** What the work for an item took. A null is not known, also while the trace has not arrived. */
export interface WorkFigures {
  readonly latencySeconds: number | null;
  /** Whole billionths of a USD, so that sums do not depend on their order. */
  readonly costNanoUsd: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly totalTokens: number | null;
  /** Observations of level ERROR. */
  readonly errorCount: number | null;
}

export type RunScore = Pick<
  Score,
  'id' | 'name' | 'dataType' | 'source' | 'value' | 'stringValue' | 'comment' | 'observationId' | 'timestamp'
>;

/** One try of an item in a run with what became of it. */
export interface RunResult {
  readonly runItem: DatasetRunItem;
  /** False while the trace has not arrived, and when retention has taken it. */
  readonly hasTrace: boolean;
  readonly figures: WorkFigures;
  /** Those of the trace and of the observation that the run item names; without one, of every observation. Newest first. */
  readonly scores: readonly RunScore[];
}

/** All scores of one name and type. */
export interface ScoreSummary {
  readonly name: string;
  readonly dataType: ScoreDataType;
  readonly count: number;
  /** Of numbers and of booleans (0 and 1); null for texts and categories. */
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Of booleans and categories, the most frequent first; empty for numbers and texts. */
  readonly categories: readonly { readonly value: string; readonly count: number }[];
}

/** A run in one row, to be laid beside others. */
export interface RunSummary {
  readonly itemCount: number;
  /** Items whose trace is there. */
  readonly traceCount: number;
  /** Over the items whose latency is known; null without any. */
  readonly latencySeconds: { readonly mean: number; readonly p50: number; readonly p95: number } | null;
  readonly totalCostNanoUsd: number;
  readonly totalTokens: number;
  readonly errorCount: number;
  readonly scores: readonly ScoreSummary[];
}

/** Categories that are listed of one score. */
const MAX_CATEGORIES = 50;

/** Sums up a run. The order of `results` makes no difference. */
export function summarizeRun(results: readonly RunResult[]): RunSummary {
  const latencies = results.flatMap(({ figures }) => figures.latencySeconds ?? []).sort((a, b) => a - b);
  const sum = (figure: (figures: WorkFigures) => number | null): number =>
    results.reduce((total, { figures }) => total + (figure(figures) ?? 0), 0);
  return {
    itemCount: results.length,
    traceCount: results.filter(({ hasTrace }) => hasTrace).length,
    latencySeconds:
      latencies.length === 0
        ? null
        : { mean: meanOf(latencies), p50: quantile(latencies, 0.5), p95: quantile(latencies, 0.95) },
    totalCostNanoUsd: sum((figures) => figures.costNanoUsd),
    totalTokens: sum((figures) => figures.totalTokens),
    errorCount: sum((figures) => figures.errorCount),
    scores: summarizeScores(results.flatMap(({ scores }) => scores)),
  };
}

/** By name, then type. */
function summarizeScores(scores: readonly RunScore[]): ScoreSummary[] {
  const groups = new Map<string, RunScore[]>();
  for (const score of scores) {
    const key = JSON.stringify([score.name, score.dataType]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [score]);
    else group.push(score);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => summarizeGroup(group));
}

function summarizeGroup(group: readonly RunScore[]): ScoreSummary {
  const { name, dataType } = group[0]!;
  const isNumber = dataType === 'NUMERIC' || dataType === 'BOOLEAN';
  const isCategory = dataType === 'CATEGORICAL' || dataType === 'BOOLEAN';
  const values = isNumber ? group.flatMap(({ value }) => value ?? []).sort((a, b) => a - b) : [];
  return {
    name,
    dataType,
    count: group.length,
    mean: values.length === 0 ? null : meanOf(values),
    min: values[0] ?? null,
    max: values.at(-1) ?? null,
    categories: isCategory ? countTexts(group) : [],
  };
}

function countTexts(group: readonly RunScore[]): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { stringValue } of group) {
    if (stringValue !== null) counts.set(stringValue, (counts.get(stringValue) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, MAX_CATEGORIES);
}

/** Sorted values, so that the sum does not depend on the order they came in. */
function meanOf(sorted: readonly number[]): number {
  return sorted.reduce((total, value) => total + value, 0) / sorted.length;
}

/** Between two values the line between them, as PostgreSQL's percentile_cont has it. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

/** A part of a trace as its sums see it. */
export interface WorkNode {
  readonly id: string;
  readonly parentId: string | null;
  readonly startMicros: number | null;
  readonly endMicros: number | null;
  readonly costNanoUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly isError: boolean;
}

/** The figures of the observation `rootId` and everything below it; undefined when it is not among `nodes`. */
export function figuresBelow(rootId: string, nodes: readonly WorkNode[]): WorkFigures | undefined {
  const children = new Map<string, WorkNode[]>();
  let root: WorkNode | undefined;
  for (const node of nodes) {
    if (node.id === rootId) root = node;
    if (node.parentId === null) continue;
    const siblings = children.get(node.parentId);
    if (siblings === undefined) children.set(node.parentId, [node]);
    else siblings.push(node);
  }
  if (root === undefined) return undefined;
  // Parents may go round in a circle: clients name them.
  const seen = new Set([root]);
  for (const node of seen) for (const child of children.get(node.id) ?? []) seen.add(child);
  const all = [...seen];
  const sum = (of: (node: WorkNode) => number): number => all.reduce((total, node) => total + of(node), 0);
  const { startMicros, endMicros } = root;
  return {
    latencySeconds: startMicros === null || endMicros === null ? null : Math.max(0, endMicros - startMicros) / 1e6,
    costNanoUsd: sum((node) => node.costNanoUsd),
    inputTokens: sum((node) => node.inputTokens),
    outputTokens: sum((node) => node.outputTokens),
    totalTokens: sum((node) => node.totalTokens),
    errorCount: sum((node) => Number(node.isError)),
  };
}
