import { type ExperimentItem } from '../../storage/datasets/experiment-reader.js';
import { presentExperimentItem } from './experiments.present.js';

const ITEM: ExperimentItem = {
  ...{ id: 'o', traceId: 't', ref: { id: 'e' }, startTime: 0, endTime: null, level: null, environment: null },
  ...{ input: null, output: null, metadata: null },
};

describe('what an SDK states of an experiment', () => {
  const shown = (attributes: object) => {
    const metadata = JSON.stringify({ attributes });
    const groups = new Set(['itemMetadata', 'experimentMetadata'] as const);
    const item = presentExperimentItem({ no: 1, id: 'p' }, { ...ITEM, metadata }, groups, undefined);
    return [item.experimentMetadata, item.experimentItemMetadata];
  };

  it('is read from one attribute, as the SDKs for JavaScript and for Python 5 write it', () => {
    expect(
      shown({
        'langfuse.experiment.metadata': '{"k":"v"}',
        'langfuse.experiment.item.metadata': '{"m":1}',
      }),
    ).toEqual([{ k: 'v' }, { m: 1 }]);
  });

  it('is read from an attribute for each member, as the SDK for Python 4.18 writes it', () => {
    expect(
      shown({
        'langfuse.experiment.name': 'run',
        'langfuse.experiment.metadata.k': 'v',
        'langfuse.experiment.metadata.nested.key': '{"a":[1]}',
        'langfuse.experiment.metadata.__proto__': 'x',
        'langfuse.experiment.item.metadata.m': '1',
      }),
    ).toEqual([JSON.parse('{"k":"v","nested.key":{"a":[1]},"__proto__":"x"}'), { m: 1 }]);
  });

  it('is null where nothing is stated', () => {
    expect(shown({ 'langfuse.experiment.metadata': 'no object' })).toEqual([null, null]);
  });
});
