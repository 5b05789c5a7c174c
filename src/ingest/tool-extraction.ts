import { type IngestBatch } from '../domain/ingest-batch.js';
import { type ObservationPatch } from '../domain/observation.js';
import { calledToolNames, offeredToolNames } from '../domain/tool-names.js';

/** `batch` with the tools that its model calls were offered and called, as far as their inputs and outputs name any. */
export function extractTools(batch: IngestBatch): IngestBatch {
  let observations: ObservationPatch[] | undefined;
  for (let i = 0; i < batch.observations.length; i += 1) {
    const patch = batch.observations[i]!;
    const told = toolsOf(patch);
    if (told !== undefined) (observations ??= batch.observations.slice())[i] = { ...patch, ...told };
  }
  return observations === undefined ? batch : { ...batch, observations };
}

/** An agent or a chain shows the messages of the calls below it once more: only model calls count. */
function toolsOf(patch: ObservationPatch): Pick<ObservationPatch, 'toolNames' | 'calledToolNames'> | undefined {
  if ((patch.type ?? patch.fallbackType) !== 'GENERATION') return undefined;
  const toolNames = patch.input === undefined ? undefined : offeredToolNames(patch.input);
  const called = patch.output === undefined ? undefined : calledToolNames(patch.output);
  return toolNames === undefined && called === undefined ? undefined : { toolNames, calledToolNames: called };
}
