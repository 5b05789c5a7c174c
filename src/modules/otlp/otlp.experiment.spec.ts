import { readExperiment } from './otlp.experiment.js';
import { type AttributeValue, type OtlpSpan } from './otlp.span.js';

const span = (attributes: Record<string, AttributeValue>): OtlpSpan =>
  ({ spanId: '5ba0000000000001', attributes: new Map(Object.entries(attributes)) }) as unknown as OtlpSpan;
const ROOT = 'langfuse.experiment.item.root_observation_id';

describe('the item of an experiment', () => {
  const stated = {
    'langfuse.experiment.id': 'e',
    'langfuse.experiment.name': 'run',
    'langfuse.experiment.dataset.id': 'd',
    'langfuse.experiment.item.id': 'i',
    'langfuse.experiment.item.version': '2026-01-31T09:30:00.000Z',
  };
  const ref = { id: 'e', name: 'run', datasetId: 'd', itemId: 'i', itemVersion: '2026-01-31T09:30:00.000Z' };

  it('is the span that all spans below name as the root, wherever it lies in its trace', () => {
    expect(readExperiment(span({ ...stated, [ROOT]: '5ba0000000000001' }), false)).toEqual(ref);
    expect(readExperiment(span({ ...stated, [ROOT]: '5ba0000000000009' }), true)).toBeUndefined();
  });

  it('is the root of the trace where no span names one', () => {
    expect(readExperiment(span({ 'langfuse.experiment.id': 'e' }), true)).toEqual({ id: 'e' });
    expect(readExperiment(span(stated), false)).toBeUndefined();
  });

  it('is nothing without the id of an experiment', () => {
    expect(readExperiment(span({ 'langfuse.experiment.name': 'run' }), true)).toBeUndefined();
    expect(readExperiment(span({ 'langfuse.experiment.id': 7 }), true)).toBeUndefined();
    expect(readExperiment(span({ 'langfuse.experiment.id': 'x'.repeat(2000) }), true)!.id).toHaveLength(800);
  });
});
