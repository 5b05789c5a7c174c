import { RepeatedWork } from './repeated-work.js';

describe('repeated work', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('begins when it is told, and again so long after its end', async () => {
    let end: () => void = () => undefined;
    let begun = 0;
    const work = new RepeatedWork(() => {
      begun += 1;
      return new Promise((resolve) => (end = resolve));
    }, 1000);
    work.start(50);
    await jest.advanceTimersByTimeAsync(49);
    expect(begun).toBe(0);
    await jest.advanceTimersByTimeAsync(5000);
    expect(begun).toBe(1);
    end();
    await jest.advanceTimersByTimeAsync(999);
    expect(begun).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(begun).toBe(2);
  });

  it('stops when what runs has ended, which is told of it, and does not begin again', async () => {
    const seen: string[] = [];
    let end: () => void = () => undefined;
    const work = new RepeatedWork(async () => {
      await new Promise<void>((resolve) => (end = resolve));
      seen.push(`ended, stopping: ${work.isStopping}`);
    }, 1000);
    work.start();
    await jest.advanceTimersByTimeAsync(1000);
    const stopped = work.stop().then(() => seen.push('stopped'));
    await jest.advanceTimersByTimeAsync(5000);
    expect(seen).toEqual([]);
    end();
    await stopped;
    await jest.advanceTimersByTimeAsync(5000);
    expect(seen).toEqual(['ended, stopping: true', 'stopped']);
  });

  it('stops before it has begun', async () => {
    const work = new RepeatedWork(() => Promise.reject(new Error('must not begin')), 1000);
    work.start();
    await work.stop();
    await jest.advanceTimersByTimeAsync(5000);
    expect(jest.getTimerCount()).toBe(0);
  });
});
