import { readFileSync } from 'node:fs';
import { type ClassPrice, type OwnPrice, type UsageCondition } from '../../domain/price.js';
import { parseIsoTime } from '../../domain/time.js';
import { LIBRARY } from './library-prices.js';
import { MAX_AGE_MS, PriceBook, type PricedCall } from './price-book.js';

const call = (fields: Partial<PricedCall>): PricedCall => ({
  projectNo: 1,
  type: 'GENERATION',
  model: null,
  requestedModel: null,
  provider: null,
  usage: { input: 1000, output: 100 },
  usageUnit: null,
  at: parseIsoTime('2026-01-31T12:00:00Z')!,
  ...fields,
});
const prices = (input: number, output = 0): ClassPrice[] => [
  { usageClass: 'input', usdPerMillion: input },
  { usageClass: 'output', usdPerMillion: output },
];
const own = (id: string, modelPattern: string, fields: Partial<OwnPrice> = {}): OwnPrice => ({
  id,
  modelPattern,
  provider: null,
  validFrom: null,
  sheet: { prices: prices(1), tiers: [] },
  definition: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  ...fields,
});
async function bookWith(...list: OwnPrice[]): Promise<PriceBook> {
  const book = new PriceBook();
  await book.refresh(() => Promise.resolve({ revision: '1', prices: list.map((price) => ({ projectNo: 1, price })) }));
  return book;
}

describe('invoices by the price list of the server', () => {
  const book = new PriceBook();
  const nanoUsd = (fields: Partial<PricedCall>) => book.price(call(fields))?.cost.costNanoUsd;

  it('of OpenAI: cached tokens at their price, reasoning at that of the output', () => {
    // 10,000 × 2.50 + 30,000 × 1.25 + 6,000 × 10.00 USD per million.
    expect(
      nanoUsd({ model: 'gpt-4o-2024-08-06', usage: { input: 10_000, input_cached_tokens: 30_000, output: 6000 } }),
    ).toBe(122_500_000);
    // 1,000 × 1.10 + (200 + 800) × 4.40
    expect(nanoUsd({ model: 'o3-mini', usage: { input: 1000, output: 200, output_reasoning_tokens: 800 } })).toBe(
      5_500_000,
    );
  });

  it('of Anthropic: cache reads, cache writes for five minutes and for an hour', () => {
    // 1,000 × 3 + 50,000 × 0.30 + 4,000 × 3.75 + 2,000 × 6 + 500 × 15
    const usage = {
      input: 1000,
      input_cached_tokens: 50_000,
      input_cache_creation_5m: 4000,
      input_cache_creation_1h: 2000,
      output: 500,
    };
    expect(nanoUsd({ model: 'claude-sonnet-4-5-20250929', provider: 'anthropic', usage })).toBe(52_500_000);
  });

  it('of Gemini: another price above 200,000 tokens of input', () => {
    // 200,000 × 1.25 + 1,000 × 10; 201,000 × 2.50 + 1,000 × 15
    expect(nanoUsd({ model: 'gemini-2.5-pro', usage: { input: 200_000, output: 1000 } })).toBe(260_000_000);
    expect(nanoUsd({ model: 'gemini-2.5-pro', usage: { input: 201_000, output: 1000 } })).toBe(517_500_000);
  });

  it('of embeddings', () => {
    const usage = { total: 100_000 };
    expect(nanoUsd({ type: 'EMBEDDING', model: 'text-embedding-3-small', usage })).toBe(2_000_000);
  });

  it.each<[string, Partial<PricedCall>, string | undefined]>([
    ['a dated name', { model: 'gpt-4o-2024-08-06' }, 'openai/gpt-4o'],
    ['a provider before the name', { model: 'openai/gpt-4o' }, 'openai/gpt-4o'],
    ['the same model elsewhere', { model: 'gpt-4o', provider: 'azure.ai.openai' }, 'openai/gpt-4o'],
    ['a gateway for a provider', { model: 'gpt-4o', provider: 'LiteLLM' }, 'openai/gpt-4o'],
    [
      'Bedrock by its region',
      { model: 'us.anthropic.claude-sonnet-4-20250514-v1:0' },
      'aws/regional.anthropic.claude-sonnet-4-20250514-v1:0',
    ],
    ['the one that answered first', { model: 'gpt-4o', requestedModel: 'o3-mini' }, 'openai/gpt-4o'],
    [
      'the one that was asked for where the other is unknown',
      { model: 'deployment-7', requestedModel: 'o3-mini' },
      'openai/o3-mini',
    ],
    ['a model that nobody knows', { model: 'nobody-1' }, undefined],
    ['a known name at a provider that is not known', { model: 'gpt-4o', provider: 'vllm' }, undefined],
    ['no name', {}, undefined],
    ['a name of 10,000 characters', { model: 'gpt-4o'.padEnd(10_000, 'x') }, undefined],
    ['what is no call of a model', { model: 'gpt-4o', type: 'TOOL' }, undefined],
    ['what is not counted in tokens', { model: 'gpt-4o', usageUnit: 'CHARACTERS' }, undefined],
  ])('find %s', (_case, fields, id) => {
    expect(book.price(call(fields))?.price.snapshot.priceId).toBe(id);
  });

  it('change with the date and the time of day of the call', () => {
    // deepseek-chat is cheaper outside of 00:30 to 16:30 UTC.
    const at = (time: string) => nanoUsd({ model: 'deepseek-chat', at: parseIsoTime(time)! });
    expect(at('2026-01-31T00:29:59.999Z')).toBe(190_000);
    expect(at('2026-01-31T00:30:00Z')).toBe(380_000);
    expect(at('2026-01-31T16:30:00Z')).toBe(190_000);
  });

  it('name the version of the price list that is installed', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
    expect(LIBRARY).toBe(`genai-prices ${manifest.dependencies['@pydantic/genai-prices']}`);
  });
});

describe('own prices', () => {
  const id = (book: PriceBook, fields: Partial<PricedCall>) => book.price(call(fields))?.price.snapshot.priceId;

  it('go before those of the server, also for the model that was asked for', async () => {
    const book = await bookWith(own('mine', 'gpt-4o|my-alias'));
    expect(id(book, { model: 'GPT-4o' })).toBe('mine');
    expect(id(book, { model: 'gpt-4o-mini' })).toBe('openai/gpt-4o-mini');
    expect(id(book, { model: 'gpt-4o-mini', requestedModel: 'my-alias' })).toBe('mine');
    expect(id(book, { model: 'gpt-4o', projectNo: 2 })).toBe('openai/gpt-4o');
  });

  it('hold from their date on: of several the latest that the call has reached', async () => {
    const book = await bookWith(
      own('first', 'm'),
      own('third', 'm', { validFrom: '2026-03-01T00:00:00.000Z' }),
      own('second', 'm', { validFrom: '2026-02-01T00:00:00.000Z' }),
    );
    const at = (time: string) => id(book, { model: 'm', at: parseIsoTime(time)! });
    expect(at('2026-01-31T23:59:59.999Z')).toBe('first');
    expect(at('2026-02-01T00:00:00Z')).toBe('second');
    expect(at('2027-01-01T00:00:00Z')).toBe('third');
  });

  it('for one provider go before those for any', async () => {
    const book = await bookWith(own('any', 'm'), own('at vllm', 'm', { provider: 'vLLM' }));
    expect(id(book, { model: 'm', provider: 'VLLM' })).toBe('at vllm');
    expect(id(book, { model: 'm', provider: 'other' })).toBe('any');
    expect(id(book, { model: 'm' })).toBe('any');
  });

  it('of zero make a call that costs nothing', async () => {
    const book = await bookWith(own('free', 'llama.*', { sheet: { prices: prices(0), tiers: [] } }));
    expect(book.price(call({ model: 'llama3:8b', provider: 'ollama' }))?.cost.costNanoUsd).toBe(0);
  });

  it('are read again after they have changed, at most every few seconds', async () => {
    let now = 1_000_000;
    const book = new PriceBook(() => now);
    const asked: string[] = [];
    const load = (revision: string, list: OwnPrice[]) => (known: string) => {
      asked.push(known);
      const loaded = { revision, prices: list.map((price) => ({ projectNo: 1, price })) };
      return Promise.resolve(known === revision ? null : loaded);
    };
    await book.refresh(load('1', [own('old', 'm')]));
    expect(id(book, { model: 'm' })).toBe('old');
    await book.refresh(load('2', [own('new', 'm')]));
    expect(id(book, { model: 'm' })).toBe('old');
    now += MAX_AGE_MS;
    await book.refresh(load('2', [own('new', 'm')]));
    expect(id(book, { model: 'm' })).toBe('new');
    book.invalidate();
    await book.refresh(load('2', []));
    expect(asked).toEqual(['', '1', '2']);
  });

  it('have the same key in every process, and another one when anything of them differs', async () => {
    const key = async (price: OwnPrice) => (await bookWith(price)).price(call({ model: 'm' }))!.price.key;
    expect(await key(own('a', 'm'))).toBe(await key(own('a', 'm')));
    expect(await key(own('a', 'm'))).not.toBe(await key(own('a', 'm', { sheet: { prices: prices(2), tiers: [] } })));
  });
});

describe('a model in the shape of Langfuse', () => {
  const definition = (unit = 'TOKENS'): OwnPrice['definition'] => ({
    modelName: 'm',
    unit,
    tokenizerId: null,
    tokenizerConfig: null,
    defaultTier: { id: 'd', name: 'Standard' },
  });
  const nanoUsd = async (price: OwnPrice, fields: Partial<PricedCall>) =>
    (await bookWith(price)).price(call(fields))?.cost.costNanoUsd;

  it.each<[pattern: string, model: string, isFound: boolean]>([
    ['our', 'my-our-llm', true],
    ['^our', 'my-our-llm', false],
    ['our', 'OUR-llm', false],
    ['(?i)^our-llm$', 'OUR-LLM', true],
    ['(a+)+$', `${'a'.repeat(199)}b`, false],
  ])('by the pattern %j finds %j: %j', async (pattern, model, isFound) => {
    const price = own('x', pattern, { definition: definition() });
    expect(await nanoUsd(price, { model })).toBe(isFound ? 1_000_000 : undefined);
  });

  it.each<[unit: string, usageUnit: string | null, isPriced: boolean]>([
    ['TOKENS', null, true],
    ['CHARACTERS', 'characters', true],
    ['CHARACTERS', null, false],
    ['TOKENS', 'CHARACTERS', false],
  ])('with prices for %s prices a call that counts in %s: %j', async (unit, usageUnit, isPriced) => {
    const price = own('x', 'm', { definition: definition(unit) });
    expect(await nanoUsd(price, { model: 'm', usageUnit })).toBe(isPriced ? 1_000_000 : undefined);
  });

  it('takes the first tier whose conditions all hold, else the default', async () => {
    const condition = { usageDetailPattern: '^INPUT', operator: 'gt', value: 1000, caseSensitive: false } as const;
    const tier = (priority: number, ...conditions: UsageCondition[]) => ({
      id: `${priority}`,
      name: `tier ${priority}`,
      priority,
      conditions,
      prices: prices(priority * 10),
    });
    const sheet = {
      prices: prices(1),
      tiers: [],
      conditionalTiers: [
        tier(1, condition, { ...condition, usageDetailPattern: 'output', operator: 'lte', value: 5 }),
        tier(2, condition),
        tier(3, { ...condition, caseSensitive: true, operator: 'neq', value: 0 }),
      ],
    };
    const price = own('x', 'm', { sheet, definition: definition() });
    const cost = (usage: Record<string, number>) => nanoUsd(price, { model: 'm', usage });
    expect(await cost({ input: 1000, output: 1 })).toBe(1_000_000);
    expect(await cost({ input: 600, input_cached_tokens: 500, output: 5 })).toBe(11_000_000);
    expect(await cost({ input: 1100, output: 6 })).toBe(22_000_000);
    expect((await bookWith(price)).find(call({ model: 'm' }))!.table.price({ input: 2000 }, false)).toMatchObject({
      tier: { id: '1', name: 'tier 1' },
      aboveInputTokens: null,
    });
  });
});
