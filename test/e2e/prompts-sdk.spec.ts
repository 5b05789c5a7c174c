import { LangfuseClient } from '@langfuse/client';
import { Langfuse as LangfuseV3 } from 'langfuse';
import { Langfuse as LangfuseV2 } from 'langfuse2';
import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY } from '../support/server-process.js';
import { startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

let server: RunningServer;
beforeAll(async () => {
  // The SDKs tell there what the tests bring about.
  jest.spyOn(console, 'error').mockImplementation();
  jest.spyOn(console, 'log').mockImplementation();
  server = await startE2eServer();
});
afterAll(() => server.stop());

const CHAT = [
  { role: 'system' as const, content: 'You are {{who}}.' },
  { type: 'placeholder' as const, name: 'history' },
  { role: 'user' as const, content: '{{question}}' },
];
const keys = { publicKey: TEST_PUBLIC_KEY, secretKey: TEST_SECRET_KEY };

describe('@langfuse/client 5', () => {
  let client: LangfuseClient;
  beforeAll(() => {
    client = new LangfuseClient({ ...keys, baseUrl: server.url });
  });
  /** A client that has nothing in its cache. */
  const another = (): LangfuseClient => new LangfuseClient({ ...keys, baseUrl: server.url });

  it('makes a text prompt and fetches it by default, version and label', async () => {
    const made = await client.prompt.create({
      name: 'v5/greeting',
      prompt: 'Hello {{name}}!',
      labels: ['production'],
      tags: ['hi'],
      config: { temperature: 0.2 },
      commitMessage: 'the first',
    });
    expect(made).toMatchObject({ version: 1, labels: ['production', 'latest'], tags: ['hi'], type: 'text' });
    await client.prompt.create({ name: 'v5/greeting', prompt: 'Hi {{name}}!' });
    const inProduction = await client.prompt.get('v5/greeting');
    expect(inProduction.compile({ name: 'Ada' })).toBe('Hello Ada!');
    expect(inProduction).toMatchObject({
      version: 1,
      config: { temperature: 0.2 },
      commitMessage: 'the first',
      tags: ['hi'],
      isFallback: false,
    });
    expect((await client.prompt.get('v5/greeting', { version: 2 })).prompt).toBe('Hi {{name}}!');
    expect((await client.prompt.get('v5/greeting', { label: 'latest' })).version).toBe(2);
  });

  it('makes a chat prompt with placeholders and compiles it', async () => {
    await client.prompt.create({ name: 'v5 chat', type: 'chat', prompt: CHAT, labels: ['production'] });
    const chat = await another().prompt.get('v5 chat', { type: 'chat' });
    const history = [{ role: 'assistant', content: 'before' }];
    expect(chat.compile({ who: 'a poet', question: 'Why?' }, { history })).toEqual([
      { role: 'system', content: 'You are a poet.' },
      ...history,
      { role: 'user', content: 'Why?' },
    ]);
    const stored = await client.api.prompts.get('v5 chat');
    expect(stored.prompt).toEqual(CHAT);
  });

  it('puts a version into production, and deletes versions', async () => {
    for (const prompt of ['one', 'two'])
      await client.prompt.create({ name: 'v5-moves', prompt, labels: ['production'] });
    expect(
      await client.prompt.update({ name: 'v5-moves', version: 1, newLabels: ['production', 'tested'] }),
    ).toMatchObject({
      version: 1,
      labels: ['production', 'tested'],
    });
    expect((await another().prompt.get('v5-moves')).prompt).toBe('one');
    await client.prompt.delete('v5-moves', { version: 2 });
    await expect(another().prompt.get('v5-moves', { version: 2, maxRetries: 0 })).rejects.toThrow('not found');
    expect((await another().prompt.get('v5-moves', { label: 'latest' })).version).toBe(1);
    await client.prompt.delete('v5-moves');
    await expect(another().prompt.get('v5-moves', { maxRetries: 0 })).rejects.toThrow(
      "Prompt not found: 'v5-moves' with label 'production'",
    );
  });

  it('falls back where there is no prompt, and serves from its cache what is gone', async () => {
    const text = await client.prompt.get('v5-none', { fallback: 'plain {{x}}', maxRetries: 0 });
    expect([text.isFallback, text.compile({ x: 1 as unknown as string })]).toEqual([true, 'plain 1']);
    const chat = await client.prompt.get('v5-none', {
      type: 'chat',
      fallback: [{ role: 'user', content: 'hi' }],
      maxRetries: 0,
    });
    expect(chat.isFallback).toBe(true);
    await client.prompt.create({ name: 'v5-cached', prompt: 'kept', labels: ['production'] });
    const reader = another();
    await reader.prompt.get('v5-cached');
    await client.api.prompts.delete('v5-cached');
    expect((await reader.prompt.get('v5-cached', { cacheTtlSeconds: 60 })).prompt).toBe('kept');
    await expect(reader.prompt.get('v5-cached', { cacheTtlSeconds: 0, maxRetries: 0 })).rejects.toThrow('not found');
  });

  it.each(['a/b/c', 'with space', '🎉 é', 'a+b', 'why?', '100%', '%2F', 'a%20b', '_x_', 'a&b=c#d', '...', "it's;(1)"])(
    'makes, fetches, labels, lists and deletes %j',
    async (name) => {
      await client.prompt.create({ name, prompt: name, labels: ['production'] });
      expect((await another().prompt.get(name)).prompt).toBe(name);
      await client.prompt.update({ name, version: 1, newLabels: ['seen'] });
      expect((await client.api.prompts.list({ name })).data).toMatchObject([
        { name, labels: ['latest', 'production', 'seen'] },
      ]);
      await client.prompt.delete(name);
      expect((await client.api.prompts.list({ name })).data).toEqual([]);
    },
  );

  it('reads included prompts, or the references as they are', async () => {
    const tag = '@@@langfusePrompt:name=v5/tone|label=production@@@';
    await client.prompt.create({ name: 'v5/tone', prompt: 'kindly', labels: ['production'] });
    const { version } = await client.prompt.create({
      name: 'v5-outer',
      prompt: `Answer ${tag}.`,
      labels: ['production'],
    });
    expect((await another().prompt.get('v5-outer')).prompt).toBe('Answer kindly.');
    const resolved = await client.api.prompts.get('v5-outer', { version });
    expect(resolved.resolutionGraph).toMatchObject({ root: { name: 'v5-outer', version: 1 } });
    const raw = await client.api.prompts.get('v5-outer', { version, resolve: false });
    expect(raw).toMatchObject({ prompt: `Answer ${tag}.`, resolutionGraph: null });
    await expect(client.prompt.delete('v5/tone')).rejects.toThrow("'v5-outer' version 1 includes label production");
    await expect(
      client.prompt.create({ name: 'v5/tone', prompt: '@@@langfusePrompt:name=v5-outer|version=1@@@' }),
    ).rejects.toThrow('Circular');
  });

  it('lists in pages of ten', async () => {
    for (let i = 0; i < 11; i += 1) await client.prompt.create({ name: `v5-page-${i}`, prompt: '', tags: ['paged'] });
    const first = await client.api.prompts.list({ tag: 'paged' });
    expect(first.data).toHaveLength(10);
    expect(first.meta).toEqual({ page: 1, limit: 10, totalItems: 11, totalPages: 2 });
    expect((first as unknown as { pagination: unknown }).pagination).toEqual(first.meta);
    expect((await client.api.prompts.list({ tag: 'paged', page: 2 })).data).toMatchObject([{ name: 'v5-page-9' }]);
    await expect(client.api.prompts.list({ limit: 101 })).rejects.toMatchObject({ statusCode: 400 });
  });
});

describe('langfuse 3', () => {
  it('makes, fetches, labels and falls back', async () => {
    const client = new LangfuseV3({ ...keys, baseUrl: server.url });
    await client.createPrompt({ name: 'v3/text', prompt: 'Hello {{name}}', labels: ['production'], config: { n: 1 } });
    await client.createPrompt({ name: 'v3/chat', type: 'chat', prompt: CHAT, labels: ['staging'] });
    const text = await client.getPrompt('v3/text');
    expect([text.compile({ name: 'Ada' }), text.config, text.version]).toEqual(['Hello Ada', { n: 1 }, 1]);
    const chat = await client.getPrompt('v3/chat', undefined, { type: 'chat', label: 'staging' });
    expect(chat.compile({ who: 'x', question: 'y' }, { history: [] })).toHaveLength(2);
    await client.updatePrompt({ name: 'v3/chat', version: 1, newLabels: ['production'] });
    expect((await client.getPrompt('v3/chat', 1, { type: 'chat' })).labels).toEqual([
      'staging',
      'latest',
      'production',
    ]);
    const fallback = await client.getPrompt('v3/none', undefined, { fallback: 'plain', maxRetries: 0 });
    expect(fallback.isFallback).toBe(true);
    await client.shutdownAsync();
  });
});

describe('langfuse 2', () => {
  it('makes and fetches by the first version of the routes', async () => {
    const client = new LangfuseV2({ ...keys, baseUrl: server.url });
    await client.createPrompt({ name: 'v2-text', prompt: 'Hello {{name}}', isActive: true });
    await client.createPrompt({ name: 'v2-text', prompt: 'draft', isActive: false });
    expect((await client.getPrompt('v2-text')).compile({ name: 'Ada' })).toBe('Hello Ada');
    expect((await client.getPrompt('v2-text', 2)).prompt).toBe('draft');
    await client.shutdownAsync();
  });
});
