import { type DatasetRun } from '../../domain/dataset.js';
import { type JsonText } from '../../domain/json.js';
import { type RunResult, type RunScore, summarizeRun } from '../../domain/run-result.js';
import { presentTime } from '../../domain/time.js';
import { MAX_PREVIEW_CHARACTERS, type ResultPreview } from '../../storage/datasets/run-result-reader.js';
import { presentRun } from './datasets.present.js';
import { type RunResultDto, type RunScoreDto, type RunSummaryDto } from './results.dto.js';

/** A run with everything that was read of it. */
export interface RunReading {
  readonly run: DatasetRun;
  readonly results: readonly RunResult[];
  readonly isCapped: boolean;
  readonly runScores: readonly RunScore[];
}

export function presentRunReading(reading: RunReading): JsonText {
  return presentRun(reading.run, `,"summary":${JSON.stringify(presentSummary(reading))}`);
}

export function presentResult({ runItem, hasTrace, figures, scores }: RunResult, preview: ResultPreview): RunResultDto {
  return {
    runItemId: runItem.id,
    datasetItemId: runItem.datasetItemId,
    datasetItemVersion: presentTime(runItem.itemVersion),
    traceId: runItem.traceId,
    observationId: runItem.observationId,
    hasTrace,
    inputPreview: presentPreview(preview.input),
    expectedOutputPreview: presentPreview(preview.expectedOutput),
    outputPreview: presentPreview(preview.output),
    latency: figures.latencySeconds,
    totalCost: figures.costNanoUsd === null ? null : figures.costNanoUsd / 1e9,
    inputTokens: figures.inputTokens,
    outputTokens: figures.outputTokens,
    totalTokens: figures.totalTokens,
    errorCount: figures.errorCount,
    scores: scores.map(presentScore),
  };
}

/** The beginning of a JSON text as a person reads it: of a string its characters, of anything else the JSON. */
export function presentPreview(text: string | null): string | null {
  if (text === null) return null;
  const isCut = text.length > MAX_PREVIEW_CHARACTERS;
  const shown = isCut ? `${readStart(text.slice(0, MAX_PREVIEW_CHARACTERS))}…` : readStart(text);
  return shown.toWellFormed();
}

function readStart(text: string): string {
  if (!text.startsWith('"')) return text;
  // A cut may have gone through an escape sequence, which is at most six characters long.
  for (const end of ['', '"']) {
    for (let cut = 0; cut < 6; cut += 1) {
      try {
        return JSON.parse(text.slice(0, text.length - cut) + end) as string;
      } catch {
        // One character less.
      }
      if (end === '') break;
    }
  }
  return text;
}

function presentSummary({ results, isCapped, runScores }: RunReading): RunSummaryDto {
  const { latencySeconds, totalCostNanoUsd, traceCount, ...summary } = summarizeRun(results);
  return {
    itemCount: summary.itemCount,
    traceCount,
    isCapped,
    latency: latencySeconds,
    totalCost: totalCostNanoUsd / 1e9,
    meanCost: traceCount === 0 ? null : totalCostNanoUsd / traceCount / 1e9,
    totalTokens: summary.totalTokens,
    errorCount: summary.errorCount,
    scores: summary.scores.map((score) => ({ ...score, categories: [...score.categories] })),
    runScores: runScores.map(presentScore),
  };
}

function presentScore(score: RunScore): RunScoreDto {
  return {
    id: score.id,
    name: score.name,
    dataType: score.dataType,
    source: score.source,
    value: score.value,
    stringValue: score.stringValue,
    comment: score.comment,
    observationId: score.observationId,
    timestamp: presentTime(score.timestamp),
  };
}
