import { LangfuseClient } from '@langfuse/client';
import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY } from '../support/server-process.js';
import { Api, BATCH, BEARER, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

describe('models in the shape of Langfuse', () => {
  let server: RunningServer;
  let api: Api;
  let models: LangfuseClient['api']['models'];
  let plainPriceId: string;

  beforeAll(async () => {
    server = await startE2eServer();
    api = new Api(server.url);
    const keys = { publicKey: TEST_PUBLIC_KEY, secretKey: TEST_SECRET_KEY };
    models = new LangfuseClient({ ...keys, baseUrl: server.url }).api.models;
    // Before anything is priced, so that no test has to wait until the price counts.
    const answer = await api.postJson('/api/public/model-prices', {
      modelPattern: 'plain-.*',
      per: 1,
      prices: { input: 1e-6 },
      tiers: [{ aboveInputTokens: 100, prices: { input: 2e-6 } }],
    });
    plainPriceId = answer.json()['id'] as string;
  });
  afterAll(() => server.stop());

  it('are made, listed, used for costs, and deleted', async () => {
    const made = await models.create({
      modelName: 'our-llm',
      matchPattern: '(?i)^our-llm(-.*)?$',
      unit: 'TOKENS',
      startDate: '2026-01-01',
      tokenizerId: 'openai',
      tokenizerConfig: { tokenizerModel: 'gpt-4o' },
      pricingTiers: [
        { name: 'Standard', isDefault: true, priority: 0, conditions: [], prices: { input: 1e-6, output: 2e-6 } },
        {
          name: 'Large',
          isDefault: false,
          priority: 1,
          conditions: [{ usageDetailPattern: 'input', operator: 'gt', value: 1000, caseSensitive: false }],
          prices: { input: 10e-6, output: 20e-6 },
        },
      ],
    });
    expect(made).toMatchObject({
      modelName: 'our-llm',
      isLangfuseManaged: false,
      inputPrice: 1e-6,
      outputPrice: 2e-6,
      totalPrice: null,
      tokenizerConfig: { tokenizerModel: 'gpt-4o' },
      startDate: '2026-01-01T00:00:00.000Z',
    });
    expect(await models.get(made.id)).toEqual(made);
    const list = await models.list({ limit: 100 });
    expect(list.data[0]).toEqual(made);
    expect(list.meta.totalItems).toBeGreaterThan(500);
    const generation = {
      type: 'GENERATION',
      traceId: 'priced',
      startTime: new Date().toISOString(),
      model: 'OUR-LLM-7b',
    };
    await api.write(BATCH, {
      observations: [
        { ...generation, id: 'small', usage: { input: 1000, output: 100 } },
        { ...generation, id: 'large', usage: { input: 2000, output: 100 } },
      ],
    });
    expect(await api.read('/api/public/observations/small/cost')).toMatchObject({
      totalCost: 0.0012,
      price: { tier: null },
    });
    expect(await api.read('/api/public/observations/large/cost')).toMatchObject({
      totalCost: 0.022,
      price: { tier: 'Large' },
    });
    const tier = { id: made.pricingTiers.find(({ name }) => name === 'Large')!.id, name: 'Large' };
    const standard = made.pricingTiers.find(({ isDefault }) => isDefault)!;
    const byTier = { usagePricingTierId: tier.id, usagePricingTierName: tier.name };
    expect(await api.read('/api/public/observations/large')).toMatchObject(byTier);
    expect(await api.read('/api/public/observations/small')).toMatchObject({
      ...{ usagePricingTierId: standard.id, usagePricingTierName: 'Standard' },
    });
    const [large] = (await api.trace('priced')).observations.filter(({ id }) => id === 'large');
    expect(large).toMatchObject(byTier);
    const sliced = await api.read('/api/public/v2/observations?traceId=priced&fields=usage');
    expect((sliced['data'] as JsonObject[]).map((one) => [one['id'], one['usagePricingTierName']]).sort()).toEqual([
      ['large', 'Large'],
      ['small', 'Standard'],
    ]);
    await models.delete(made.id);
    await expect(models.get(made.id)).rejects.toMatchObject({ statusCode: 404 });
    expect(await api.read('/api/public/observations/large/cost')).toMatchObject({
      totalCost: 0.022,
      price: { tier: 'Large' },
    });
  });

  it('of the price list are managed, and stay', async () => {
    const managed = await models.get('openai/gpt-4o');
    expect(managed).toMatchObject({ isLangfuseManaged: true, modelName: 'gpt-4o', inputPrice: 2.5e-6 });
    await expect(models.delete(managed.id)).rejects.toMatchObject({ statusCode: 404 });
    const seen = new Set<string>();
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const { data, meta } = await models.list({ page, limit: 100 });
      for (const { id } of data) seen.add(id);
      pages = meta.totalPages;
      if (page === pages) expect(seen.size).toBe(meta.totalItems);
    }
    expect(seen.has('openai/gpt-4o')).toBe(true);
  });

  it('are put under an id of the client, again and again, and never in the place of a managed one', async () => {
    const body = { modelName: 'ours', matchPattern: '^put-llm$', unit: 'TOKENS' as const, inputPrice: 1e-6 };
    const first = await models.upsert('our/model 1', body);
    expect(first).toMatchObject({ id: 'our/model 1', modelName: 'ours', inputPrice: 1e-6, isLangfuseManaged: false });
    const second = await models.upsert('our/model 1', { ...body, modelName: 'renamed', inputPrice: 3e-6 });
    expect(second).toMatchObject({ id: first.id, modelName: 'renamed', inputPrice: 3e-6, createdAt: first.createdAt });
    expect(await models.get(first.id)).toEqual(second);
    expect((await models.list()).data.filter(({ id }) => id === first.id)).toEqual([second]);
    const both = await Promise.all([1e-6, 2e-6].map((inputPrice) => models.upsert('raced', { ...body, inputPrice })));
    expect(both).toContainEqual(await models.get('raced'));

    await models.delete(first.id);
    await expect(models.get(first.id)).rejects.toMatchObject({ statusCode: 404 });
    expect(await models.upsert(first.id, body)).toMatchObject({ id: first.id, inputPrice: 1e-6 });
    await expect(models.upsert('openai/gpt-4o', body)).rejects.toMatchObject({ statusCode: 404 });
    await expect(models.upsert('x'.repeat(801), body)).rejects.toMatchObject({ statusCode: 400 });
    await expect(models.upsert('no price', { ...body, inputPrice: undefined })).rejects.toMatchObject({
      statusCode: 400,
    });
  });

  it('that were made as prices are listed too', async () => {
    const id = plainPriceId;
    expect(await models.get(id)).toMatchObject({
      modelName: 'plain-.*',
      matchPattern: '(?i)^(?:plain-.*)$',
      pricingTiers: [
        { isDefault: true, prices: { input: 1e-6 } },
        {
          priority: 1,
          conditions: [{ usageDetailPattern: 'input', operator: 'gt', value: 100 }],
          prices: { input: 2e-6 },
        },
      ],
    });
    const call = { type: 'GENERATION', traceId: 'sized', startTime: new Date().toISOString(), model: 'plain-llm' };
    await api.write(BATCH, {
      observations: [
        { ...call, id: 'within', usage: { input: 100 } },
        { ...call, id: 'above', usage: { input: 101 } },
        { ...call, id: 'managed', model: 'gpt-4o', usage: { input: 1 } },
        { ...call, id: 'unpriced', model: 'nobody-knows', usage: { input: 1 } },
      ],
    });
    const { observations } = await api.trace('sized');
    const tiers = async (model: string) => (await models.get(model)).pricingTiers.map((tier) => [tier.id, tier.name]);
    const [[base, above], [managed]] = [await tiers(id), await tiers('openai/gpt-4o')];
    expect(
      Object.fromEntries(
        observations.map((one) => [one['id'], [one['usagePricingTierId'], one['usagePricingTierName']]]),
      ),
    ).toEqual({ within: base, above, managed, unpriced: [null, null] });
    const deleted = await fetch(`${server.url}/api/public/models/${id}`, { method: 'DELETE', headers: BEARER });
    expect([deleted.status, await deleted.json()]).toEqual([200, { message: 'Model successfully deleted' }]);
  });

  it('are refused with a message that names the field', async () => {
    const wrong = { modelName: 'm', matchPattern: '(', inputPrice: 0 };
    const answer = await api.postJson('/api/public/models', wrong);
    expect([answer.status, answer.json()]).toEqual([
      400,
      expect.objectContaining({ message: expect.stringContaining('matchPattern is no RE2 expression') as string }),
    ]);
    expect((await api.get('/api/public/models?limit=101')).status).toBe(400);
    expect((await api.get('/api/public/models/nothing')).status).toBe(404);
  });
});
