import { type RunningServer } from '../support/server-process.js';
import { Api, JSON_TYPE, startE2eServer } from './support/api.js';
import { memoryOf } from './support/process-memory.js';

jest.setTimeout(180_000);

/** A young generation of 2 MB: as it grows with any work, it would hide what is kept. */
const NODE_OPTIONS = '--max-semi-space-size=2';

const PATH = '/v1/metrics/batch';
const MIB = 1024 * 1024;
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
  // What a process keeps for good has settled after some requests.
  for (let n = 0; n < 10; n += 1) expect((await send()).status).toBe(400);
  const before = memoryOf(server.pid).resident;
  for (let n = 0; n < 30; n += 1) expect((await send()).status).toBe(400);
  // 150,000 remembered series of some 60 characters would be more than this.
  expect(memoryOf(server.pid).resident - before).toBeLessThan(24 * MIB);
  expect((await api.read('/api/public/metrics/query?name=latency&agg=sum&group_by=node'))['data']).toHaveLength(7);
});
