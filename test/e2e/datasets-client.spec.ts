import { LangfuseClient } from '@langfuse/client';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { startActiveObservation } from '@langfuse/tracing';
import { context, trace as tracing } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY } from '../support/server-process.js';
import { Api, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

const DATASET = 'support/refunds 50% + more';
const path = encodeURIComponent(DATASET);

/** @langfuse/client 5, against the built server, with a task of our own. */
describe('the Langfuse client for JavaScript', () => {
  let server: RunningServer;
  let api: Api;
  let langfuse: LangfuseClient;
  let processor: LangfuseSpanProcessor;
  let sdk: NodeSDK;

  beforeAll(async () => {
    server = await startE2eServer();
    api = new Api(server.url);
    const credentials = { publicKey: TEST_PUBLIC_KEY, secretKey: TEST_SECRET_KEY, baseUrl: server.url };
    langfuse = new LangfuseClient(credentials);
    processor = new LangfuseSpanProcessor({ ...credentials, exportMode: 'immediate' });
    sdk = new NodeSDK({ spanProcessors: [processor], autoDetectResources: false });
    sdk.start();
  });
  afterAll(async () => {
    await sdk.shutdown();
    tracing.disable();
    context.disable();
    await server.stop();
  });

  it('makes a dataset of any name and its items, and gets all pages of them', async () => {
    const made = await langfuse.api.datasets.create({ name: DATASET, description: 'd', metadata: { owner: 'me' } });
    expect(made).toMatchObject({ name: DATASET, description: 'd', metadata: { owner: 'me' }, inputSchema: null });
    for (const city of ['Paris', 'Rome', 'Oslo']) {
      const item = await langfuse.dataset.createItem({
        datasetName: DATASET,
        id: `item-${city}`,
        input: { city },
        expectedOutput: city.toUpperCase(),
        metadata: { n: city.length },
      });
      expect(item).toMatchObject({ id: `item-${city}`, status: 'ACTIVE', datasetName: DATASET, mediaReferences: [] });
    }
    const dataset = await langfuse.dataset.get(DATASET, { fetchItemsPageSize: 2 });
    expect(dataset.id).toBe(made.id);
    expect(dataset.items.map(({ id }) => id)).toEqual(['item-Oslo', 'item-Rome', 'item-Paris']);
    expect(await langfuse.api.datasetItems.get('item-Rome')).toMatchObject({ input: { city: 'Rome' } });
    await expect(langfuse.dataset.get('nothing')).rejects.toMatchObject({ statusCode: 404 });
  });

  it('gets the items as they were when one of them was written', async () => {
    const before = await langfuse.api.datasetItems.get('item-Oslo');
    await langfuse.dataset.createItem({ datasetName: DATASET, id: 'item-Oslo', expectedOutput: 'CHRISTIANIA' });
    const { items } = await langfuse.dataset.get(DATASET, { version: before.createdAt });
    expect(items.find(({ id }) => id === 'item-Oslo')).toMatchObject({
      input: { city: 'Oslo' },
      expectedOutput: 'OSLO',
      updatedAt: before.updatedAt,
    });
    expect(await langfuse.api.datasetItems.get('item-Oslo')).toMatchObject({
      input: { city: 'Oslo' },
      expectedOutput: 'CHRISTIANIA',
      createdAt: before.createdAt,
    });
  });

  it('runs an experiment over it, whose results are there side by side with those of another', async () => {
    const dataset = await langfuse.dataset.get(DATASET);
    const run = (runName: string, task: (city: string) => string) =>
      dataset.runExperiment({
        name: 'capitals',
        runName,
        description: 'who shouts',
        metadata: { model: runName },
        task: ({ input }) =>
          startActiveObservation(
            'answer',
            (generation) => {
              const output = task((input as { city: string }).city);
              generation.update({
                model: 'm',
                output,
                usageDetails: { input: 3, output: 2 },
                costDetails: { total: 0.001 },
              });
              return Promise.resolve(output);
            },
            { asType: 'generation' },
          ),
        evaluators: [
          ({ output, expectedOutput }) =>
            Promise.resolve({ name: 'exact', value: output === expectedOutput ? 1 : 0, dataType: 'NUMERIC' as const }),
        ],
        runEvaluators: [() => Promise.resolve({ name: 'overall', value: 0.5, dataType: 'NUMERIC' as const })],
      });
    const loud = await run('loud/1', (city) => city.toUpperCase());
    await run('quiet', (city) => city);
    await processor.forceFlush();

    expect(loud.itemResults).toHaveLength(3);
    expect(loud.datasetRunUrl).toBe(
      `${server.url}/project/default/datasets/${dataset.id}/runs/${String(loud.datasetRunId)}`,
    );
    const stored = await langfuse.api.datasets.getRun(DATASET, 'loud/1');
    expect(stored).toMatchObject({
      id: loud.datasetRunId,
      name: 'loud/1',
      description: 'who shouts',
      metadata: { model: 'loud/1' },
      datasetName: DATASET,
    });
    expect(new Set(stored.datasetRunItems.map(({ traceId }) => traceId))).toEqual(
      new Set(loud.itemResults.map(({ traceId }) => traceId)),
    );

    const compared = await api.read(
      `/api/public/datasets/${path}/run-comparison?runName=${encodeURIComponent('loud/1')}&runName=quiet`,
    );
    const runs = compared['runs'] as { name: string; summary: JsonObject }[];
    expect(runs.map(({ name }) => name)).toEqual(['loud/1', 'quiet']);
    expect(runs[0]!.summary).toMatchObject({
      itemCount: 3,
      traceCount: 3,
      totalCost: 0.003,
      totalTokens: 15,
      errorCount: 0,
      scores: [{ name: 'exact', dataType: 'NUMERIC', count: 3, min: 0, max: 1 }],
      runScores: [{ name: 'overall', value: 0.5 }],
    });
    const mean = (at: number) => (runs[at]!.summary['scores'] as { mean: number }[])[0]!.mean;
    expect([mean(0), mean(1)]).toEqual([2 / 3, 0]);
    const rome = (compared['data'] as { datasetItemId: string; results: JsonObject[][] }[]).find(
      ({ datasetItemId }) => datasetItemId === 'item-Rome',
    )!;
    expect(rome.results.map(([result]) => result!['outputPreview'])).toEqual(['ROME', 'Rome']);
    expect(rome.results[0]![0]).toMatchObject({
      hasTrace: true,
      inputPreview: '{"city":"Rome"}',
      expectedOutputPreview: 'ROME',
      totalCost: 0.001,
      totalTokens: 5,
      latency: expect.any(Number) as number,
      scores: [{ name: 'exact', value: 1 }],
    });
    const trace = await api.trace(String(rome.results[1]![0]!['traceId']));
    expect(trace['environment']).toBe('sdk-experiment');

    await langfuse.api.datasets.deleteRun(DATASET, 'quiet');
    await expect(langfuse.api.datasets.getRun(DATASET, 'quiet')).rejects.toMatchObject({ statusCode: 404 });
  });

  it('links an item to a trace by hand, before the trace is sent', async () => {
    const { items } = await langfuse.dataset.get(DATASET);
    const item = items[0]!;
    const linked = await startActiveObservation('by hand', async (span) => {
      const runItem = await item.link(span, 'by hand', { description: 'once', metadata: { a: 1 } });
      return { runItem, traceId: span.traceId, spanId: span.id };
    });
    expect(linked.runItem).toMatchObject({
      datasetRunName: 'by hand',
      datasetItemId: item.id,
      traceId: linked.traceId,
      observationId: linked.spanId,
    });
    const { data, meta } = await langfuse.api.datasets.getRuns(DATASET);
    expect(data.map(({ name }) => name)).toEqual(['by hand', 'loud/1']);
    expect(meta).toEqual({ page: 1, limit: 50, totalItems: 2, totalPages: 1 });
    const listed = await langfuse.api.datasetRunItems.list({ datasetId: item.datasetId, runName: 'by hand' });
    expect(listed.data).toEqual([linked.runItem]);
  });

  it('runs an experiment over data of its own, which the experiment routes list', async () => {
    const from = new Date(Date.now() - 60_000).toISOString();
    const result = await langfuse.experiment.run({
      name: 'local',
      runName: 'local data',
      description: 'no dataset',
      metadata: { k: 'v' },
      data: [
        { input: { n: 1 }, expectedOutput: { twice: 2 }, metadata: { odd: 'yes' } },
        { input: { n: 2 }, expectedOutput: { twice: 4 } },
      ],
      task: ({ input }) => Promise.resolve({ twice: (input as { n: number }).n * 2 }),
      evaluators: [() => Promise.resolve({ name: 'fine', value: 'yes', dataType: 'CATEGORICAL' as const })],
    });
    await processor.forceFlush();
    const listed = await langfuse.api.experiments.list({
      fromStartTime: from,
      name: 'local data',
      fields: 'core,metadata',
    });
    expect(listed.data).toEqual([
      {
        id: result.experimentId,
        name: 'local data',
        description: 'no dataset',
        startTime: expect.any(String) as string,
        endTime: expect.any(String) as string,
        itemCount: 2,
        datasetId: null,
        metadata: { k: 'v' },
      },
    ]);
    const items = await langfuse.api.experiments.listItems({
      fromStartTime: from,
      experimentId: result.experimentId,
      fields: 'core,dataset,io,itemMetadata,experimentMetadata,scores',
    });
    expect(items.meta).toEqual({});
    expect(items.data).toHaveLength(2);
    const first = items.data.find(({ input }) => (input as { n: number }).n === 1)!;
    expect(first).toMatchObject({
      experimentId: result.experimentId,
      experimentName: 'local data',
      experimentDatasetId: null,
      level: 'DEFAULT',
      environment: 'sdk-experiment',
      output: { twice: 2 },
      expectedOutput: { twice: 2 },
      experimentItemMetadata: { odd: 'yes' },
      experimentMetadata: { k: 'v' },
      experimentDescription: 'no dataset',
      scores: [{ name: 'fine', value: 'yes', dataType: 'CATEGORICAL' }],
    });
    expect(new Set(items.data.map(({ traceId }) => traceId))).toEqual(
      new Set(result.itemResults.map(({ traceId }) => traceId)),
    );
    // Those of datasets are experiments as well, under the id of their run.
    const all = await langfuse.api.experiments.list({ fromStartTime: from });
    expect(all.data.map(({ name }) => name).sort()).toEqual(['local data', 'loud/1', 'quiet']);
  });
});
