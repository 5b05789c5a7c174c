import { type ExperimentRef } from '../../domain/experiment.js';
import { toIndexableText } from '../../domain/identifier.js';
import { type OtlpSpan } from './otlp.span.js';

const ID = 'langfuse.experiment.id';
const ROOT_ID = 'langfuse.experiment.item.root_observation_id';
const MEMBERS = [
  ['name', 'langfuse.experiment.name'],
  ['datasetId', 'langfuse.experiment.dataset.id'],
  ['itemId', 'langfuse.experiment.item.id'],
  ['itemVersion', 'langfuse.experiment.item.version'],
] as const satisfies readonly (readonly [keyof ExperimentRef, string])[];

/**
 * The item of an experiment that `span` is the root of. Langfuse's SDKs repeat the same attributes on every span below
 * it, so only the one that they name as the root counts; without such a name, the root of the trace.
 */
export function readExperiment(span: OtlpSpan, isRoot: boolean): ExperimentRef | undefined {
  const id = span.attributes.get(ID);
  if (typeof id !== 'string' || id === '') return undefined;
  const root = span.attributes.get(ROOT_ID);
  if (typeof root === 'string' && root !== '' ? root !== span.spanId : !isRoot) return undefined;
  const ref: { -readonly [K in keyof ExperimentRef]: ExperimentRef[K] } = { id: toIndexableText(id) };
  for (const [member, key] of MEMBERS) {
    const value = span.attributes.get(key);
    if (typeof value === 'string' && value !== '') ref[member] = toIndexableText(value);
  }
  return ref;
}
