import { figuresBelow, type RunResult, type RunScore, summarizeRun, type WorkNode } from './run-result.js';

const score = (name: string, fields: Partial<RunScore>): RunScore => ({
  id: name,
  name,
  dataType: 'NUMERIC',
  source: 'API',
  value: null,
  stringValue: null,
  comment: null,
  observationId: null,
  timestamp: 0,
  ...fields,
});
const result = (latencySeconds: number | null, scores: RunScore[] = []): RunResult => ({
  runItem: {
    id: 'x',
    runId: 'r',
    runName: 'run',
    datasetItemId: 'i',
    itemVersion: 0,
    traceId: 't',
    observationId: null,
    createdAt: 0,
    updatedAt: 0,
  },
  hasTrace: latencySeconds !== null,
  figures: {
    latencySeconds,
    costNanoUsd: latencySeconds === null ? null : 1_000_000,
    inputTokens: 2,
    outputTokens: 3,
    totalTokens: 5,
    errorCount: 1,
  },
  scores,
});

describe('a run in one row', () => {
  it('has mean, median and 95th percentile of the latencies that are known', () => {
    const summary = summarizeRun([result(4), result(null), result(1), result(2), result(3)]);
    expect(summary).toMatchObject({
      itemCount: 5,
      traceCount: 4,
      totalCostNanoUsd: 4_000_000,
      totalTokens: 25,
      errorCount: 5,
    });
    expect(summary.latencySeconds).toEqual({ mean: 2.5, p50: 2.5, p95: expect.closeTo(3.85) as number });
    expect(summarizeRun([]).latencySeconds).toBeNull();
  });

  it('has the mean of numbers, the counts of categories, and both of booleans', () => {
    const yes = { dataType: 'BOOLEAN', value: 1, stringValue: 'True' } as const;
    const no = { dataType: 'BOOLEAN', value: 0, stringValue: 'False' } as const;
    const category = (stringValue: string) => score('tone', { dataType: 'CATEGORICAL', value: 0, stringValue });
    const { scores } = summarizeRun([
      result(1, [
        score('n', { value: 0.25 }),
        score('ok', yes),
        category('kind'),
        score('note', { dataType: 'TEXT', stringValue: 'x' }),
      ]),
      result(1, [score('n', { value: 0.75 }), score('ok', no), score('ok', yes), category('curt'), category('kind')]),
    ]);
    expect(scores).toEqual([
      { name: 'n', dataType: 'NUMERIC', count: 2, mean: 0.5, min: 0.25, max: 0.75, categories: [] },
      { name: 'note', dataType: 'TEXT', count: 1, mean: null, min: null, max: null, categories: [] },
      {
        ...{ name: 'ok', dataType: 'BOOLEAN', count: 3, mean: 2 / 3, min: 0, max: 1 },
        categories: [
          { value: 'True', count: 2 },
          { value: 'False', count: 1 },
        ],
      },
      {
        ...{ name: 'tone', dataType: 'CATEGORICAL', count: 3, mean: null, min: null, max: null },
        categories: [
          { value: 'kind', count: 2 },
          { value: 'curt', count: 1 },
        ],
      },
    ]);
  });
});

describe('the figures of a part of a trace', () => {
  const node = (id: string, parentId: string | null, cost: number): WorkNode => ({
    ...{ id, parentId, startMicros: 1_000_000, endMicros: 3_500_000, costNanoUsd: cost },
    ...{ inputTokens: 1, outputTokens: 1, totalTokens: 2, isError: id === 'c' },
  });

  it('are those of the observation and everything below it, and nothing beside', () => {
    const nodes = [node('a', null, 1), node('b', 'a', 10), node('c', 'b', 100), node('d', 'a', 1000)];
    expect(figuresBelow('b', nodes)).toEqual({
      ...{ latencySeconds: 2.5, costNanoUsd: 110, inputTokens: 2, outputTokens: 2, totalTokens: 4, errorCount: 1 },
    });
    expect(figuresBelow('nothing', nodes)).toBeUndefined();
  });

  it('end where parents go round in a circle', () => {
    expect(figuresBelow('a', [node('a', 'b', 1), node('b', 'a', 10)])).toMatchObject({ costNanoUsd: 11 });
  });
});
