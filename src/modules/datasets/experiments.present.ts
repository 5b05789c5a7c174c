import { DEFAULT_ENVIRONMENT } from '../../domain/environment.js';
import { type JsonText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import { type Score } from '../../domain/score.js';
import { parseIsoTime, presentTime } from '../../domain/time.js';
import { type Experiment, type ExperimentItem } from '../../storage/datasets/experiment-reader.js';
import { type ExperimentDto, type ExperimentItemDto, type ExperimentScoreDto } from './experiments.dto.js';
import { type ExperimentGroup, type ExperimentItemGroup } from './experiments.query.js';

/** @param scores of the experiment as a whole; undefined when they were not asked for */
export function presentExperiment(
  project: Project,
  experiment: Experiment,
  groups: ReadonlySet<ExperimentGroup>,
  scores: readonly Score[] | undefined,
): ExperimentDto {
  const stated = readStated(experiment.metadata);
  return {
    id: experiment.id,
    name: experiment.name,
    description: textOrNull(stated.get('description')),
    startTime: presentTime(experiment.startTime),
    endTime: presentTime(experiment.endTime),
    itemCount: experiment.itemCount,
    datasetId: experiment.datasetId,
    ...(groups.has('metadata') ? { metadata: metadataOf(stated, 'metadata') } : {}),
    ...(scores === undefined ? {} : { scores: scores.map((score) => presentScore(project, score)) }),
  };
}

/** @param scores of the item and its trace; undefined when they were not asked for */
export function presentExperimentItem(
  project: Project,
  item: ExperimentItem,
  groups: ReadonlySet<ExperimentItemGroup>,
  scores: readonly Score[] | undefined,
): ExperimentItemDto {
  const { ref } = item;
  const stated = readStated(item.metadata);
  const version = ref.itemVersion === undefined ? undefined : parseIsoTime(ref.itemVersion);
  return {
    id: item.id,
    traceId: item.traceId,
    startTime: presentTime(item.startTime),
    endTime: item.endTime === null ? null : presentTime(Math.max(item.endTime, item.startTime)),
    level: item.level ?? 'DEFAULT',
    environment: item.environment ?? DEFAULT_ENVIRONMENT,
    experimentId: ref.id,
    experimentName: ref.name ?? ref.id,
    experimentItemId: ref.itemId ?? item.id,
    ...(groups.has('dataset')
      ? {
          experimentDatasetId: ref.datasetId ?? null,
          experimentItemVersion: version === undefined ? null : presentTime(version),
        }
      : {}),
    ...(groups.has('io')
      ? {
          input: parse(item.input),
          output: parse(item.output),
          expectedOutput: readValue(stated.get('item.expected_output')),
        }
      : {}),
    ...(groups.has('metadata') ? { metadata: objectOrNull(parse(item.metadata)) } : {}),
    ...(groups.has('itemMetadata') ? { experimentItemMetadata: metadataOf(stated, 'item.metadata') } : {}),
    ...(groups.has('experimentMetadata')
      ? {
          experimentMetadata: metadataOf(stated, 'metadata'),
          experimentDescription: textOrNull(stated.get('description')),
        }
      : {}),
    ...(scores === undefined ? {} : { scores: scores.map((score) => presentScore(project, score)) }),
  };
}

const PREFIX = 'langfuse.experiment.';

/**
 * What the SDK states of an experiment besides what has a column, by its key without the prefix. It is kept among the raw
 * attributes of the span, which stand in the metadata of the observation.
 */
function readStated(metadata: JsonText | null): ReadonlyMap<string, unknown> {
  const members = entriesOf(parse(metadata));
  // Where a client has metadata of that name, the attributes have stepped aside.
  const attributes = members.get('otel.attributes') ?? members.get('attributes');
  const stated = [...entriesOf(attributes)].filter(([key]) => key.startsWith(PREFIX));
  return new Map(stated.map(([key, value]) => [key.slice(PREFIX.length), value]));
}

/** Under one key as JSON text, or, from the SDK for Python 4.18, with a key of its own for each member. */
function metadataOf(stated: ReadonlyMap<string, unknown>, key: string): Record<string, unknown> | null {
  if (stated.has(key)) return objectOrNull(stated.get(key));
  const members = [...stated].filter(([name]) => name.startsWith(`${key}.`));
  if (members.length === 0) return null;
  return Object.fromEntries(members.map(([name, value]) => [name.slice(key.length + 1), readValue(value)]));
}

function entriesOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

function parse(text: JsonText | null): unknown {
  return text === null ? null : (JSON.parse(text) as unknown);
}

/** SDKs state anything but text as JSON text. */
function readValue(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? null;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function objectOrNull(value: unknown): Record<string, unknown> | null {
  const read = readValue(value);
  return typeof read === 'object' && read !== null && !Array.isArray(read) ? (read as Record<string, unknown>) : null;
}

/** As version 3 of the score routes shows it: one value whose type follows from the data type. */
function presentScore(project: Project, score: Score): ExperimentScoreDto {
  const { dataType, value, stringValue } = score;
  return {
    id: score.id,
    projectId: project.id,
    name: score.name,
    value: dataType === 'NUMERIC' ? (value ?? 0) : dataType === 'BOOLEAN' ? value === 1 : (stringValue ?? ''),
    dataType,
    source: score.source,
    timestamp: presentTime(score.timestamp),
    environment: score.environment ?? DEFAULT_ENVIRONMENT,
    comment: score.comment,
    createdAt: presentTime(score.createdAt),
    updatedAt: presentTime(score.updatedAt),
  };
}
