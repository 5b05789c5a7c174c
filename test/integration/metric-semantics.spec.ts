import { type ExpectedSeries, readScripts, type Step } from '../fixtures/metrics/script.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { MetricsApp } from './metric-app.js';

let database: TestDatabase;
let app: MetricsApp;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await MetricsApp.start(database.connection);
});

afterAll(async () => {
  await app?.stop();
  await database.drop();
});

/** A server remembers the numbers of series, so that only points may be taken from under it. */
beforeEach(() => database.pool.query('TRUNCATE metric_points'));

/** Twelve digits: percentiles are interpolated in floating point. */
function rounded(series: readonly ExpectedSeries[]): ExpectedSeries[] {
  return series.map(({ labels, values }) => ({
    labels,
    values: values.map(({ timestamp, value }) => ({ timestamp, value: Number(value.toPrecision(12)) })),
  }));
}

async function run(step: Step): Promise<void> {
  if (step.kind === 'load') {
    expect(await app.post(step.points)).toMatchObject({ status: 200, body: { message: 'Request Successful.' } });
    return;
  }
  const { status, body } = await app.get(`query?${step.query}`);
  if (step.kind === 'refuse') {
    expect({ line: step.line, status, code: body.code }).toEqual({ line: step.line, status: 400, code: 'BAD_REQUEST' });
    expect(body.message).toMatch(new RegExp(`^${step.field}\\b`));
    return;
  }
  const { line } = step;
  expect({ line, status, data: rounded(body.data ?? []) }).toEqual({ line, status: 200, data: rounded(step.series) });
  expect({ line, ...body.meta }).toEqual({
    line,
    series_count: step.series.length,
    truncated: step.isTruncated,
    ...(step.series.length === 0 ? {} : { latest_ts: step.latest ?? body.meta.latest_ts }),
  });
}

describe.each(readScripts())('metric queries (%s):', (_file, cases) => {
  it.each(cases.map(({ title, steps }) => [title, steps] as const))('%s', async (_title, steps) => {
    for (const step of steps) await run(step);
  });
});
