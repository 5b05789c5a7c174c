import { lookAtClock } from './retention-clock.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 0, 31);

describe('the clock that retention deletes by', () => {
  it('is trusted at the first look', () => {
    expect(lookAtClock(undefined, NOW_MS)).toEqual({ seenMs: NOW_MS });
  });

  it('is trusted as long as somebody looks at it once a day', () => {
    expect(lookAtClock({ seenMs: NOW_MS }, NOW_MS + DAY_MS)).toEqual({ seenMs: NOW_MS + DAY_MS });
  });

  it('is in doubt for a day after it has gone ahead by more than a day', () => {
    const leaptMs = NOW_MS + 3650 * DAY_MS;
    const doubted = lookAtClock({ seenMs: NOW_MS }, leaptMs);
    expect(doubted).toEqual({ seenMs: leaptMs, doubtedSinceMs: leaptMs });
    expect(lookAtClock(doubted, leaptMs + HOUR_MS)).toEqual({ seenMs: leaptMs + HOUR_MS, doubtedSinceMs: leaptMs });
    expect(lookAtClock(doubted, leaptMs + DAY_MS)).toEqual({ seenMs: leaptMs + DAY_MS });
  });

  it('is trusted again as soon as it is put back', () => {
    const leaptMs = NOW_MS + 3650 * DAY_MS;
    const doubted = lookAtClock({ seenMs: NOW_MS }, leaptMs);
    expect(lookAtClock(doubted, NOW_MS + HOUR_MS)).toEqual({ seenMs: NOW_MS + HOUR_MS });
  });

  it('is trusted the second time on a machine that runs one day a week', () => {
    const first = lookAtClock({ seenMs: NOW_MS }, NOW_MS + 7 * DAY_MS);
    expect(first.doubtedSinceMs).toBeDefined();
    expect(lookAtClock(first, NOW_MS + 14 * DAY_MS)).toEqual({ seenMs: NOW_MS + 14 * DAY_MS });
  });

  it('may go back without a doubt', () => {
    expect(lookAtClock({ seenMs: NOW_MS }, NOW_MS - 365 * DAY_MS)).toEqual({ seenMs: NOW_MS - 365 * DAY_MS });
  });
});
