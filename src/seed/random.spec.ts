import { Random } from './random.js';

const series = (random: Random, count: number) => Array.from({ length: count }, () => random.next());

describe('chance that can be repeated', () => {
  it('gives the same values for the same key, and others for another', () => {
    expect(series(new Random('a'), 5)).toEqual(series(new Random('a'), 5));
    expect(series(new Random('a'), 5)).not.toEqual(series(new Random('b'), 5));
    // The values themselves: data that were written by an earlier build must not be written again beside themselves.
    expect(series(new Random('xtrace'), 3)).toMatchInlineSnapshot(`
     [
       0.6799462747294456,
       0.03959546680562198,
       0.6400577037129551,
     ]
    `);
  });

  it('forks into streams that do not depend on what was drawn before', () => {
    const fresh = new Random('a');
    const used = new Random('a');
    used.next();
    expect(series(used.fork('x', 1), 3)).toEqual(series(fresh.fork('x', 1), 3));
    expect(series(fresh.fork('x', 2), 3)).not.toEqual(series(fresh.fork('x', 1), 3));
  });

  it('spreads evenly', () => {
    const values = series(new Random('even'), 20_000);
    for (const low of [0, 0.25, 0.5, 0.75]) {
      const share = values.filter((value) => value >= low && value < low + 0.25).length / values.length;
      expect(share).toBeCloseTo(0.25, 1);
    }
    expect(Math.max(...values)).toBeLessThan(1);
  });

  it('draws around a median, above it half of the time', () => {
    const random = new Random('around');
    const values = Array.from({ length: 5000 }, () => random.around(100, 0.5));
    expect(values.filter((value) => value > 100).length / values.length).toBeCloseTo(0.5, 1);
    expect(Math.min(...values)).toBeGreaterThan(0);
  });

  it('keeps weights and the mean of what it rounds', () => {
    const random = new Random('weights');
    const drawn = Array.from({ length: 8000 }, () =>
      random.weighted([
        ['often', 3],
        ['seldom', 1],
      ]),
    );
    expect(drawn.filter((word) => word === 'often').length / drawn.length).toBeCloseTo(0.75, 1);
    const rounded = Array.from({ length: 8000 }, () => random.round(2.3));
    expect(rounded.reduce((sum, value) => sum + value) / rounded.length).toBeCloseTo(2.3, 1);
  });

  it('makes ids in the forms that clients write, never the same twice', () => {
    const random = new Random('ids');
    expect(random.hexId(16)).toMatch(/^[0-9a-f]{16}$/);
    expect(random.hexId(32)).toMatch(/^[0-9a-f]{32}$/);
    const uuids = Array.from({ length: 200 }, () => random.uuid());
    for (const uuid of uuids)
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(uuids).size).toBe(200);
  });
});
