import { type Filter } from '../../src/domain/filter.js';
import { type Observation } from '../../src/domain/observation.js';
import { type Project } from '../../src/domain/project.js';
import { type PromptDraft, type PromptVersion } from '../../src/domain/prompt.js';
import { PromptReader } from '../../src/storage/prompts/prompt-reader.js';
import { PromptStore } from '../../src/storage/prompts/prompt-store.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const PROJECT: Project = { no: 1, id: 'project 1' };
const ANOTHER: Project = { no: 2, id: 'project 2' };
const FIRST_PAGE = { page: 1, limit: 10 };

const aDraft = (name: string, fields: Partial<PromptDraft> = {}): PromptDraft => ({
  name,
  type: 'text',
  content: `text of ${name}`,
  config: '{}',
  labels: [],
  tags: undefined,
  commitMessage: null,
  ...fields,
});
const including = (...references: string[]): string =>
  references.map((reference) => `@@@langfusePrompt:name=${reference}@@@`).join(' ');

describe('prompts', () => {
  let database: TestDatabase;
  let store: PromptStore;
  /** As of other servers on the same database. */
  let others: PromptStore[];
  let reader: PromptReader;

  beforeAll(async () => {
    database = await createTestDatabase();
    const pool = new ReadPool(await database.dataSource(), { readTimeoutMs: 30_000 });
    store = new PromptStore(pool);
    others = [new PromptStore(pool), new PromptStore(pool)];
    reader = new PromptReader(pool);
  });
  beforeEach(() => database.pool.query('TRUNCATE prompts, prompt_versions, prompt_labels, prompt_references'));
  afterAll(() => database.drop());

  const create = (name: string, fields?: Partial<PromptDraft>): Promise<PromptVersion> =>
    store.create(PROJECT, aDraft(name, fields));
  const labelsOf = async (name: string): Promise<Record<number, readonly string[]>> => {
    const [prompt] = (await reader.findPrompts(PROJECT, { name }, FIRST_PAGE)).items;
    const labels: Record<number, readonly string[]> = {};
    for (const version of prompt?.versions ?? [])
      labels[version] = (await reader.getPrompt(PROJECT, name, { version })).labels;
    return labels;
  };
  const resolved = async (name: string, version: number): Promise<unknown> =>
    (await reader.resolve(PROJECT, await reader.getPrompt(PROJECT, name, { version }))).content;

  it('that are made at the same time get versions one after another, and each label one version', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        [store, ...others][i % 3]!.create(
          PROJECT,
          aDraft('busy', { content: `${i}`, labels: ['production', `own-${i}`] }),
        ),
      ),
    );
    expect(made.map(({ version }) => version).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    const labels = await labelsOf('busy');
    for (const label of ['latest', 'production']) {
      expect([label, Object.keys(labels).filter((version) => labels[Number(version)]!.includes(label))]).toEqual([
        label,
        ['20'],
      ]);
    }
    for (const { version, content } of made) {
      const own = [`own-${content as string}`];
      expect(labels[version]).toEqual(version === 20 ? ['production', ...own, 'latest'] : own);
    }
  });

  it('keep type and tags over their versions, and config, message and text apart', async () => {
    const first = await create('p', { tags: ['a', 'b'], config: '{"n":1}', commitMessage: 'first' });
    expect(first).toMatchObject({ version: 1, labels: ['latest'], tags: ['a', 'b'], createdBy: 'API' });
    const second = await create('p', { content: 'other', labels: ['production'] });
    expect(second).toMatchObject({ version: 2, labels: ['production', 'latest'], tags: ['a', 'b'], config: '{}' });
    await create('p', { tags: [] });
    expect(await reader.getPrompt(PROJECT, 'p', { version: 1 })).toMatchObject({
      content: 'text of p',
      tags: [],
      labels: [],
      config: '{"n":1}',
      commitMessage: 'first',
    });
    expect(await reader.getPrompt(PROJECT, 'p', { label: 'production' })).toMatchObject({ id: second.id, version: 2 });
    await expect(create('p', { type: 'chat', content: [] })).rejects.toThrow('type');
    expect(await labelsOf('p')).toEqual({ 1: [], 2: ['production'], 3: ['latest'] });
  });

  it('belong to a project', async () => {
    await create('mine');
    await expect(reader.getPrompt(ANOTHER, 'mine', { version: 1 })).rejects.toThrow("'mine' with version 1");
    await expect(store.delete(ANOTHER, 'mine')).rejects.toThrow('Prompt not found');
    await expect(store.addLabels(ANOTHER, 'mine', 1, ['a'])).rejects.toThrow('Prompt not found');
    expect((await reader.findPrompts(ANOTHER, {}, FIRST_PAGE)).items).toEqual([]);
    expect((await store.create(ANOTHER, aDraft('mine'))).version).toBe(1);
    await expect(store.create(ANOTHER, aDraft('user', { content: including('x|version=1') }))).rejects.toThrow(
      'dependency not found',
    );
    await create('x');
    await expect(store.create(ANOTHER, aDraft('user', { content: including('x|version=1') }))).rejects.toThrow(
      'dependency not found',
    );
    expect(await reader.idsOf(ANOTHER, [{ name: 'x', version: 1 }])).toEqual([undefined]);
  });

  it('get labels that other versions lose', async () => {
    const first = await create('p', { labels: ['production', 'a'] });
    await create('p');
    expect((await store.addLabels(PROJECT, 'p', 2, ['production', 'b', 'b'])).labels).toEqual([
      'latest',
      'production',
      'b',
    ]);
    expect((await store.addLabels(PROJECT, 'p', 1, ['a'])).labels).toEqual(['a']);
    expect(await labelsOf('p')).toEqual({ 1: ['a'], 2: ['latest', 'production', 'b'] });
    const { updatedAt } = await reader.getPrompt(PROJECT, 'p', { version: 1 });
    expect(updatedAt).toBeGreaterThan(first.updatedAt);
    await expect(store.addLabels(PROJECT, 'p', 3, ['a'])).rejects.toThrow("'p' with version 3");
  });

  it('are deleted by version, by label or all at once, and latest goes to the highest that is left', async () => {
    for (let i = 0; i < 4; i += 1) await create('p', { labels: i === 1 ? ['old'] : [] });
    await store.delete(PROJECT, 'p', { version: 4 });
    expect(await labelsOf('p')).toEqual({ 1: [], 2: ['old'], 3: ['latest'] });
    await store.delete(PROJECT, 'p', { label: 'old' });
    expect(await labelsOf('p')).toEqual({ 1: [], 3: ['latest'] });
    await expect(store.delete(PROJECT, 'p', { label: 'old' })).rejects.toThrow("'p' with label 'old'");
    await store.delete(PROJECT, 'p');
    expect(await labelsOf('p')).toEqual({});
    expect((await create('p', { type: 'chat', content: [] })).version).toBe(1);
  });

  it('include others by version or as a label says', async () => {
    await create('tone', { labels: ['production'] });
    await create('a', { content: `A ${including('tone|label=production')}` });
    await create('b', { content: `B ${including('a|version=1', 'tone|version=1')}` });
    expect(await resolved('b', 1)).toBe('B A text of tone text of tone');
    await create('tone', { content: 'new tone', labels: ['production'] });
    expect(await resolved('b', 1)).toBe('B A new tone text of tone');
    const chat = [{ role: 'system', content: including('b|label=latest') }];
    await create('chat', { type: 'chat', content: chat });
    expect(await resolved('chat', 1)).toEqual([{ role: 'system', content: 'B A new tone text of tone' }]);
  });

  it('include nothing that is not there, no chat and not themselves', async () => {
    await create('a', { labels: ['production'] });
    await create('chat', { type: 'chat', content: [] });
    await create('b', { content: including('a|label=production') });
    for (const content of [
      'nothing|version=1',
      'a|version=2',
      'a|label=x',
      'chat|version=1',
      'c|version=1',
      'c|label=latest',
    ]) {
      await expect(create('c', { content: including(content) })).rejects.toThrow(/dependency/);
    }
    await expect(create('a', { content: including('b|version=1'), labels: ['production'] })).rejects.toThrow(
      'Circular',
    );
    await expect(create('a', { content: including('b|version=1') })).rejects.toThrow('must not include');
    expect(await labelsOf('a')).toEqual({ 1: ['production', 'latest'] });
    expect(await labelsOf('c')).toEqual({});
  });

  it('do not come to include each other in a circle by way of a label, whichever of two changes is last', async () => {
    await create('a');
    await create('b', { labels: ['production'] });
    await store.addLabels(PROJECT, 'a', 1, ['x']);
    await create('a', { content: including('b|label=production') });
    await create('b', { content: including('a|label=x') });
    const results = await Promise.allSettled([
      store.addLabels(PROJECT, 'a', 2, ['x']),
      others[0]!.addLabels(PROJECT, 'b', 2, ['production']),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await resolved('a', 2)).toEqual(expect.not.stringContaining('@@@'));
    expect(await resolved('b', 2)).toEqual(expect.not.stringContaining('@@@'));
  });

  it('are not deleted while others include them', async () => {
    await create('a', { labels: ['production'] });
    await create('a');
    await create('byVersion', { content: including('a|version=2') });
    await create('byLabel', { content: including('a|label=production', 'a|label=latest') });
    await expect(store.delete(PROJECT, 'a')).rejects.toThrow("'byLabel' version 1 includes label");
    await expect(store.delete(PROJECT, 'a', { version: 2 })).rejects.toThrow(
      "'byVersion' version 1 includes version 2",
    );
    await expect(store.delete(PROJECT, 'a', { label: 'production' })).rejects.toThrow('includes label production');
    await store.delete(PROJECT, 'byVersion');
    await store.delete(PROJECT, 'a', { label: 'latest' });
    expect(await resolved('byLabel', 1)).toBe('text of a text of a');
    await store.delete(PROJECT, 'byLabel');
    await store.delete(PROJECT, 'a');
    const { rows } = await database.pool.query<{ n: string }>('SELECT count(*) AS n FROM prompt_references');
    expect(rows[0]!.n).toBe('0');
  });

  it('are listed by name, with the versions that pass the filter', async () => {
    await create('b', { labels: ['production'], tags: ['t'], config: '{"n":1}' });
    const second = await create('b', { config: '{"n":2}' });
    await create('a', { type: 'chat', content: [] });
    const list = async (filter: Parameters<PromptReader['findPrompts']>[1], page = FIRST_PAGE) =>
      (await reader.findPrompts(PROJECT, filter, page)).items.map(({ name, versions, labels, lastConfig }) => ({
        name,
        versions,
        labels,
        lastConfig,
      }));
    const a = { name: 'a', versions: [1], labels: ['latest'], lastConfig: '{}' };
    const b = { name: 'b', versions: [1, 2], labels: ['latest', 'production'], lastConfig: '{"n":2}' };
    const oldB = { name: 'b', versions: [1], labels: ['production'], lastConfig: '{"n":1}' };
    expect(await list({})).toEqual([a, b]);
    expect(await list({ name: 'b' })).toEqual([b]);
    expect(await list({ tag: 't' })).toEqual([b]);
    expect(await list({ label: 'production' })).toEqual([oldB]);
    expect(await list({ version: 1 })).toEqual([a, oldB]);
    expect(await list({ label: 'production', version: 2 })).toEqual([]);
    expect(await list({ from: second.updatedAt, name: 'b' })).toMatchObject([{ lastConfig: '{"n":2}' }]);
    expect(await list({ to: second.updatedAt - 86_400_000_000 })).toEqual([]);
    expect(await list({}, { page: 2, limit: 1 })).toEqual([b]);
    expect(await reader.findPrompts(PROJECT, {}, { page: 1, limit: 1 })).toMatchObject({
      totalItems: 2,
      hasMore: true,
    });
  });

  it('are listed by conditions on their versions', async () => {
    await create('tools/search', { labels: ['production'], tags: ['t', 'u'], config: '{"model":"GPT-4o","k":null}' });
    await create('tools/search', { config: '{"model":"o1"}' });
    await create('tools_chat', { type: 'chat', content: [], config: '[]' });
    const { id } = await create('back\\', { config: '"model"' });
    const list = async (...conditions: Filter) =>
      (await reader.findPrompts(PROJECT, { conditions }, FIRST_PAGE)).items.map(
        ({ name, versions }) => `${name} ${versions.join()}`,
      );
    const name = { type: 'string', column: 'name' } as const;
    const config = { type: 'stringObject', column: 'config', key: 'model' } as const;
    const tags = { type: 'arrayOptions', column: 'tags' } as const;
    const labels = { type: 'arrayOptions', column: 'labels' } as const;
    const all = ['back\\ 1', 'tools/search 1,2', 'tools_chat 1'];
    expect(await list()).toEqual(all);
    expect(await list({ ...name, operator: 'is not empty', value: '' })).toEqual(all);
    expect(await list({ ...name, operator: '=', value: 'TOOLS_CHAT' })).toEqual([]);
    expect(await list({ ...name, operator: 'starts with', value: 'TOOLS/' })).toEqual(['tools/search 1,2']);
    expect(await list({ ...name, operator: 'starts with', value: 'tools_' })).toEqual(all.slice(1));
    expect(await list({ ...name, operator: 'starts with', value: 'tools\\_' })).toEqual(['tools_chat 1']);
    expect(await list({ ...name, operator: 'ends with', value: '\\' })).toEqual(['back\\ 1']);
    expect(await list({ ...name, operator: 'does not contain', value: 'tools' })).toEqual(['back\\ 1']);
    expect(await list({ type: 'string', column: 'id', operator: '=', value: id })).toEqual(['back\\ 1']);
    expect(await list({ type: 'stringOptions', column: 'type', operator: 'any of', value: ['chat'] })).toEqual([
      'tools_chat 1',
    ]);
    expect(await list({ type: 'number', column: 'version', operator: '>', value: 1 })).toEqual(['tools/search 2']);
    expect(await list({ ...labels, operator: 'any of', value: ['production'] })).toEqual(['tools/search 1']);
    expect(await list({ ...labels, operator: 'none of', value: ['latest'] })).toEqual(['tools/search 1']);
    expect(await list({ ...tags, operator: 'all of', value: ['u', 't'] })).toEqual(['tools/search 1,2']);
    expect(await list({ ...config, operator: 'contains', value: 'gpt' })).toEqual(['tools/search 1']);
    expect(await list({ ...config, operator: 'is set', value: '' })).toEqual(['tools/search 1,2']);
    expect(await list({ ...config, operator: 'is not set', value: '' })).toEqual(['back\\ 1', 'tools_chat 1']);
    expect(await list({ type: 'datetime', column: 'updatedAt', operator: '<', value: 0 })).toEqual([]);
    await expect(list({ ...name, column: 'content', operator: '=', value: 'x' })).rejects.toThrow('no such column');
  });

  it('are found by the generations that name them', async () => {
    const { id } = await create('p');
    const link = (promptName: string | null, promptVersion: string | null, promptId: string | null = null) =>
      ({ promptName, promptVersion, promptId }) as Observation;
    const seen = [
      link('p', '1'),
      link('p', '1'),
      link('p', '2'),
      link('p', '1.0'),
      link(null, '1'),
      link('p', '1', 'own'),
    ];
    await reader.linkPrompts(PROJECT, seen);
    expect(seen.map(({ promptId }) => promptId)).toEqual([id, id, null, null, null, 'own']);
  });
});
