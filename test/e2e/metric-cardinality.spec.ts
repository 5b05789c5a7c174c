import { type RunningServer } from '../support/server-process.js';
import { Api, JSON_TYPE, startE2eServer } from './support/api.js';

jest.setTimeout(180_000);

/** Room for a server at work, and for no more than a third of what 500,000 remembered series would take. */
const NODE_OPTIONS = '--max-old-space-size=128';
const REQUESTS = 100;

const PATH = '/v1/metrics/batch';
const LIMIT = 500;
const PER_REQUEST = 5000;

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer({ env: { METRICS_MAX_SERIES: String(LIMIT), NODE_OPTIONS } });
  api = new Api(server.url);
});
afterAll(async () => {
  await server.stop();
});

it('label combinations without end cost no memory, and each point says that it was refused', async () => {
  let next = 0;
  const timestamp = new Date().toISOString();
  const send = async () => {
    const metrics = Array.from({ length: PER_REQUEST }, () => {
      next += 1;
      return {
        name: 'latency',
        labels: { request_id: `request-${next}`, node: `node-${next % 7}` },
        value: 1,
        timestamp,
      };
    });
    return api.post(PATH, JSON.stringify({ metrics }), JSON_TYPE);
  };
  const first = await send();
  expect(first.status).toBe(207);
  expect(first.json()).toMatchObject({
    message: `${PER_REQUEST - LIMIT} of ${PER_REQUEST} points were refused; everything else is stored`,
  });
  for (let n = 0; n < REQUESTS; n += 1) expect((await send()).status).toBe(400);
  expect((await api.read('/api/public/metrics/query?name=latency&agg=sum&group_by=node'))['data']).toHaveLength(7);
});
