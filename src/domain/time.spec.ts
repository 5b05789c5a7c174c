import fc from 'fast-check';
import { ArrivalClock, clampTime, eventStamp, inheritedStamp, parseIsoTime, presentTime } from './time.js';

const NOW_MS = Date.UTC(2026, 0, 31, 9, 30);
const NOW = NOW_MS * 1000;
const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const YEAR = 365.25 * DAY;

describe('a far time', () => {
  it('is kept within ten years back and one day ahead', () => {
    for (const micros of [NOW, NOW - 10 * YEAR, NOW + DAY, NOW - 1]) {
      expect(clampTime(micros, NOW_MS)).toEqual({ micros, clamped: false });
    }
  });

  it('is moved to the nearest storable time, and marked', () => {
    expect(clampTime(NOW - 10 * YEAR - 1, NOW_MS)).toEqual({ micros: NOW - 10 * YEAR, clamped: true });
    expect(clampTime(NOW + DAY + 1, NOW_MS)).toEqual({ micros: NOW + DAY, clamped: true });
    expect(clampTime(0, NOW_MS).clamped).toBe(true);
    // The largest time that OTLP can carry: 2^64 nanoseconds, in the year 2554.
    expect(clampTime(18_446_744_073_709_552, NOW_MS)).toEqual({ micros: NOW + DAY, clamped: true });
  });

  it('is a whole number of microseconds whatever the clock says', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.double({ min: 1.7e12, max: 1.9e12, noNaN: true }), (micros, nowMs) => {
        expect(Number.isSafeInteger(clampTime(micros, nowMs).micros)).toBe(true);
      }),
    );
  });
});

describe('an ISO time', () => {
  const base = Date.UTC(2026, 0, 31, 9, 30, 5) * 1000;

  it.each([
    ['2026-01-31T09:30:05Z', base],
    ['2026-01-31t09:30:05z', base],
    ['2026-01-31 09:30:05Z', base],
    ['2026-01-31T09:30:05.1Z', base + 100_000],
    ['2026-01-31T09:30:05,25Z', base + 250_000],
    ['2026-01-31T09:30:05.123Z', base + 123_000],
    ['2026-01-31T09:30:05.123456Z', base + 123_456],
    ['2026-01-31T09:30:05.123456789Z', base + 123_456],
    ['2026-01-31T09:30:05.000000999Z', base],
    ['2026-01-31T09:30Z', base - 5 * SECOND],
    ['2026-01-31T11:30:05+02:00', base],
    ['2026-01-31T11:30:05+0200', base],
    ['2026-01-31T04:00:05.5-05:30', base + 500_000],
    ['2026-01-31T09:30:05-00:00', base],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29) * 1000],
    ['1969-12-31T23:59:59.999999Z', -1],
    ['2026-12-31T23:59:59.999999Z', Date.UTC(2027, 0, 1) * 1000 - 1],
  ])('%s is read to the microsecond', (text, micros) => {
    expect(parseIsoTime(text)).toBe(micros);
  });

  it.each([
    ['no text', ''],
    ['a date alone', '2026-01-31'],
    ['a time without a zone', '2026-01-31T09:30:05'],
    ['a number', '1795400000'],
    ['a word', 'yesterday'],
    ['a date that does not exist', '2026-02-30T09:30:05Z'],
    ['29 February of a common year', '2026-02-29T09:30:05Z'],
    ['a 31st of April', '2026-04-31T09:30:05+02:00'],
    ['a 13th month', '2026-13-01T09:30:05Z'],
    ['a day 0', '2026-01-00T09:30:05Z'],
    ['an hour 25', '2026-01-31T25:00:00Z'],
    ['a minute 60', '2026-01-31T09:60:00Z'],
    ['a leap second', '2026-12-31T23:59:60Z'],
    ['an empty fraction', '2026-01-31T09:30:05.Z'],
    ['a zone by name', '2026-01-31T09:30:05 CET'],
    ['a zone beyond a day', '2026-01-31T09:30:05+24:00'],
    ['five digits of year', '12026-01-31T09:30:05Z'],
    ['space around it', ' 2026-01-31T09:30:05Z'],
    ['a second line', '2026-01-31T09:30:05Z\n'],
    ['other digits', '２０２６-01-31T09:30:05Z'],
  ])('is not: %s', (_case, text) => {
    expect(parseIsoTime(text)).toBeUndefined();
  });

  it('is read back from every time that was shown, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: -60_000_000_000_000, max: 9_000_000_000_000_000 }), (micros) => {
        const shown = presentTime(micros);
        expect(shown).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
        expect(parseIsoTime(shown)).toBe(Math.floor(micros / 1000) * 1000);
      }),
    );
  });
});

describe('a time in an answer', () => {
  it('is cut to the millisecond and never rounded up', () => {
    expect(presentTime(base(999_999))).toBe('2026-01-31T09:30:05.999Z');
    expect(presentTime(base(0))).toBe('2026-01-31T09:30:05.000Z');
    expect(presentTime(-1)).toBe('1969-12-31T23:59:59.999Z');
  });

  const base = (micros: number): number => Date.UTC(2026, 0, 31, 9, 30, 5) * 1000 + micros;
});

describe('stamps', () => {
  const past = fc.integer({ min: NOW - 10 * YEAR, max: NOW + DAY });

  it('order messages by their time, and at one time the update after the create', () => {
    fc.assert(
      fc.property(past, past, fc.boolean(), fc.boolean(), (a, b, aUpdates, bUpdates) => {
        fc.pre(a <= NOW && b <= NOW);
        const [first, second] = [eventStamp(a, aUpdates, NOW_MS), eventStamp(b, bUpdates, NOW_MS)];
        if (a !== b) expect(first < second).toBe(a < b);
        else expect(first - second).toBe(Number(aUpdates) - Number(bUpdates));
      }),
    );
  });

  it('of a clock that runs ahead win no more than five minutes', () => {
    const ahead = eventStamp(NOW + DAY, false, NOW_MS);
    expect(ahead).toBe(eventStamp(NOW + 5 * 60 * SECOND, false, NOW_MS));
    expect(eventStamp(NOW + 6 * 60 * SECOND, true, NOW_MS + 60_000)).toBeGreaterThan(ahead);
  });

  it('put what is stated on a trace above its root span, that above other spans, and the earlier span first', () => {
    fc.assert(
      fc.property(past, past, past, fc.boolean(), (stated, root, other, isUpdate) => {
        expect(eventStamp(stated, isUpdate, NOW_MS)).toBeGreaterThan(inheritedStamp(root, true));
        expect(inheritedStamp(root, true)).toBeGreaterThan(inheritedStamp(other, false));
        if (root < other) {
          expect(inheritedStamp(root, true)).toBeGreaterThan(inheritedStamp(other, true));
          expect(inheritedStamp(root, false)).toBeGreaterThan(inheritedStamp(other, false));
        }
      }),
    );
  });

  it('are exact in a double and fit an int8', () => {
    fc.assert(
      fc.property(past, fc.boolean(), (time, flag) => {
        expect(Number.isSafeInteger(eventStamp(time, flag, NOW_MS))).toBe(true);
        expect(Number.isSafeInteger(inheritedStamp(time, flag))).toBe(true);
      }),
    );
    // Until 2112, as promised.
    expect(Number.isSafeInteger(inheritedStamp(Date.UTC(2112, 0) * 1000, false))).toBe(true);
    expect(Number.isSafeInteger(eventStamp(Date.UTC(2112, 0) * 1000, true, Date.UTC(2112, 0)))).toBe(true);
  });
});

describe('the arrival clock', () => {
  it('never gives the same reading twice, even when the clock stands still or is set back', () => {
    const readings = [5, 5, 5, 3, 6].values();
    const clock = new ArrivalClock(() => readings.next().value!);
    expect(Array.from({ length: 5 }, () => clock.next())).toEqual([5000, 5001, 5002, 5003, 6000]);
  });

  it('follows the time of day', () => {
    const before = Date.now() * 1000;
    const reading = new ArrivalClock().next();
    expect(reading).toBeGreaterThanOrEqual(before);
    expect(reading).toBeLessThanOrEqual(Date.now() * 1000);
  });
});
