import { type IngestBatch } from '../domain/ingest-batch.js';
import { type ObservationPatch } from '../domain/observation.js';
import { extractTools } from './tool-extraction.js';

const INPUT = '{"messages":[],"tools":[{"type":"function","function":{"name":"search"}},{"name":"book"}]}';
const OUTPUT = '{"role":"assistant","tool_calls":[{"name":"search"},{"name":"search"}]}';

function batchOf(...patches: readonly Partial<ObservationPatch>[]): IngestBatch {
  const observations = patches.map((patch, index): ObservationPatch => ({
    ...{ kind: 'observation', index, traceId: 't', id: `o${index}`, stamp: 1 },
    ...patch,
  }));
  return { project: { no: 1, id: 'p' }, traces: [], observations, bytes: 0 };
}

const extract = (patch: Partial<ObservationPatch>) => extractTools(batchOf(patch)).observations[0]!;

describe('the tools of a batch', () => {
  it.each<Partial<ObservationPatch>>([{ type: 'GENERATION' }, { fallbackType: 'GENERATION' }])(
    'are those of model calls: %j',
    (patch) => {
      expect(extract({ ...patch, input: INPUT, output: OUTPUT })).toMatchObject({
        ...{ toolNames: 'search\nbook', calledToolNames: 'search\nsearch' },
        ...{ input: INPUT, output: OUTPUT },
      });
    },
  );

  it.each<Partial<ObservationPatch>>([{ type: 'AGENT' }, { type: 'TOOL', fallbackType: 'GENERATION' }, {}])(
    'are not counted once more where others show the messages: %j',
    (patch) => {
      const batch = batchOf({ ...patch, input: INPUT, output: OUTPUT });
      expect(extractTools(batch)).toBe(batch);
    },
  );

  it('say nothing of the side that a message leaves out, so that it stays', () => {
    expect(extract({ type: 'GENERATION', output: OUTPUT }).toolNames).toBeUndefined();
    expect(extract({ type: 'GENERATION', input: INPUT }).calledToolNames).toBeUndefined();
  });

  it('are none where an input or output has none, so that those of an earlier one do not stay', () => {
    expect(extract({ type: 'GENERATION', input: '"hi"' })).toMatchObject({
      ...{ toolNames: '', calledToolNames: undefined },
    });
    expect(extract({ type: 'GENERATION', output: '"hi"' })).toMatchObject({
      ...{ toolNames: undefined, calledToolNames: '' },
    });
  });

  it('leave other observations of the batch the same objects', () => {
    const batch = batchOf({ type: 'SPAN', input: INPUT }, { type: 'GENERATION' }, { type: 'GENERATION', input: INPUT });
    const { observations } = extractTools(batch);
    expect(observations[0]).toBe(batch.observations[0]);
    expect(observations[1]).toBe(batch.observations[1]);
    expect(observations[2]).not.toBe(batch.observations[2]);
  });
});
