import { idProblem } from '../../domain/identifier.js';
import { type ObservationFields, type RunState, type StepType } from '../../domain/observation.js';
import { type Field } from './otlp.attributes.js';
import { type Picks } from './otlp.picks.js';
import { toText } from './otlp.values.js';

type StepFields = Pick<
  ObservationFields,
  'turnId' | 'runId' | 'runState' | 'stepId' | 'parentStepId' | 'stepType' | 'attemptIndex'
>;

/** Where a span stands within its session: only what is stated, see `IDENTITY_RULES`. */
export function readStep(picks: Picks): StepFields {
  return {
    turnId: readId(picks, 'turnId'),
    runId: readId(picks, 'runId'),
    stepId: readId(picks, 'stepId'),
    parentStepId: readId(picks, 'parentStepId'),
    stepType: picks.get('stepType') as StepType | undefined,
    attemptIndex: picks.get('attemptIndex') as number | undefined,
    runState: picks.get('runState') as RunState | undefined,
  };
}

/** An id must come back exactly as it was sent; one that cannot be stored so is left to the raw attributes. */
export function readId(picks: Picks, field: Field): string | undefined {
  const value = picks.get(field);
  if (value === undefined) return undefined;
  const id = toText(value);
  if (idProblem(id) !== undefined) return undefined;
  picks.use(field);
  return id;
}
