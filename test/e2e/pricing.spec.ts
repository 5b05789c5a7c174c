import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, BEARER, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

const PRICES = '/api/public/model-prices';
const REPRICE = `${PRICES}/reprice`;

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
afterAll(() => server.stop());

const send = async (method: string, path: string, body?: unknown): Promise<{ status: number; json: JsonObject }> => {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...BEARER, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as JsonObject };
};
const generation = (id: string, model: string, usage: JsonObject): JsonObject => ({
  id,
  traceId: 'priced',
  type: 'GENERATION',
  startTime: new Date().toISOString(),
  model,
  usage,
});

describe('a call of a model', () => {
  it('shows its cost in the trace, the day, and in full where it is asked why', async () => {
    const usage = { prompt_tokens: 40_000, completion_tokens: 6000, prompt_tokens_details: { cached_tokens: 30_000 } };
    await api.write(BATCH, { trace: { id: 'priced' }, observations: [generation('known', 'gpt-4o', usage)] });
    expect(await api.read('/api/public/traces/priced')).toMatchObject({
      totalCost: 0.1225,
      observations: [
        {
          calculatedTotalCost: 0.1225,
          calculatedInputCost: 0.0625,
          calculatedOutputCost: 0.06,
          inputPrice: 0.0000025,
          outputPrice: 0.00001,
          modelId: 'openai/gpt-4o',
          costDetails: { input: 0.025, input_cached_tokens: 0.0375, output: 0.06, total: 0.1225 },
        },
      ],
    });
    expect(await api.read('/api/public/metrics/daily')).toMatchObject({ data: [{ totalCost: 0.1225 }] });
    expect(await api.read('/api/public/observations/known/cost')).toMatchObject({
      source: 'computed',
      totalCost: 0.1225,
      reason: null,
      rounding: '0',
      presentCost: null,
      price: { source: 'library', id: 'openai/gpt-4o', rule: 'model', aboveInputTokens: null },
      lines: [
        { usageClass: 'input', count: 10_000, usdPerMillion: 2.5, amount: '0.025' },
        { usageClass: 'output', count: 6000, usdPerMillion: 10, amount: '0.06' },
        { usageClass: 'input_cached_tokens', count: 30_000, usdPerMillion: 1.25, amount: '0.0375' },
      ],
    });
  });

  it('of an unknown model says so until a price is set, which a re-pricing brings to what is stored', async () => {
    await api.write(BATCH, { observations: [generation('mine', 'our-llm-7b', { input: 1000, output: 500 })] });
    expect(await api.read('/api/public/observations/mine/cost')).toMatchObject({
      source: 'none',
      totalCost: null,
      reason: expect.stringContaining('no price is known for model our-llm-7b') as string,
    });
    const made = await send('POST', PRICES, {
      modelPattern: 'our-llm-.*',
      per: 1000,
      prices: { input: 0.0002, output: 0.0004 },
    });
    expect(made).toMatchObject({ status: 201, json: { per: 1_000_000, prices: { input: 0.2, output: 0.4 } } });
    const change = { changedObservations: 1, oldCost: 0, newCost: 0.0004 };
    expect((await send('POST', REPRICE, {})).json).toMatchObject({ applied: false, ...change });
    expect(await api.read('/api/public/observations/mine/cost')).toMatchObject({ totalCost: null });
    expect((await send('POST', REPRICE, { apply: true })).json).toMatchObject({ applied: true, ...change });
    expect(await api.read('/api/public/observations/mine/cost')).toMatchObject({
      totalCost: 0.0004,
      price: { source: 'own', id: made.json['id'], model: 'our-llm-.*' },
    });
    expect(await api.read('/api/public/traces/priced')).toMatchObject({ totalCost: 0.1229 });
    expect(await send('DELETE', `${PRICES}/${String(made.json['id'])}`)).toMatchObject({ status: 200 });
    expect((await send('GET', PRICES)).json).toEqual({ data: [] });
  });

  it.each<[unknown, string]>([
    [[], 'body must be a JSON object'],
    [{ prices: { input: 1 } }, 'modelPattern is required'],
    [{ modelPattern: '(', prices: { input: 1 } }, 'modelPattern is no RE2 expression'],
    [{ modelPattern: 'm' }, 'prices is required'],
    [{ modelPattern: 'm', prices: { input: -1 } }, 'prices.input must be a number'],
    [{ modelPattern: 'm', prices: { input: '1' } }, 'prices.input must be a number'],
    [{ modelPattern: 'm', prices: {} }, 'prices must name 1 to 50'],
    [{ modelPattern: 'm', prices: { input: 1 }, per: 7 }, 'per must be'],
    [{ modelPattern: 'm', prices: { input: 1 }, validFrom: 'soon' }, 'validFrom must be an ISO 8601 time'],
    [{ modelPattern: 'm', prices: { input: 1 }, tiers: [{ prices: { input: 1 } }] }, 'tiers[0].aboveInputTokens'],
  ])('gets no price from %j', async (body, message) => {
    const { status, json } = await send('POST', PRICES, body);
    expect(status).toBe(400);
    expect(json['message']).toContain(message);
  });

  it('that is not there has no cost', async () => {
    expect(await send('GET', '/api/public/observations/nothing/cost')).toMatchObject({ status: 404 });
    expect(await send('DELETE', `${PRICES}/x`)).toMatchObject({ status: 404 });
    expect(await send('POST', REPRICE, { apply: 'yes' })).toMatchObject({ status: 400 });
    for (const apply of [false, true])
      expect(await send('POST', REPRICE, { cursor: 'x', apply })).toMatchObject({ status: 400 });
  });
});
