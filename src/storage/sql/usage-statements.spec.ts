import { cutAtMidnights, dailyUsageSql } from './usage-statements.js';

const DAY = 86_400_000_000;
const HOUR = DAY / 24;

describe('a range cut at midnights', () => {
  it.each([
    ['whole days', 3 * DAY, 5 * DAY - 1, { wholeFrom: 3, wholeTo: 5, parts: [] }],
    ['whole days without end', 3 * DAY, undefined, { wholeFrom: 3, parts: [] }],
    [
      'days cut at both ends',
      3 * DAY + HOUR,
      6 * DAY,
      {
        wholeFrom: 4,
        wholeTo: 6,
        parts: [
          { day: 3, first: 3 * DAY + HOUR, last: 4 * DAY - 1 },
          { day: 6, first: 6 * DAY, last: 6 * DAY },
        ],
      },
    ],
    [
      'two days, both cut',
      3 * DAY + 1,
      5 * DAY - 2,
      {
        wholeFrom: 4,
        wholeTo: 4,
        parts: [
          { day: 3, first: 3 * DAY + 1, last: 4 * DAY - 1 },
          { day: 4, first: 4 * DAY, last: 5 * DAY - 2 },
        ],
      },
    ],
    [
      'the middle of one day',
      3 * DAY + 1,
      3 * DAY + HOUR,
      { wholeFrom: 0, wholeTo: 0, parts: [{ day: 3, first: 3 * DAY + 1, last: 3 * DAY + HOUR }] },
    ],
    [
      'a day before 1970',
      -2 * DAY + 1,
      -DAY - 1,
      { wholeFrom: -1, wholeTo: -1, parts: [{ day: -2, first: -2 * DAY + 1, last: -DAY - 1 }] },
    ],
  ])('is %s', (_, first, last, expected) => {
    expect(cutAtMidnights(first, last)).toEqual({ first, ...(last === undefined ? {} : { last }), ...expected });
  });
});

// A changed statement shows up here as a diff: look at its plan before the snapshot is updated.
describe('the statement of daily usage', () => {
  const page = { limit: 50, offset: 50 };
  const range = cutAtMidnights(3 * DAY + HOUR, 6 * DAY - 1);

  it('reads sums of all traces where nothing is filtered', () => {
    expect(dailyUsageSql(7, { tagSets: [], environments: [] }, range, page)).toMatchSnapshot();
  });

  it('reads the sums of filtered traces from their rows, every value a parameter', () => {
    const text = `'; DROP TABLE traces; --`;
    const filter = { name: text, userId: text, release: text, version: text, tagSets: [[text]], environments: [text] };
    const { sql, parameters } = dailyUsageSql(7, filter, range, page);
    expect(sql).not.toContain('DROP');
    expect({ sql, parameters }).toMatchSnapshot();
  });
});
