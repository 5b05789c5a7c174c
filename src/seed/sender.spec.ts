import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SeedError } from './seed-error.js';
import { Sender } from './sender.js';

interface Scripted {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Cut the connection instead. */
  readonly cut?: true;
}

describe('the sender', () => {
  let server: Server;
  let url: string;
  let answers: Scripted[];
  let received: { path: string | undefined; authorization: string | undefined; body: string }[];
  let waits: number[];
  let sender: Sender;

  beforeEach(async () => {
    [answers, received, waits] = [[], [], []];
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        received.push({ path: request.url, authorization: request.headers.authorization, body });
        const answer = answers.shift() ?? { status: 200, body: '{"message":"Request Successful."}' };
        if (answer.cut) request.socket.destroy();
        else response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const wait = (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    };
    sender = new Sender({ url, token: 'a-token' }, wait);
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('sends the token and the body once when it is committed', async () => {
    await sender.post('/v1/l/batch', '{"a":1}');
    expect(received).toEqual([{ path: '/v1/l/batch', authorization: 'Bearer a-token', body: '{"a":1}' }]);
    expect(waits).toEqual([]);
  });

  it.each([429, 503])(
    'comes back with the same body when %i says that it may, after the time it names',
    async (status) => {
      answers.push({ status, headers: { 'retry-after': '2' } }, { status, headers: { 'retry-after': '3600' } });
      await sender.post('/p', 'body');
      expect(received.map(({ body }) => body)).toEqual(['body', 'body', 'body']);
      // An hour is not waited for at once.
      expect(waits).toEqual([2000, 30_000]);
      expect(sender.retryCount).toBe(2);
    },
  );

  it('understands a date in Retry-After', async () => {
    answers.push({ status: 503, headers: { 'retry-after': new Date(Date.now() + 5000).toUTCString() } });
    await sender.post('/p', 'body');
    expect(waits[0]).toBeGreaterThan(2000);
    expect(waits[0]).toBeLessThanOrEqual(5000);
  });

  it('waits longer each time where nothing is said, also when the connection is cut', async () => {
    answers.push({ status: 503 }, { status: 200, cut: true }, { status: 502 });
    await sender.post('/p', 'body');
    expect(waits).toEqual([200, 400, 800]);
  });

  it('gives up after some attempts and says why', async () => {
    for (let i = 0; i < 20; i += 1) answers.push({ status: 503, body: '{"message":"database is away"}' });
    await expect(sender.post('/p', 'body')).rejects.toThrow(/after 8 attempts: 503 .*database is away/);
    expect(received).toHaveLength(8);
  });

  it.each<Scripted>([
    { status: 400, body: '{"message":"no"}' },
    { status: 207, body: '{"errors":[{"id":"x"}]}' },
    { status: 413 },
  ])('never repeats what is refused ($status)', async (answer) => {
    answers.push(answer);
    await expect(sender.post('/p', 'body')).rejects.toThrow(SeedError);
    expect(received).toHaveLength(1);
  });

  it('takes an export of which spans were rejected for refused', async () => {
    answers.push({ status: 200, body: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"bad id"}}' });
    await expect(sender.post('/p', 'body')).rejects.toThrow(/bad id/);
    answers.push({ status: 200, body: '{"partialSuccess":{}}' });
    await sender.post('/p', 'body');
  });

  it('tells a missing server, a wrong token and a stranger apart, without the token', async () => {
    answers.push(
      { status: 401 },
      { status: 200, body: '<html>hello</html>' },
      { status: 200, body: '{"data":[{"id":"p"}]}' },
    );
    await expect(sender.checkServer()).rejects.toThrow(/does not take this token/);
    await expect(sender.checkServer()).rejects.toThrow(/no xtrace server/);
    await sender.checkServer();

    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const refused = new Sender({ url: `http://127.0.0.1:${port}`, token: 'a-token' }).checkServer();
    const message = await refused.catch((error: Error) => error.message);
    expect(message).toMatch(/no server answers at http:.*ECONNREFUSED.*npm start/);
    expect(message).not.toContain('a-token');
  });
});
