import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RE2JS } from 're2js';
import { LIBRARY_PROVIDERS, listLibraryModels } from './library-models.js';

describe('the models of the price list', () => {
  const models = listLibraryModels(Date.parse('2026-01-31T12:00:00Z'));

  it('are those of all providers that the package knows', () => {
    const folder = join(import.meta.dirname, '../../../node_modules/@pydantic/genai-prices/dist');
    const bundle = readFileSync(join(folder, 'index.js'), 'utf8');
    const ids = [...bundle.matchAll(/\n {2}\{\n {4}id: "([^"]+)",\n {4}name:/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(20);
    expect([...LIBRARY_PROVIDERS].sort()).toEqual(ids.sort());
  });

  it('have the prices that calls of them are billed by', () => {
    expect(models.get('openai/gpt-4o')).toMatchObject({
      name: 'gpt-4o',
      sheet: { prices: expect.arrayContaining([{ usageClass: 'input', usdPerMillion: 2.5 }]) as unknown },
    });
  });

  it('say what their names look like', () => {
    const { matchPattern } = models.get('openai/gpt-4o')!;
    expect(RE2JS.compile(matchPattern).matcher('GPT-4o-2024-08-06').find()).toBe(true);
    expect(RE2JS.compile(matchPattern).matcher('gpt-4o-mini').find()).toBe(false);
  });
});
