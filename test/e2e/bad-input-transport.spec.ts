import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type RunningServer, TEST_TOKEN } from '../support/server-process.js';
import { Api, BATCH, JSON_TYPE, OTLP, startE2eServer, uniqueId } from './support/api.js';
import { expectNothingHeld, MAX_BODY, SMALL_BUDGETS } from './support/budgets.js';
import { forgetPeak, memoryOf } from './support/process-memory.js';

jest.setTimeout(60_000);

const MIB = 1024 * 1024;
const gzipped = { ...JSON_TYPE, 'content-encoding': 'gzip' };

let server: RunningServer;
let api: Api;
let traceId: string;

beforeAll(async () => {
  server = await startE2eServer({ env: SMALL_BUDGETS });
  api = new Api(server.url);
  await expectNothingHeld(api);
});
beforeEach(() => {
  traceId = uniqueId('trace');
});
afterAll(async () => {
  await server.stop();
});

const batch = (id: string) => JSON.stringify({ trace: { id } });

/** Writes `text` to a connection of its own and returns all that came back when the server, or else the test, hung up. */
async function sendRaw(text: string, then: 'wait' | 'hang up'): Promise<string> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await new Promise((resolve) => socket.write(text, resolve));
  if (then === 'hang up') socket.destroy();
  await closed;
  return received;
}

function head(headers: Record<string, string | number>): string {
  const all = { host: 'x', authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `POST ${BATCH} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

const statuses = (received: string) => [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

describe('a compressed body', () => {
  afterEach(() => expectNothingHeld(api));

  it.each([BATCH, OTLP])('that inflates a thousandfold is 413 on %s, and memory stays bounded', async (path) => {
    // 1 GiB of zeros.
    const bomb = Buffer.concat(Array<Buffer>(64).fill(gzipSync(Buffer.alloc(16 * MIB))));
    expect(bomb.length).toBeLessThan(1.1 * MIB);
    const before = memoryOf(server.pid).resident;
    forgetPeak(server.pid);
    const answer = await api.post(path, bomb, gzipped);
    expect(answer.status).toBe(413);
    expect(answer.json()['message']).toBe(`The inflated body is larger than ${MAX_BODY} bytes`);
    expect(memoryOf(server.pid).peak - before).toBeLessThan(64 * MIB);

    const crowd = await Promise.all(Array.from({ length: 8 }, () => api.post(path, bomb, gzipped)));
    for (const { status, headers } of crowd) {
      expect([413, path === BATCH ? 429 : 503]).toContain(status);
      if (status !== 413) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(memoryOf(server.pid).peak - before).toBeLessThan(96 * MIB);
  });

  it('that is damaged or cut off is 400 and stores nothing', async () => {
    const whole = gzipSync(batch(traceId));
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 6]! ^= 0xff;
    for (const body of [whole.subarray(0, -5), damaged, Buffer.from(batch(traceId))]) {
      const answer = await api.post(BATCH, body, gzipped);
      expect(answer.status).toBe(400);
      expect(answer.json()['message']).toMatch(/not valid gzip/);
    }
    expect(await api.hasTrace(traceId)).toBe(false);
    expect((await api.post(BATCH, whole, gzipped)).status).toBe(200);
    expect(await api.hasTrace(traceId)).toBe(true);
  });

  it.each(['br', 'snappy', 'compress', 'gzip, deflate'])('in %s is 415', async (coding) => {
    const answer = await api.post(BATCH, batch(traceId), { ...JSON_TYPE, 'content-encoding': coding });
    expect(answer.status).toBe(415);
    expect(answer.json()).toMatchObject({ message: expect.stringContaining(coding), code: 'UNSUPPORTED_MEDIA_TYPE' });
    expect(await api.hasTrace(traceId)).toBe(false);
  });
});

describe('a body whose length is not what it says', () => {
  afterEach(() => expectNothingHeld(api));

  it('because it was cut off stores nothing', async () => {
    const body = batch(traceId);
    for (const sent of [0, 1, body.length - 1]) {
      await sendRaw(head({ 'content-length': body.length }) + body.slice(0, sent), 'hang up');
    }
    await sendRaw(`${head({ 'transfer-encoding': 'chunked' })}${body.length.toString(16)}\r\n${body}\r\n`, 'hang up');
    expect(await api.hasTrace(traceId)).toBe(false);
  });

  it('because it goes on is cut there, and the connection ends', async () => {
    const received = await sendRaw(head({ 'content-length': 10 }) + batch(traceId), 'wait');
    expect(statuses(received)[0]).toBe(400);
    expect(statuses(received)).not.toContain(200);
    expect(await api.hasTrace(traceId)).toBe(false);
  });

  it.each([
    ['two lengths', `content-length: 5\r\ncontent-length: 30`],
    ['a negative length', 'content-length: -1'],
    ['a length that is no number', 'content-length: 1e3'],
    ['a length and chunks', 'content-length: 5\r\ntransfer-encoding: chunked'],
  ])('because there are %s is 400, and the connection ends', async (_, headers) => {
    const request = head({}).replace('\r\n\r\n', `\r\n${headers}\r\n\r\n`);
    expect(statuses(await sendRaw(request + batch(traceId), 'wait'))).toEqual([400]);
    expect(await api.hasTrace(traceId)).toBe(false);
  });
});

describe('a large body', () => {
  afterEach(() => expectNothingHeld(api));

  it('of 20 MiB is taken and comes back whole; one byte more is 413', async () => {
    const frame = JSON.stringify({ trace: { id: traceId, input: '' } });
    const input = 'ab'.repeat((MAX_BODY - frame.length) / 2).padEnd(MAX_BODY - frame.length, 'c');
    const body = JSON.stringify({ trace: { id: traceId, input } });
    expect(body).toHaveLength(MAX_BODY);
    expect((await api.post(BATCH, body)).status).toBe(200);
    expect((await api.trace(traceId))['input'] === input).toBe(true);
    expect((await api.post(BATCH, `${body} `)).status).toBe(413);
  });

  it.each([BATCH, OTLP])('of 21 MiB is 413 on %s, declared or in chunks, and costs no memory', async (path) => {
    const before = memoryOf(server.pid).resident;
    forgetPeak(server.pid);
    const declared = await api.post(path, Buffer.alloc(21 * MIB, ' '));
    expect(declared.status).toBe(413);
    expect(declared.json()['message']).toBe(`The body of ${21 * MIB} bytes is larger than ${MAX_BODY} bytes`);

    const chunks = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 21; i += 1) controller.enqueue(Buffer.alloc(MIB, ' '));
        controller.close();
      },
    });
    const init = { method: 'POST', headers: { ...JSON_TYPE, authorization: `Bearer ${TEST_TOKEN}` }, body: chunks };
    const streamed = await fetch(api.baseUrl + path, { ...init, duplex: 'half' });
    expect(streamed.status).toBe(413);
    expect(memoryOf(server.pid).peak - before).toBeLessThan(64 * MIB);
  });
});

describe('a body that is no batch', () => {
  it.each([
    ['nothing', ''],
    ['a number', '5'],
    ['a list', '[]'],
    ['an empty object', '{}'],
    ['NaN', '{"trace":{"id":"x","latency":NaN}}'],
    ['Infinity', '{"trace":{"id":"x","latency":Infinity}}'],
    ['a comment', '{"trace":{"id":"x"}} // x'],
    ['single quotes', "{'trace':{'id':'x'}}"],
    ['cut off', '{"trace":{"id":"x"'],
    ['not UTF-8', Buffer.from('{"trace":\xff}', 'latin1')],
    ['observations that are an object', '{"observations":{"id":"x"}}'],
  ])('because it is %s is 400 and says so without repeating it', async (_, body) => {
    const answer = await api.post(BATCH, body);
    expect(answer.status).toBe(400);
    const { message, code, data, ...rest } = answer.json();
    expect({ code, data, rest }).toEqual({ code: 'BAD_REQUEST', data: null, rest: {} });
    expect(message).toMatch(
      /^The body (is not valid JSON \((at position \d+|Unexpected token '.'|Unexpected end of JSON input)\)|must .*)$|^observations must be an array$/,
    );
    expect(await api.hasTrace('x')).toBe(false);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/x-protobuf'])(
    'because it is %s is 415',
    async (type) => {
      const answer = await api.post(BATCH, batch(traceId), { 'content-type': type });
      expect(answer.status).toBe(415);
      expect(await api.hasTrace(traceId)).toBe(false);
    },
  );

  it('may say its type in any way that means JSON', async () => {
    for (const type of ['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.x+json']) {
      expect((await api.post(BATCH, batch(traceId), { 'content-type': type })).status).toBe(200);
    }
  });
});

describe('a request of a stranger', () => {
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

  it.each([
    ['without credentials', ''],
    ['with another token', 'Bearer another-token'],
    ['with another secret key', basic('pk-xt-test:sk-other')],
    ['with another public key', basic('pk-other:sk-xt-test-0123456789')],
    ['with another scheme', `Digest ${TEST_TOKEN}`],
  ])('%s is 401 on every door and learns nothing', async (_, authorization) => {
    await api.write(BATCH, { trace: { id: traceId } });
    const answers = [
      await api.post(BATCH, batch('stranger'), { ...JSON_TYPE, authorization }),
      await api.get(`/api/public/traces/${traceId}`, { authorization }),
      await api.get('/api/public/traces', { authorization }),
      await api.get('/api/public/sessions', { authorization }),
      await api.get('/api/public/projects', { authorization }),
      await api.get('/api/internal/rate_limit_stats', { authorization }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.json()).toMatchObject({ code: 'UNAUTHORIZED', data: null });
      expect(answer.text).not.toContain(traceId);
    }
    expect(await api.hasTrace('stranger')).toBe(false);
  });
});
