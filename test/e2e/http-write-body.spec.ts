import { connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { BEARER, ENVELOPE, type HttpTestApp, OTLP, startHttpApp } from './http-app.js';

jest.setTimeout(30_000);

const MIB = 1024 * 1024;
const NOBODY = { authorization: 'Bearer wrong' };

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A client that says exactly what a test wants said, byte for byte. */
class RawClient {
  private received = '';
  isClosed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => {});
  }

  static async open(server: HttpTestApp): Promise<RawClient> {
    const { port } = server.app.getHttpServer().address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    return new RawClient(socket);
  }

  head(path: string, headers: Record<string, string | number>): void {
    const lines = Object.entries({ host: 'x', ...headers }).map(([name, value]) => `${name}: ${value}`);
    this.socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  }

  chunk(bytes: Buffer): void {
    this.socket.write(`${bytes.length.toString(16)}\r\n`);
    this.socket.write(bytes);
    this.socket.write('\r\n');
  }

  /** The next answer on this connection; an answer that says "continue" is none. */
  async answer(): Promise<Answer> {
    const complete = /^HTTP\/1\.1 (\d+)[^\r]*\r\n([^]*?)\r\n\r\n/;
    await until(() => {
      const head = complete.exec(this.received);
      return head !== null && this.received.length >= head[0].length + lengthOf(head[2]!);
    });
    const head = complete.exec(this.received)!;
    const end = head[0].length + lengthOf(head[2]!);
    const body = this.received.slice(head[0].length, end);
    this.received = this.received.slice(end);
    const headers = Object.fromEntries(
      head[2]!.split('\r\n').map((line) => line.toLowerCase().split(': ') as [string, string]),
    );
    return { status: Number(head[1]), headers, body };
  }
}

function lengthOf(head: string): number {
  return Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !condition();) {
    if (Date.now() > end) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('bodies of write routes', () => {
  let server: HttpTestApp;
  let clients: RawClient[];

  const start = async (env: Record<string, string> = {}) => {
    server = await startHttpApp(env);
    await server.app.listen(0, '127.0.0.1');
    clients = [];
  };
  const open = async () => {
    const client = await RawClient.open(server);
    clients.push(client);
    return client;
  };
  const post = async (headers: Record<string, string>, body: Buffer, path = ENVELOPE) => {
    const client = await open();
    client.head(path, { ...BEARER, 'content-length': body.length, ...headers });
    client.socket.write(body);
    return client.answer();
  };

  afterEach(async () => {
    // Whatever happened, nothing may stay counted.
    server.received.letGo();
    for (const client of clients) client.socket.destroy();
    await until(() => server.inFlight.bytes === 0);
    await server.app.close();
  });

  describe('with the default limits', () => {
    beforeEach(() => start());

    test('arrive as raw bytes, whatever content type they claim', async () => {
      const bytes = Buffer.from([0, 1, 2, 255, 123]);
      const types = ['application/json', 'application/x-protobuf', 'text/plain', 'application/x-ndjson; a=b', 'a/b'];
      for (const type of types) expect((await post({ 'content-type': type }, bytes)).status).toBe(200);
      const client = await open();
      client.head(ENVELOPE, { ...BEARER, 'content-length': bytes.length });
      client.socket.write(bytes);
      expect((await client.answer()).status).toBe(200);
      expect(server.received.bodies).toEqual(Array(types.length + 1).fill(bytes));
    });

    test('that are absent arrive as zero bytes', async () => {
      const client = await open();
      client.head(ENVELOPE, BEARER);
      expect((await client.answer()).body).toBe('{"isBuffer":true,"length":0}');
      expect((await post({ 'content-type': 'a/b' }, Buffer.alloc(0))).body).toBe('{"isBuffer":true,"length":0}');
    });

    test.each([
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['deflate', deflateRawSync],
      ['identity', (bytes: Buffer) => bytes],
    ] as const)('in %s arrive inflated', async (coding, deflate) => {
      const bytes = Buffer.from('text '.repeat(10_000));
      expect((await post({ 'content-encoding': coding }, deflate(bytes))).status).toBe(200);
      expect(server.received.bodies[0]!.equals(bytes)).toBe(true);
    });

    test('of 20 MiB are taken, one byte more is 413 before it is read', async () => {
      expect((await post({}, Buffer.alloc(20 * MIB))).status).toBe(200);
      const client = await open();
      client.head(ENVELOPE, { ...BEARER, 'content-length': 20 * MIB + 1 });
      const answer = await client.answer();
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', data: null });
    });

    test('of 21 MiB get their 413 even when the client sends first and reads later', async () => {
      const answer = await post({}, Buffer.alloc(21 * MIB));
      expect(answer.status).toBe(413);
    });

    test('in chunks are taken without a length, and cut at the limit', async () => {
      const client = await open();
      client.head(ENVELOPE, { ...BEARER, 'transfer-encoding': 'chunked' });
      client.chunk(Buffer.from('abc'));
      client.chunk(Buffer.from('defg'));
      client.chunk(Buffer.alloc(0));
      expect((await client.answer()).body).toBe('{"isBuffer":true,"length":7}');

      const endless = await open();
      endless.head(ENVELOPE, { ...BEARER, 'transfer-encoding': 'chunked' });
      for (let i = 0; i < 21; i += 1) endless.chunk(Buffer.alloc(MIB));
      expect((await endless.answer()).status).toBe(413);
    });

    test('that inflate a thousandfold are 413, and memory stays flat', async () => {
      // 1 GiB of zeros in 1 MB.
      const bomb = Buffer.concat(Array<Buffer>(64).fill(gzipSync(Buffer.alloc(16 * MIB))));
      const before = process.memoryUsage().arrayBuffers;
      let peak = 0;
      const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)), 2);
      const answer = await post({ 'content-encoding': 'gzip' }, bomb, OTLP);
      clearInterval(sampler);
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 8 });
      expect(peak).toBeLessThan(48 * MIB);
    });

    test('in an encoding that the server does not know are 415 before they are read', async () => {
      const client = await open();
      client.head(ENVELOPE, { ...BEARER, 'content-encoding': 'br', 'content-length': 1000 });
      const answer = await client.answer();
      expect(answer.status).toBe(415);
      expect(JSON.parse(answer.body)).toMatchObject({
        message: expect.stringContaining('br'),
        code: 'UNSUPPORTED_MEDIA_TYPE',
      });
    });

    test('with a content type that is none are 415', async () => {
      expect((await post({ 'content-type': 'nonsense' }, Buffer.from('x'), OTLP)).status).toBe(415);
    });

    test('that are damaged are 400', async () => {
      expect((await post({ 'content-encoding': 'gzip' }, Buffer.from('no gzip'))).status).toBe(400);
      expect((await post({ 'content-encoding': 'gzip' }, gzipSync('text').subarray(0, -5))).status).toBe(400);
    });

    test('of strangers are never read', async () => {
      const client = await open();
      client.head(OTLP, { ...NOBODY, 'content-length': MIB });
      expect((await client.answer()).status).toBe(401);
      expect(server.received.bodies).toHaveLength(0);
    });

    test('that were refused leave the connection usable', async () => {
      const client = await open();
      client.head(ENVELOPE, { ...NOBODY, 'content-length': MIB });
      client.socket.write(Buffer.alloc(MIB));
      expect((await client.answer()).status).toBe(401);
      client.head(ENVELOPE, { ...BEARER, 'content-encoding': 'gzip', 'content-length': 7 });
      client.socket.write('no gzip');
      expect((await client.answer()).status).toBe(400);
      client.head(ENVELOPE, { ...BEARER, 'content-length': 3 });
      client.socket.write('abc');
      expect((await client.answer()).status).toBe(200);
    });

    test('that are longer than they declare end in 400, and the rest is no second request', async () => {
      const client = await open();
      client.head(ENVELOPE, { ...BEARER, 'content-length': 3 });
      client.socket.write('abcdefgh');
      const answer = await client.answer();
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body)).toEqual({ message: 'Bad Request', code: 'BAD_REQUEST', data: null });
      await until(() => client.isClosed);
    });

    test('that declare a length and chunks at once are refused', async () => {
      const client = await open();
      client.head(ENVELOPE, { ...BEARER, 'content-length': 3, 'transfer-encoding': 'chunked' });
      client.chunk(Buffer.from('abc'));
      expect((await client.answer()).status).toBe(400);
      expect(server.received.bodies).toHaveLength(0);
    });

    test('that are cut off reach no handler and hold no room', async () => {
      const client = await open();
      client.head(ENVELOPE, { ...BEARER, 'content-length': 1000 });
      client.socket.write('abc');
      await until(() => server.inFlight.bytes === 1000);
      client.socket.destroy();
      await until(() => server.inFlight.bytes === 0);
      expect(server.received.bodies).toHaveLength(0);
    });

    test('whose client hangs up during the work give their room back', async () => {
      server.received.hold();
      const client = await open();
      client.head(ENVELOPE, { ...BEARER, 'content-length': 3 });
      client.socket.write('abc');
      await until(() => server.received.bodies.length === 1);
      expect(server.inFlight.bytes).toBe(3);
      client.socket.destroy();
      await until(() => server.inFlight.bytes === 0);
    });

    test('that wait behind another request on their connection give their room back when it closes', async () => {
      server.received.hold();
      const client = await open();
      for (let i = 0; i < 2; i += 1) {
        client.head(ENVELOPE, { ...BEARER, 'content-length': 3 });
        client.socket.write('abc');
      }
      await until(() => server.received.bodies.length === 2);
      expect(server.inFlight.bytes).toBe(6);
      client.socket.destroy();
      await until(() => server.inFlight.bytes === 0);
    });
  });

  describe('beyond the budget', () => {
    const BUDGET = { INGEST_MAX_IN_FLIGHT_BYTES: '4096', XTRACE_MAX_REQUEST_BODY_BYTES: '4096' };
    beforeEach(() => start(BUDGET));

    /** Occupies `length` bytes of the budget until it is destroyed. */
    const occupy = async (length: number) => {
      const client = await open();
      const before = server.inFlight.bytes;
      client.head(ENVELOPE, { ...BEARER, 'content-length': length });
      await until(() => server.inFlight.bytes === before + length);
      return client;
    };

    test.each([
      [OTLP, 503, { code: 14 }],
      [ENVELOPE, 429, { code: 'TOO_MANY_REQUESTS', data: null }],
    ])('are refused on %s with %d and Retry-After before they are read', async (path, status, body) => {
      await occupy(4000);
      const client = await open();
      client.head(path, { ...BEARER, 'content-length': 97 });
      const answer = await client.answer();
      expect(answer.status).toBe(status);
      expect(answer.headers['retry-after']).toBe('1');
      expect(JSON.parse(answer.body)).toMatchObject(body);
      expect(server.inFlight.bytes).toBe(4000);
    });

    test('are taken again as soon as there is room', async () => {
      const first = await occupy(4000);
      expect((await post({}, Buffer.alloc(200))).status).toBe(429);
      first.socket.write(Buffer.alloc(4000));
      expect((await first.answer()).status).toBe(200);
      expect((await post({}, Buffer.alloc(200))).status).toBe(200);
    });

    test('in chunks are counted as they come', async () => {
      await occupy(4000);
      const client = await open();
      client.head(OTLP, { ...BEARER, 'transfer-encoding': 'chunked' });
      client.chunk(Buffer.alloc(90));
      await until(() => server.inFlight.bytes === 4090);
      client.chunk(Buffer.alloc(90));
      expect((await client.answer()).status).toBe(503);
      await until(() => server.inFlight.bytes === 4000);
    });

    test('count what they inflate to', async () => {
      await occupy(3000);
      const bytes = gzipSync(Buffer.alloc(2000));
      expect(bytes.length).toBeLessThan(100);
      expect((await post({ 'content-encoding': 'gzip' }, bytes, OTLP)).status).toBe(503);
      await until(() => server.inFlight.bytes === 3000);
    });

    test('a request that is alone is always taken, even inflated beyond the budget', async () => {
      const bytes = gzipSync(Buffer.alloc(4096));
      expect((await post({ 'content-encoding': 'gzip' }, bytes)).status).toBe(200);
    });

    test('strangers never use it', async () => {
      const client = await open();
      client.head(ENVELOPE, { ...NOBODY, 'content-length': 4000 });
      expect((await client.answer()).status).toBe(401);
      expect(server.inFlight.bytes).toBe(0);
    });
  });
});
