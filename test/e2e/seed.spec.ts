import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  PROJECT_ROOT,
  removeFolder,
  type RunningServer,
  temporaryFolder,
  TEST_TOKEN,
} from '../support/server-process.js';
import { Api, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(120_000);

const XTRACE = join(process.env.XTRACE_TEST_DIST ?? join(PROJECT_ROOT, 'dist'), 'src/cli/main.js');
const execute = promisify(execFile);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program with nothing of the caller's environment. */
async function runSeed(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const options = { cwd: tmpdir(), env: { PATH: process.env.PATH ?? '', ...env } };
  return execute(process.execPath, [XTRACE, 'seed', ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
  );
}

/** Every item of a list, page by page. */
async function readAll(api: Api, path: string): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  for (let page = 1; ; page += 1) {
    const { data, meta } = (await api.read(`${path}?limit=200&page=${page}`)) as {
      data: JsonObject[];
      meta: { totalPages: number };
    };
    items.push(...data);
    if (page >= meta.totalPages) return items;
  }
}

const withoutUpdateTimes = (items: readonly JsonObject[]) => items.map(({ updatedAt: _, ...rest }) => rest);
const nullsOf = (items: readonly JsonObject[], fields: readonly string[]) =>
  items.filter((item) =>
    fields.some((field) => item[field] === null || item[field] === undefined || item[field] === ''),
  );

describe('npm run seed', () => {
  // A Thursday: weekends are quiet.
  const nowMs = Date.parse('2025-06-19T16:00:00Z');
  const args = ['--days', '2', '--scale', '0.1', '--seed', 'e2e', '--now', new Date(nowMs).toISOString()];
  let server: RunningServer;
  let api: Api;
  let first: Outcome;
  let traces: JsonObject[];

  beforeAll(async () => {
    server = await startE2eServer({ env: { METRICS_RETENTION_DAYS: '0' } });
    api = new Api(server.url);
    first = await runSeed([...args, '--url', server.url], { API_BEARER_TOKEN: TEST_TOKEN });
    traces = await readAll(api, '/api/public/traces');
  });
  afterAll(async () => {
    await server.stop();
  });

  /** What the last line says was written. */
  const counts = ({ stdout }: Outcome) => {
    const line =
      /wrote ([\d,]+) traces with ([\d,]+) observations in ([\d,]+) sessions, ([\d,]+) points of (\d+) series/;
    return line
      .exec(stdout)!
      .slice(1)
      .map((text) => Number(text.replaceAll(',', '')));
  };

  it('writes what it says it wrote, and shows how far it is in plain lines where there is no terminal', async () => {
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const [traceCount, observationCount, sessionCount] = counts(first);
    expect(traceCount).toBeGreaterThan(80);
    expect(traces).toHaveLength(traceCount!);
    const stored = traces.flatMap(({ observations }) => observations as string[]);
    expect(stored).toHaveLength(observationCount!);
    expect(await readAll(api, '/api/public/sessions')).toHaveLength(sessionCount!);
    expect(first.stdout).toMatch(/^50 % \(\d+ of 52 hours\)$/m);
    expect(first.stdout).not.toContain('\u001b');
  });

  it('changes nothing when it runs again', async () => {
    const sessions = await readAll(api, '/api/public/sessions');
    const again = await runSeed([...args, '--url', server.url, '--token', TEST_TOKEN]);
    expect(counts(again)).toEqual(counts(first));
    expect(withoutUpdateTimes(await readAll(api, '/api/public/traces'))).toEqual(withoutUpdateTimes(traces));
    expect(await readAll(api, '/api/public/sessions')).toEqual(sessions);
  });

  it('leaves no hole in the list of traces', () => {
    const fields = ['name', 'userId', 'sessionId', 'release', 'version', 'input', 'output', 'environment', 'timestamp'];
    expect(nullsOf(traces, fields)).toEqual([]);
    expect(traces.filter(({ latency, totalCost }) => !(Number(latency) > 0) || !(Number(totalCost) > 0))).toEqual([]);
    expect(traces.filter(({ tags }) => (tags as string[]).length === 0)).toEqual([]);
    const names = new Set(traces.map(({ name }) => name));
    for (const name of ['chat.turn', 'handbook.question', 'coding.task', 'trip.plan']) expect(names).toContain(name);
    expect(new Set(traces.map(({ environment }) => environment))).toEqual(new Set(['production', 'staging']));
  });

  it.each(['chat.turn', 'handbook.question', 'coding.task', 'trip.plan'])(
    'says of each model call in %s which model, what it used and what it cost, by either door',
    async (name) => {
      const { id } = traces.find((trace) => trace['name'] === name)!;
      const { observations } = await api.trace(id as string);
      expect(nullsOf(observations, ['name', 'type', 'startTime', 'endTime', 'latency', 'input', 'output'])).toEqual([]);
      const calls = observations.filter(({ type, level }) => type === 'GENERATION' && level !== 'ERROR');
      expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) {
        expect(call).toMatchObject({ model: expect.stringMatching(/\S/), promptName: expect.any(String) });
        expect(call['promptVersion']).toEqual(expect.any(Number));
        const usage = call['usageDetails'] as Record<string, number>;
        const { total, ...classes } = usage;
        expect(Object.values(classes).reduce((sum, count) => sum + count, 0)).toBe(total);
        expect(call['calculatedTotalCost']).toBeGreaterThan(0);
        expect((call['modelParameters'] as JsonObject)['temperature']).toEqual(expect.any(Number));
        const { stream } = call['modelParameters'] as JsonObject;
        expect(call['timeToFirstToken']).toEqual(stream === true ? expect.any(Number) : null);
      }
      expect(observations.filter(({ parentObservationId }) => parentObservationId !== null).length).toBeGreaterThan(0);
    },
  );

  it('has the runaway loop, the slow trace and the dear one on top of their lists', async () => {
    const top = async (order: string) =>
      ((await api.read(`/api/public/traces?limit=1&orderBy=${order}`))['data'] as JsonObject[])[0]!;
    expect((await top('latency.desc'))['name']).toBe('handbook.report');
    expect((await top('totalCost.desc'))['name']).toBe('coding.review');
    const [runaway] = (await api.read('/api/public/traces?tags=runaway'))['data'] as JsonObject[];
    expect((runaway!['observations'] as string[]).length).toBeGreaterThan(250);
  });

  it('has sessions of several turns that sum up their traces', async () => {
    const sessions = await readAll(api, '/api/public/sessions');
    const long = sessions.find(({ id, countTraces }) => String(id).startsWith('support-') && Number(countTraces) > 2)!;
    const turns = (await api.session(long['id'] as string))['traces'] as JsonObject[];
    expect(turns).toHaveLength(long['countTraces'] as number);
    const cost = turns.reduce((sum, { totalCost }) => sum + Number(totalCost), 0);
    expect(long['totalCost']).toBeCloseTo(cost, 9);
    expect(nullsOf(sessions, ['userId', 'firstTimestamp', 'lastTimestamp', 'environment'])).toEqual([]);
  });

  it('has time series of GPUs and model servers without gaps', async () => {
    const { data } = await api.read('/api/public/metrics/names');
    expect(data).toEqual(
      expect.arrayContaining(['gpu_utilization', 'gpu_power_watts', 'kv_cache_usage', 'pending_requests']),
    );
    const from = new Date(nowMs - 48 * 3_600_000).toISOString();
    const query = `from=${from}&to=${new Date(nowMs).toISOString()}&step=1h&agg=avg`;
    const utilization = await api.read(`/api/public/metrics/query?name=gpu_utilization&${query}`);
    const series = utilization['data'] as { labels: JsonObject; values: { value: number }[] }[];
    expect(series).toHaveLength(10);
    for (const { labels, values } of series) {
      expect(Object.keys(labels).sort()).toEqual(['gpu_index', 'gpu_name', 'node_id']);
      expect(values.length).toBeGreaterThanOrEqual(48);
      // Days are busier than nights.
      const loads = values.map(({ value }) => value);
      expect(Math.max(...loads)).toBeGreaterThan(Math.min(...loads) + 20);
    }
  });

  it('finds address and token of a server that was started in the same folder', async () => {
    const dataDir = temporaryFolder();
    try {
      const senseless = await runSeed(['--days', '0'], { XTRACE_DATA_DIR: dataDir });
      expect(senseless).toMatchObject({ code: 2, stderr: expect.stringContaining('--days is "0", expected') });
      const missing = await runSeed([], { XTRACE_DATA_DIR: dataDir });
      expect(missing).toMatchObject({ code: 1 });
      expect(missing.stderr).toMatch(/no token: none is kept in/);
      const address = new URL(server.url).host;
      const wrong = await runSeed([], { BIND_ADDR: address, API_BEARER_TOKEN: 'another-token-0123456789' });
      expect(wrong.code).toBe(1);
      expect(wrong.stderr).toMatch(/does not take this token/);
      expect(wrong.stderr).not.toContain('another-token');
      const found = await runSeed(args, { BIND_ADDR: address, API_BEARER_TOKEN: TEST_TOKEN });
      expect(counts(found)).toEqual(counts(first));
    } finally {
      removeFolder(dataDir);
    }
  });
});
