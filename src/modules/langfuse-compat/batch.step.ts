import { idProblem, toIndexableText } from '../../domain/identifier.js';
import { type ObservationFields } from '../../domain/observation.js';
import { toRunState } from '../../domain/run-state.js';
import { toStepType } from '../../domain/step.js';

/**
 * What an observation was within its session, by the metadata keys that xtrace clients use (xtrace.md §8): `turn_id`,
 * `run_id`, `run_status`, `step_id`, `parent_step_id`, `step_type`, `attempt_index`, `tool_name`, `agent_name`, `requested_model`,
 * `provider` and `finish_reason`, in snake_case or camelCase. The metadata keeps them as well; a value that is none of its
 * kind is in the metadata alone.
 */
export function readStep(metadata: unknown): Partial<ObservationFields> | undefined {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return undefined;
  let step: Record<string, unknown> | undefined;
  for (const key in metadata) {
    const reader = READERS.get(key);
    if (reader === undefined) continue;
    const value = reader.read((metadata as Readonly<Record<string, unknown>>)[key]);
    // The snake_case spelling is the documented one and wins.
    if (value === undefined || (reader.isAlias && step?.[reader.field] !== undefined)) continue;
    (step ??= {})[reader.field] = value;
  }
  return step;
}

interface Reader {
  readonly field: keyof ObservationFields;
  readonly isAlias: boolean;
  readonly read: (value: unknown) => string | number | undefined;
}

const FIELDS: readonly (readonly [key: string, field: keyof ObservationFields, read: Reader['read']])[] = [
  ['turn_id', 'turnId', toId],
  ['run_id', 'runId', toId],
  ['step_id', 'stepId', toId],
  ['parent_step_id', 'parentStepId', toId],
  ['step_type', 'stepType', (value) => (typeof value === 'string' ? toStepType(value) : undefined)],
  ['attempt_index', 'attemptIndex', toIndex],
  ['run_status', 'runState', (value) => (typeof value === 'string' ? toRunState(value) : undefined)],
  ['tool_name', 'toolName', toName],
  ['agent_name', 'agentName', toName],
  ['requested_model', 'requestedModel', toName],
  ['provider', 'provider', toName],
  ['finish_reason', 'finishReason', toName],
];

const READERS: ReadonlyMap<string, Reader> = new Map(
  FIELDS.flatMap(([key, field, read]): [string, Reader][] => [
    [key, { field, isAlias: false, read }],
    ...(key === field ? [] : [[field, { field, isAlias: true, read }] satisfies [string, Reader]]),
  ]),
);

function toId(value: unknown): string | undefined {
  const id = typeof value === 'number' ? String(value) : value;
  return typeof id === 'string' && id !== '' && idProblem(id) === undefined ? id : undefined;
}

function toName(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? toIndexableText(value) : undefined;
}

/** Attempts are counted, from 0 or 1. */
function toIndex(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
