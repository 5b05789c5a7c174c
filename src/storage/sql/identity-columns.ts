import { type ObservationFields, type StepType } from '../../domain/observation.js';

/**
 * Columns of `observations` that only some rows fill, with the fields they hold, all of them text: which model was asked
 * and by whom it is served, and what the work was within its turn, run and step. A row without them pays a bit each.
 */
const COLUMNS = {
  requestedModel: 'requested_model',
  provider: 'provider',
  finishReason: 'finish_reason',
  toolName: 'tool_name',
  toolNames: 'tool_names',
  calledToolNames: 'called_tool_names',
  agentName: 'agent_name',
  turnId: 'turn_id',
  runId: 'run_id',
  stepId: 'step_id',
  parentStepId: 'parent_step_id',
  stepType: 'step_type',
} as const satisfies Partial<Record<keyof ObservationFields, string>>;

type Field = keyof typeof COLUMNS;

export const IDENTITY_COLUMNS = Object.entries(COLUMNS) as [Field, (typeof COLUMNS)[Field]][];

/** The columns of `o`, to be selected. */
export const IDENTITY_SELECTION = IDENTITY_COLUMNS.map(([, column]) => `o.${column}`).join(', ');

export type IdentityColumns = Record<(typeof COLUMNS)[Field], string | null>;

export type IdentityFields = Record<Exclude<Field, 'stepType'>, string | null> & { stepType: StepType | null };

export function decodeIdentity(row: IdentityColumns): IdentityFields {
  return {
    requestedModel: row.requested_model,
    provider: row.provider,
    finishReason: row.finish_reason,
    toolName: row.tool_name,
    toolNames: row.tool_names,
    calledToolNames: row.called_tool_names,
    agentName: row.agent_name,
    turnId: row.turn_id,
    runId: row.run_id,
    stepId: row.step_id,
    parentStepId: row.parent_step_id,
    stepType: row.step_type as StepType | null,
  };
}
