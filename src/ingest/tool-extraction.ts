import { type IngestBatch } from '../domain/ingest-batch.js';
import { type ObservationPatch } from '../domain/observation.js';
import { calledToolNames, offeredToolNames, type ToolNames } from '../domain/tool-names.js';

/** `batch` with the tools that its model calls were offered and called, as far as it states inputs and outputs. */
export function extractTools(batch: IngestBatch): IngestBatch {
  let observations: ObservationPatch[] | undefined;
  for (let i = 0; i < batch.observations.length; i += 1) {
    const patch = batch.observations[i]!;
    const told = toolsOf(patch);
    if (told !== undefined) (observations ??= batch.observations.slice())[i] = { ...patch, ...told };
  }
  return observations === undefined ? batch : { ...batch, observations };
}

/** What an input or output without tools says, so that those of an earlier one do not stay. */
const NO_TOOLS: ToolNames = '';

/** An agent or a chain shows the messages of the calls below it once more: only model calls count. */
function toolsOf({
  type,
  fallbackType,
  input,
  output,
}: ObservationPatch): Pick<ObservationPatch, 'toolNames' | 'calledToolNames'> | undefined {
  if ((type ?? fallbackType) !== 'GENERATION' || (input === undefined && output === undefined)) return undefined;
  return {
    toolNames: input === undefined ? undefined : (offeredToolNames(input) ?? NO_TOOLS),
    calledToolNames: output === undefined ? undefined : (calledToolNames(output) ?? NO_TOOLS),
  };
}
