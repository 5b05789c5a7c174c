import { type IngestBatch } from '../domain/ingest-batch.js';
import { type ObservationPatch } from '../domain/observation.js';
import { noteTools } from './tool-extraction.js';

const INPUT = '{"messages":[],"tools":[{"type":"function","function":{"name":"search"}},{"name":"book"}]}';
const OUTPUT = '{"role":"assistant","tool_calls":[{"name":"search"},{"name":"search"}]}';

function batchOf(...patches: readonly Partial<ObservationPatch>[]): IngestBatch {
  const observations = patches.map((patch, index): ObservationPatch => ({
    ...{ kind: 'observation', index, traceId: 't', id: `o${index}`, stamp: 1 },
    ...patch,
  }));
  return { project: { no: 1, id: 'p' }, traces: [], observations, bytes: 0 };
}

function noted(patch: Partial<ObservationPatch>): ObservationPatch {
  const batch = batchOf(patch);
  noteTools(batch);
  return batch.observations[0]!;
}

describe('the tools of a batch', () => {
  it.each<Partial<ObservationPatch>>([{ type: 'GENERATION' }, { fallbackType: 'GENERATION' }])(
    'are those of model calls: %j',
    (patch) => {
      expect(noted({ ...patch, input: INPUT, output: OUTPUT })).toMatchObject({
        ...{ toolNames: 'search\nbook', calledToolNames: 'search\nsearch' },
        ...{ input: INPUT, output: OUTPUT },
      });
    },
  );

  it.each<Partial<ObservationPatch>>([{ type: 'AGENT' }, { type: 'TOOL', fallbackType: 'GENERATION' }, {}])(
    'are not counted once more where others show the messages: %j',
    (patch) => {
      const { toolNames, calledToolNames } = noted({ ...patch, input: INPUT, output: OUTPUT });
      expect([toolNames, calledToolNames]).toEqual([undefined, undefined]);
    },
  );

  it('say nothing of the side that a message leaves out, so that it stays', () => {
    expect(noted({ type: 'GENERATION', output: OUTPUT }).toolNames).toBeUndefined();
    expect(noted({ type: 'GENERATION', input: INPUT }).calledToolNames).toBeUndefined();
  });

  it('are none where an input or output has none, so that those of an earlier one do not stay', () => {
    expect(noted({ type: 'GENERATION', input: '"hi"' }).toolNames).toBe('');
    expect(noted({ type: 'GENERATION', output: '"hi"' }).calledToolNames).toBe('');
  });
});
