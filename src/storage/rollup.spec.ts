import fc from 'fast-check';
import { addTotals, type ContributingRow, contributionOf, isZero, newTotals } from './rollup.js';
import { RollupDeltas } from './rollup-tables.js';

const HOUR = 3_600_000_000;
const row = (fields: Partial<ContributingRow>): ContributingRow => ({
  startTime: null,
  endTime: null,
  createdAt: 10 * HOUR + 5,
  type: null,
  level: null,
  model: null,
  inputTokens: null,
  outputTokens: null,
  totalTokens: null,
  costNanoUsd: null,
  repeated: null,
  ...fields,
});

describe('what one observation adds to the sums', () => {
  it('counts in the hour of its start, else of its arrival', () => {
    expect(contributionOf(row({ startTime: 3 * HOUR })).hour).toBe(3 * HOUR);
    expect(contributionOf(row({ startTime: 4 * HOUR - 1 })).hour).toBe(3 * HOUR);
    expect(contributionOf(row({ startTime: -1 })).hour).toBe(-HOUR);
    expect(contributionOf(row({})).hour).toBe(10 * HOUR);
  });

  it('lasts until its end, else its start, and never ends before it began', () => {
    expect(contributionOf(row({ startTime: 5, endTime: 9 })).lastEnd).toBe(9);
    expect(contributionOf(row({ startTime: 5, endTime: 3 })).lastEnd).toBe(5);
    expect(contributionOf(row({ startTime: 5 })).lastEnd).toBe(5);
    expect(contributionOf(row({ endTime: 3 })).lastEnd).toBe(3);
    expect(contributionOf(row({}))).toMatchObject({ lastEnd: null, firstStart: null });
  });

  it('has its tokens and cost under its model, and counts as generation and as error where it is one', () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 4, costNanoUsd: 8 };
    expect(contributionOf(row({ type: 'GENERATION', level: 'ERROR', model: 'm', ...usage }))).toMatchObject({
      model: 'm',
      observationCount: 1,
      generationCount: 1,
      errorCount: 1,
      ...usage,
    });
    expect(contributionOf(row({ type: 'SPAN', level: 'WARNING' }))).toMatchObject({
      model: '',
      generationCount: 0,
      errorCount: 0,
      totalTokens: 0,
    });
  });
});

const totals = fc.record({
  observationCount: fc.nat(),
  generationCount: fc.nat(),
  errorCount: fc.nat(),
  inputTokens: fc.nat(),
  outputTokens: fc.nat(),
  totalTokens: fc.nat(),
  costNanoUsd: fc.nat(),
});

describe('sums', () => {
  it('lose exactly what they gained', () => {
    fc.assert(
      fc.property(totals, totals, (a, b) => {
        const sum = newTotals();
        addTotals(sum, a, 1);
        addTotals(sum, b, 1);
        addTotals(sum, a, -1);
        expect(sum).toEqual(b);
        addTotals(sum, b, -1);
        expect(isZero(sum)).toBe(true);
      }),
    );
  });
});

describe('the changes of one flush', () => {
  const amount = (hour: number, model: string) => contributionOf(row({ startTime: hour * HOUR, model }));
  const share = (sessionId: string, firstTime: number, lastTime: number) => ({
    sessionId,
    totals: { ...newTotals(), observationCount: 1 },
    firstTime,
    lastTime,
  });

  it('leave out sums that came back to where they were', () => {
    const deltas = new RollupDeltas();
    deltas.addUsage(1, amount(5, 'm'), 1);
    deltas.addUsage(1, amount(5, 'm'), -1);
    deltas.addTrace(1, 5 * HOUR, 1);
    deltas.addTrace(1, 5 * HOUR, -1);
    expect(deltas.changedUsage(0)).toEqual([]);
  });

  it('tell projects, hours and models apart, and come in the order of their keys', () => {
    const keys = [
      [1, 5, '__proto__'],
      [1, 5, 'a'],
      [1, 5, '\uff5e'],
      [1, 5, '😀'],
      [1, 6, 'a'],
      [2, 5, 'a'],
    ] as const;
    const deltas = new RollupDeltas();
    for (const [projectNo, hour, model] of keys.toReversed()) deltas.addUsage(projectNo, amount(hour, model), 1);
    const changed = deltas.changedUsage(3);
    expect(changed.map(({ projectNo, hour, model }) => [projectNo, hour / HOUR, model])).toEqual(keys);
    expect(changed.every(({ observationCount, lane }) => observationCount === 1 && lane === 3)).toBe(true);
  });

  it('count traces without a model, and those of a model beside its observations', () => {
    const deltas = new RollupDeltas();
    deltas.addUsage(1, amount(5, 'm'), 1);
    deltas.addTrace(1, 4 * HOUR, 1);
    deltas.addModelTrace(1, { hour: 5 * HOUR, model: 'm', change: 1 });
    expect(deltas.changedUsage(0)).toMatchObject([
      { hour: 4 * HOUR, model: '', traceCount: 1, modelTraceCount: 0, observationCount: 0 },
      { hour: 5 * HOUR, model: 'm', traceCount: 0, modelTraceCount: 1, observationCount: 1 },
    ]);
  });

  it('hold one row per session, with the widest bounds of the traces that are in it', () => {
    const deltas = new RollupDeltas();
    deltas.addSession(1, share('s', 10, 20), 1, 0);
    deltas.addSession(1, share('s', 5, 15), 1, 0);
    deltas.addSession(1, share('s', 1, 99), -1, 0).isShrunk = true;
    expect(deltas.changedSessions()).toEqual([
      expect.objectContaining({ traceCount: 1, observationCount: 1, firstTime: 5, lastTime: 20, isShrunk: true }),
    ]);
  });
});
