import { type ReadPool } from '../read-pool.js';
import { CappedCounter } from './capped-count.js';
import { whereTraces } from './trace-where.js';

describe('counting', () => {
  let stored: number;
  let asked: number;
  let nowMs: number;
  let counter: CappedCounter;

  beforeEach(() => {
    stored = 0;
    asked = 0;
    nowMs = 1_000_000;
    const pool = {
      query: () => {
        asked += 1;
        return Promise.resolve([{ n: Math.min(stored, 11) }]);
      },
    } as unknown as ReadPool;
    counter = new CappedCounter(pool, 10, () => nowMs);
  });

  const count = (name = 'a') => counter.count('traces t', whereTraces(1, { name }));

  it('is exact up to the cap and asks the database each time', async () => {
    stored = 10;
    expect(await count()).toEqual({ totalItems: 10, isTotalCapped: false });
    stored = 3;
    expect(await count()).toEqual({ totalItems: 3, isTotalCapped: false });
    expect(asked).toBe(2);
  });

  it('believes for a minute that there are more rows than the cap, for that filter alone', async () => {
    stored = 11;
    expect(await count()).toEqual({ totalItems: 10, isTotalCapped: true });
    nowMs += 59_999;
    expect(await count()).toEqual({ totalItems: 10, isTotalCapped: true });
    expect(asked).toBe(1);
    await count('b');
    expect(asked).toBe(2);
    nowMs += 1;
    stored = 4;
    expect(await count()).toEqual({ totalItems: 4, isTotalCapped: false });
  });

  it('remembers a bounded number of filters, the latest', async () => {
    stored = 11;
    for (let i = 0; i <= 1000; i += 1) await count(`name ${i}`);
    expect(asked).toBe(1001);
    await count('name 1000');
    await count('name 1');
    expect(asked).toBe(1001);
    await count('name 0');
    expect(asked).toBe(1002);
  });
});
