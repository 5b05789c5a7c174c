import { type IngestBatch } from '../domain/ingest-batch.js';
import { calledToolNames, offeredToolNames, type ToolNames } from '../domain/tool-names.js';

/**
 * Notes in the observations of `batch` the tools that model calls were offered and called, as far as they state inputs and
 * outputs. In place, because a copy of a patch costs several times what looking for its tools does.
 */
export function noteTools({ observations }: IngestBatch): void {
  for (const patch of observations) {
    // An agent or a chain shows the messages of the calls below it once more: only model calls count.
    if ((patch.type ?? patch.fallbackType) !== 'GENERATION') continue;
    if (patch.input !== undefined) patch.toolNames = offeredToolNames(patch.input) ?? NO_TOOLS;
    if (patch.output !== undefined) patch.calledToolNames = calledToolNames(patch.output) ?? NO_TOOLS;
  }
}

/** What an input or output without tools says, so that those of an earlier one do not stay. */
const NO_TOOLS: ToolNames = '';
