import { type Dataset, type DatasetItemContent } from '../../src/domain/dataset.js';
import { NotFound } from '../../src/domain/errors.js';
import { type ObservationPatch } from '../../src/domain/observation.js';
import { type Project } from '../../src/domain/project.js';
import { presentTime } from '../../src/domain/time.js';
import { type TracePatch } from '../../src/domain/trace.js';
import { DatasetItemStore } from '../../src/storage/datasets/dataset-item-store.js';
import { DatasetRunStore } from '../../src/storage/datasets/dataset-run-store.js';
import { DatasetStore } from '../../src/storage/datasets/dataset-store.js';
import { ExperimentReader } from '../../src/storage/datasets/experiment-reader.js';
import { RunResultReader } from '../../src/storage/datasets/run-result-reader.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { type TestDatabase } from '../support/database.js';
import { batchOf, NOW_MS } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

const PROJECT: Project = { no: 1, id: 'project 1' };
const OTHER: Project = { no: 2, id: 'project 2' };
const T0 = NOW_MS * 1000;
const ALL = { page: 1, limit: 100 };
const unchecked = (): Promise<void> => Promise.resolve();

let database: TestDatabase;
let pool: ReadPool;
let datasets: DatasetStore;
let items: DatasetItemStore;
let runs: DatasetRunStore;
let results: RunResultReader;
let experiments: ExperimentReader;
let dataset: Dataset;

beforeAll(async () => {
  database = await createWriteDatabase();
  pool = new ReadPool(await database.dataSource(), { readTimeoutMs: 30_000 });
  datasets = new DatasetStore(pool);
  items = new DatasetItemStore(pool);
  runs = new DatasetRunStore(pool);
  results = new RunResultReader(pool);
  experiments = new ExperimentReader(pool);
});
beforeEach(async () => {
  dataset = await datasets.put(PROJECT, { name: 'd' });
});
afterEach(async () => {
  await database.pool.query('TRUNCATE datasets, dataset_items, dataset_runs, dataset_run_items, scores');
});
afterAll(() => database.drop());

const put = (id: string, content: Partial<DatasetItemContent> = {}) =>
  items.put(PROJECT, dataset, { id, ...content }, unchecked);
const listed = async (version?: number) =>
  (await items.list(PROJECT, { datasetId: dataset.id, ...(version === undefined ? {} : { version }) }, ALL)).items;
/** As a client names it: what it was shown, in milliseconds. */
const shown = (time: number): number => Date.parse(presentTime(time)) * 1000;

describe('a dataset', () => {
  it('is one of its name, however many make it at once, and keeps what a later message leaves alone', async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, () => datasets.put(PROJECT, { name: 'a/b', description: 'x' })),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await datasets.put(PROJECT, { name: 'a/b', metadata: '{"m":1}' })).toMatchObject({ description: 'x' });
    expect(await datasets.put(PROJECT, { name: 'a/b', description: null })).toMatchObject({
      description: null,
      metadata: '{"m":1}',
    });
    expect((await datasets.list(PROJECT, ALL)).items.map(({ name }) => name)).toEqual(['a/b', 'd']);
  });

  it('is not to be seen from another project, nor is what is in it', async () => {
    const item = await put('i');
    const run = await runs.ensure(PROJECT, dataset.id, { name: 'r', description: null, metadata: '{}' });
    await runs.addItem(PROJECT, run, item, { traceId: 't', observationId: null });
    await expect(datasets.get(OTHER, 'd')).rejects.toThrow(NotFound);
    await expect(items.get(OTHER, 'i')).rejects.toThrow(NotFound);
    await expect(items.delete(OTHER, 'i', true)).rejects.toThrow(NotFound);
    await expect(runs.get(OTHER, 'd', 'r')).rejects.toThrow(NotFound);
    await expect(runs.delete(OTHER, 'd', 'r')).rejects.toThrow(NotFound);
    await expect(datasets.delete(OTHER, 'd')).rejects.toThrow(NotFound);
    expect((await items.list(OTHER, { datasetId: dataset.id }, ALL)).items).toEqual([]);
    expect((await runs.listItems(OTHER, run, ALL)).items).toEqual([]);
    expect((await results.read(OTHER, run)).results).toEqual([]);
    // The same id is another item there.
    const theirs = await datasets.put(OTHER, { name: 'd' });
    await items.put(OTHER, theirs, { id: 'i', input: '1' }, unchecked);
    expect(await items.get(PROJECT, 'i')).toMatchObject({ input: null });
  });

  it('goes with its items, their versions, its runs and their items', async () => {
    const item = await put('i');
    await put('i', { input: '2' });
    const run = await runs.ensure(PROJECT, dataset.id, { name: 'r', description: null, metadata: '{}' });
    await runs.addItem(PROJECT, run, item, { traceId: 't', observationId: null });
    await datasets.delete(PROJECT, 'd');
    const { rows } = await database.pool.query<{ n: number }>(
      'SELECT (SELECT count(*) FROM datasets) + (SELECT count(*) FROM dataset_items) + (SELECT count(*) FROM dataset_runs) ' +
        '+ (SELECT count(*) FROM dataset_run_items) AS n',
    );
    expect(Number(rows[0]!.n)).toBe(0);
  });
});

describe('an item', () => {
  it('keeps what is absent, empties what is null, and shows whole milliseconds', async () => {
    const first = await put('i', { input: '{"a":1}', expectedOutput: '"x"', metadata: '{"m":1}' });
    expect([first.createdAt % 1000, first.validFrom]).toEqual([0, first.createdAt]);
    const second = await put('i', { expectedOutput: null, sourceTraceId: 't' });
    expect(second).toMatchObject({ input: '{"a":1}', expectedOutput: null, metadata: '{"m":1}', sourceTraceId: 't' });
    expect(second.createdAt).toBe(first.createdAt);
    expect(second.validFrom).toBeGreaterThan(first.validFrom);
  });

  it('is shown as it was at any time that a client was told', async () => {
    const a = await put('i', { input: '1' });
    const b = await put('i', { input: '2' });
    const other = await put('later', { input: '9' });
    const c = await put('i', { input: '3' });
    await items.delete(PROJECT, 'i', false);
    const at = async (time: number) => (await listed(shown(time))).map(({ id, input }) => [id, input]);
    expect(await at(a.createdAt - 1000)).toEqual([]);
    expect(await at(a.validFrom)).toEqual([['i', '1']]);
    expect(await at(b.validFrom)).toEqual([['i', '2']]);
    expect(await at(other.validFrom)).toContainEqual(['later', '9']);
    expect(await at(c.validFrom)).toContainEqual(['i', '3']);
    expect((await listed()).map(({ id }) => id)).toEqual(['later']);
    await expect(items.get(PROJECT, 'i')).rejects.toThrow(NotFound);
  });

  it('has a version of its own for each of many changes at once, and none for what changes nothing', async () => {
    const written = await Promise.all(Array.from({ length: 12 }, (_, n) => put('i', { input: String(n) })));
    expect(new Set(written.map(({ validFrom }) => validFrom)).size).toBe(12);
    expect(new Set(written.map(({ createdAt }) => createdAt)).size).toBe(1);
    const { rows } = await database.pool.query<{ gaps: number; open: number }>(
      "SELECT count(*) FILTER (WHERE valid_to = 'infinity')::int4 AS open, count(*) FILTER (WHERE valid_to <> next)::int4 AS gaps " +
        'FROM (SELECT valid_to, lead(valid_from) OVER (ORDER BY valid_from) AS next FROM dataset_items) v',
    );
    expect(rows[0]).toEqual({ open: 1, gaps: 0 });
    const last = await items.get(PROJECT, 'i');
    expect(await put('i', { input: last.input })).toEqual(last);
  });

  it('begins anew when it is made again after it was deleted, and leaves nothing when it is erased', async () => {
    const first = await put('i', { input: '1', metadata: '{}' });
    await items.delete(PROJECT, 'i', false);
    const again = await put('i', { input: '2' });
    expect(again).toMatchObject({ input: '2', metadata: null });
    expect(again.createdAt).toBeGreaterThan(first.createdAt);
    expect((await listed(shown(first.validFrom))).map(({ input }) => input)).toEqual(['1']);
    await items.delete(PROJECT, 'i', true);
    expect(await listed(shown(first.validFrom))).toEqual([]);
  });

  it('is in lists newest first, by page and by source, while it is active', async () => {
    for (const id of ['a', 'b', 'c']) await put(id, { sourceTraceId: `trace-${id}`, sourceObservationId: 'o' });
    await put('b', { status: 'ARCHIVED' });
    expect((await listed()).map(({ id }) => id)).toEqual(['c', 'a']);
    expect(await items.get(PROJECT, 'b')).toMatchObject({ status: 'ARCHIVED' });
    const page = await items.list(PROJECT, { datasetId: dataset.id }, { page: 2, limit: 1 });
    expect(page).toMatchObject({ items: [{ id: 'a' }], totalItems: 2, hasMore: false });
    const bySource = await items.list(PROJECT, { sourceTraceId: 'trace-c', sourceObservationId: 'o' }, ALL);
    expect(bySource.items.map(({ id }) => id)).toEqual(['c']);
  });

  it('belongs to one dataset, and what does not pass the check is not stored', async () => {
    await put('i');
    const other = await datasets.put(PROJECT, { name: 'other' });
    await expect(items.put(PROJECT, other, { id: 'i' }, unchecked)).rejects.toThrow(NotFound);
    const refuse = (content: DatasetItemContent) => Promise.reject(new Error(`no ${content.input}`));
    await expect(items.put(PROJECT, dataset, { id: 'i', input: '5' }, refuse)).rejects.toThrow('no 5');
    expect(await items.get(PROJECT, 'i')).toMatchObject({ input: null });
  });
});

describe('a run', () => {
  const metadata = '{"m":1}';

  it('is one of its name, however many make it at once, and the first one says what it is', async () => {
    const first = await runs.ensure(PROJECT, dataset.id, { name: 'r', description: 'first', metadata });
    expect(await runs.ensure(PROJECT, dataset.id, { name: 'r', description: 'second', metadata: '{}' })).toEqual(first);
    const many = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        runs.ensure(PROJECT, dataset.id, { name: 'many', description: String(n), metadata }),
      ),
    );
    expect(new Set(many.map(({ id, description }) => `${id} ${description ?? ''}`)).size).toBe(1);
    expect((await runs.list(PROJECT, dataset, ALL)).totalItems).toBe(2);
  });

  it('has an item once however often it is said, and another for another trace', async () => {
    const item = await put('i');
    const run = await runs.ensure(PROJECT, dataset.id, { name: 'r', description: null, metadata });
    const createdAt = Date.parse('2026-01-31T09:30:00.123Z') * 1000;
    const tried = { traceId: 't', observationId: 'o', createdAt };
    const [added, ...again] = await Promise.all(
      Array.from({ length: 5 }, () => runs.addItem(PROJECT, run, item, tried)),
    );
    expect(added).toMatchObject({ runName: 'r', datasetItemId: 'i', traceId: 't', observationId: 'o', createdAt });
    for (const same of again) expect(same).toEqual(added);
    await runs.addItem(PROJECT, run, item, { traceId: 't', observationId: null });
    expect((await runs.listItems(PROJECT, run, ALL)).totalItems).toBe(2);
    await runs.delete(PROJECT, 'd', 'r');
    expect((await runs.listItems(PROJECT, run, ALL)).totalItems).toBe(0);
  });
});

describe('what became of a run', () => {
  const observation = (id: string, fields: Partial<ObservationPatch>): ObservationPatch => ({
    ...{ kind: 'observation', index: 0, traceId: 'whole', id, stamp: 2, startTime: T0, endTime: T0 + 2_000_000 },
    ...fields,
  });
  const trace = (traceId: string, fields: Partial<TracePatch>): TracePatch => ({
    ...{ kind: 'trace', index: 0, traceId, stamp: 2 },
    ...fields,
  });
  const score = (id: string, columns: Record<string, unknown>): Promise<unknown> => {
    const row = {
      ...{ project_no: 1, id, ts: new Date(NOW_MS), name: 's', source: 'API', data_type: 'NUMERIC', value: 1 },
      ...{ first_stamp: 1, stamp: 1, created_at: new Date(NOW_MS), updated_at: new Date(NOW_MS), ...columns },
    };
    const names = Object.keys(row);
    return database.pool.query(
      `INSERT INTO scores (${names.join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(row),
    );
  };

  beforeAll(async () => {
    const queue = openQueue(database.connection);
    await queue.submit(
      batchOf(1, [
        observation('root', {
          input: '"q"',
          output: '"a"',
          usage: { input: 3, output: 4 },
          statedCost: { total: 0.5 },
        }),
        trace('whole', { output: '"the whole"' }),
        observation('outer', { traceId: 'nested', endTime: T0 + 9_000_000, statedCost: { total: 8 } }),
        observation('part', {
          traceId: 'nested',
          parentObservationId: 'outer',
          output: '"part"',
          statedCost: { total: 1 },
        }),
        observation('leaf', {
          traceId: 'nested',
          parentObservationId: 'part',
          level: 'ERROR',
          statedCost: { total: 0.25 },
        }),
        observation('e1', {
          traceId: 'x1',
          environment: 'sdk-experiment',
          experiment: { id: 'E', name: 'n', datasetId: 'D', itemId: 'a' },
        }),
        observation('e2', {
          traceId: 'x2',
          startTime: T0 + 1_000_000,
          experiment: { id: 'E', name: 'n', itemId: 'b' },
        }),
        observation('e3', { traceId: 'x3', startTime: T0 + 3_000_000, endTime: null, experiment: { id: 'F' } }),
        observation('e4', { traceId: 'x4', startTime: T0 + 3_000_000, endTime: null, experiment: { id: 'F' } }),
      ]),
    );
    await queue.stop();
  });

  it('is that of the trace, or of the part of it that the run item names, and nothing while there is no trace', async () => {
    const item = await put('i', { input: '{"q":1}', expectedOutput: '"e"' });
    await put('i', { input: '"changed"' });
    const run = await runs.ensure(PROJECT, dataset.id, { name: 'r', description: null, metadata: '{}' });
    const createdAt = item.createdAt;
    for (const [n, [traceId, observationId]] of [
      ['whole', null],
      ['whole', 'root'],
      ['nested', 'part'],
      ['missing', 'x'],
    ].entries()) {
      await runs.addItem(PROJECT, run, item, {
        traceId: traceId!,
        observationId: observationId ?? null,
        createdAt: createdAt + n * 1000,
      });
    }
    await score('of the trace', { trace_id: 'whole', value: 0.5 });
    await score('of the root', { trace_id: 'whole', observation_id: 'root', value: 0.75 });
    await score('of another', { trace_id: 'whole', observation_id: 'other' });
    await score('of another project', { project_no: 2, trace_id: 'whole' });
    await score('before its trace', { trace_id: 'missing', observation_id: 'x' });
    await score('of the run', { dataset_run_id: run.id });

    const { results: read, isCapped } = await results.read(PROJECT, run);
    expect(isCapped).toBe(false);
    const figures = {
      latencySeconds: 2,
      costNanoUsd: 500_000_000,
      inputTokens: 3,
      outputTokens: 4,
      totalTokens: 7,
      errorCount: 0,
    };
    expect(read.map(({ hasTrace, figures: of }) => ({ hasTrace, ...of }))).toEqual([
      { hasTrace: true, ...figures },
      { hasTrace: true, ...figures },
      expect.objectContaining({ hasTrace: true, latencySeconds: 2, costNanoUsd: 1_250_000_000, errorCount: 1 }),
      {
        hasTrace: false,
        latencySeconds: null,
        costNanoUsd: null,
        inputTokens: null,
        outputTokens: null,
        totalTokens: null,
        errorCount: null,
      },
    ]);
    expect(read.map(({ scores }) => scores.map(({ id }) => id).sort())).toEqual([
      ['of another', 'of the root', 'of the trace'],
      ['of the root', 'of the trace'],
      [],
      ['before its trace'],
    ]);
    expect((await results.runScores(PROJECT, run)).map(({ id }) => id)).toEqual(['of the run']);
    const previews = await results.previews(
      PROJECT,
      read.map(({ runItem }) => runItem),
    );
    const content = { input: '{"q":1}', expectedOutput: '"e"' };
    expect(previews).toEqual([
      { ...content, output: '"the whole"' },
      { ...content, output: '"a"' },
      { ...content, output: '"part"' },
      { ...content, output: null },
    ]);
  });

  it('is listed as experiments, by their latest item, page by page', async () => {
    const from = { from: T0 };
    const all = await experiments.listExperiments(PROJECT, { ...from, conditions: [] }, { limit: 10 });
    expect(all).toEqual({
      items: [
        expect.objectContaining({
          id: 'F',
          name: 'F',
          datasetId: null,
          itemCount: 2,
          startTime: T0 + 3_000_000,
          endTime: T0 + 3_000_000,
        }),
        expect.objectContaining({ id: 'E', name: 'n', itemCount: 2, startTime: T0, endTime: T0 + 2_000_000 }),
      ],
    });
    const first = await experiments.listExperiments(PROJECT, { ...from, conditions: [] }, { limit: 1 });
    const second = await experiments.listExperiments(
      PROJECT,
      { ...from, conditions: [] },
      { limit: 1, cursor: first.nextCursor! },
    );
    expect([first, second].map(({ items: [one] }) => one!.id)).toEqual(['F', 'E']);
    expect(second.nextCursor).toBeUndefined();
    expect((await experiments.listExperiments(OTHER, { ...from, conditions: [] }, { limit: 10 })).items).toEqual([]);
    const clipped = { from: T0 + 500_000, to: T0 + 3_000_000, conditions: [] };
    expect((await experiments.listExperiments(PROJECT, clipped, { limit: 10 })).items).toMatchObject([
      { id: 'E', itemCount: 1, startTime: T0 + 1_000_000 },
    ]);
  });

  it('is listed as items of experiments, each once, also those that began at the same moment', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await experiments.listItems(
        PROJECT,
        { from: T0, conditions: [] },
        { limit: 1, ...(cursor === undefined ? {} : { cursor }) },
        false,
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen.slice(0, 2).sort()).toEqual(['e3', 'e4']);
    expect(seen.slice(2)).toEqual(['e2', 'e1']);
    const byDataset = { type: 'stringOptions', column: 'datasetId', operator: 'any of', value: ['D'] } as const;
    const found = await experiments.listItems(PROJECT, { conditions: [byDataset] }, { limit: 10 }, true);
    expect(found.items).toMatchObject([
      { id: 'e1', ref: { id: 'E', itemId: 'a' }, environment: 'sdk-experiment', input: null },
    ]);
    const unknown = { type: 'string', column: 'x; DROP TABLE', operator: '=', value: '' } as const;
    await expect(experiments.listItems(PROJECT, { conditions: [unknown] }, { limit: 1 }, false)).rejects.toThrow(
      'no such column',
    );
    await expect(
      experiments.listItems(PROJECT, { conditions: [] }, { limit: 1, cursor: 'bm8' }, false),
    ).rejects.toThrow('no cursor');
  });
});
