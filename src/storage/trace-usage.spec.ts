import { contributionOf, newTotals } from './rollup.js';
import { dayOf, TraceUsage } from './trace-usage.js';

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;

const amount = (time: number, model: string | null, tokens = 0) =>
  contributionOf({
    startTime: time,
    endTime: null,
    createdAt: 0,
    type: null,
    level: null,
    model,
    inputTokens: tokens,
    outputTokens: 2 * tokens,
    totalTokens: 3 * tokens,
    costNanoUsd: 4 * tokens,
    repeated: null,
  });

describe('the sums of a trace by day and model', () => {
  it('are one entry per day and model, by day, then by the bytes of the model', () => {
    const usage = new TraceUsage();
    for (const model of ['😀', '\uff5e', null, 'a']) usage.add(amount(2 * DAY - 1, model, 1), 1);
    usage.add(amount(DAY, 'a', 10), 1);
    usage.add(amount(-1, 'a'), 1);
    expect(usage.encode()).toEqual({
      names: '{"a","","a","\uff5e","😀"}',
      sums: '{-1,1,0,0,0,0,1,1,1,2,3,4,1,2,11,22,33,44,1,1,1,2,3,4,1,1,1,2,3,4}',
    });
  });

  it('come back from the row as they were', () => {
    const usage = new TraceUsage(['', 'm'], [7, 1, 2, 3, 4, 5, 8, 6, 5, 4, 3, 2]);
    expect(usage.encode()).toEqual({ names: '{"","m"}', sums: '{7,1,2,3,4,5,8,6,5,4,3,2}' });
    expect(usage.presenceChanges()).toEqual([]);
  });

  it('lose the entry of a model with its last observation, and take the model back later', () => {
    const usage = new TraceUsage(['m'], [0, 1, 5, 10, 15, 20]);
    usage.add(amount(HOUR, 'm', 5), -1);
    expect(usage.encode()).toEqual({ names: '{}', sums: '{}' });
    expect(usage.presenceChanges()).toEqual([{ hour: HOUR, model: 'm', change: -1 }]);
    usage.add(amount(2 * HOUR, 'm', 5), 1);
    expect(usage.presenceChanges()).toEqual([]);
  });

  it('tell which days and models the trace has come to', () => {
    const usage = new TraceUsage(['m'], [0, 1, 5, 10, 15, 20]);
    usage.add(amount(HOUR + 5, 'm', 5), 1);
    usage.add(amount(DAY + HOUR + 5, 'm'), 1);
    usage.add(amount(5, '__proto__'), 1);
    expect(usage.presenceChanges()).toEqual([
      { hour: 0, model: '__proto__', change: 1 },
      { hour: DAY + HOUR, model: 'm', change: 1 },
    ]);
  });

  it('stray from the day of a timestamp that is two days off, while an observation is there', () => {
    const usage = new TraceUsage(['m', 'm'], [7, 1, 0, 0, 0, 0, 8, 1, 0, 0, 0, 0]);
    expect([5, 6, 7, 8, 9, 10].map((day) => usage.strays(day * DAY + HOUR))).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
    ]);
    usage.add(amount(8 * DAY, 'm'), -1);
    expect(usage.strays(6 * DAY)).toBe(false);
  });

  it('quote what an array of PostgreSQL would read as its own signs', () => {
    const usage = new TraceUsage();
    usage.add({ ...newTotals(), observationCount: 1, hour: 0, model: 'a"b\\c,{}', firstStart: null, lastEnd: null }, 1);
    expect(usage.encode().names).toBe('{"a\\"b\\\\c,{}"}');
  });
});

it('a day is that of UTC, also before 1970', () => {
  expect([dayOf(-1), dayOf(0), dayOf(DAY - 1), dayOf(DAY)]).toEqual([-1, 0, 0, 1]);
});
