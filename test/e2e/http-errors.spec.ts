import { BEARER, ENVELOPE, type HttpTestApp, OTLP, startHttpApp } from './http-app.js';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };

describe('errors over HTTP', () => {
  let server: HttpTestApp;
  beforeAll(async () => (server = await startHttpApp()));
  afterAll(() => server.app.close());

  const ask = (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    headers: object = {},
    payload?: string | Buffer,
  ) => server.app.inject({ method, url, headers: { ...BEARER, ...headers }, payload });

  test('an unknown route is 404 in JSON, with or without credentials, whatever is sent to it', async () => {
    const expected = { message: 'There is no /nope here', code: 'NOT_FOUND', data: null };
    expect((await ask('GET', '/nope?secret=1')).json()).toEqual(expected);
    expect((await server.app.inject({ method: 'GET', url: '/nope' })).statusCode).toBe(404);
    for (const type of ['application/json', 'foo/bar']) {
      const answer = await ask('POST', '/nope', { 'content-type': type }, 'not json');
      expect([answer.statusCode, answer.json()]).toEqual([404, expected]);
    }
    expect((await ask('GET', '/api/public/nope')).json()).toMatchObject({ error: 'LangfuseNotFoundError' });
    expect((await ask('GET', `/${'x'.repeat(5000)}`)).statusCode).toBe(404);
  });

  test('a method that a known path does not have is 405 and names those it has', async () => {
    const answer = await ask('GET', OTLP);
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST']);
    expect((await ask('PUT', '//api/public/things/a%2Fb/')).headers.allow).toBe('GET');
  });

  test('a domain error takes the shape of its path', async () => {
    const missing = await ask('GET', '/api/public/things/missing');
    expect(missing.statusCode).toBe(404);
    expect(missing.json()).toEqual({
      message: 'There is no thing missing',
      error: 'LangfuseNotFoundError',
      code: 'NOT_FOUND',
      data: null,
    });
    const bad = await ask('GET', '/v1/things/bad');
    expect([bad.statusCode, bad.json()]).toEqual([400, { message: 'id is bad', code: 'BAD_REQUEST', data: null }]);
  });

  test('our own fault is 500 without any detail; the log has stack and request id', async () => {
    let log = '';
    const stderr = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      log += String(text);
      return true;
    });
    const answer = await ask('GET', '/v1/things/crash?secret=query');
    stderr.mockRestore();
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({ message: 'Internal Server Error', code: 'INTERNAL_ERROR', data: null });
    const requestId = String(answer.headers['x-request-id']);
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(log).toContain(`GET /v1/things/:id failed { requestId: '${requestId}' }`);
    expect(log).toContain('ReadController');
    expect(log).not.toContain('secret');
    expect(log).not.toContain(BEARER.authorization.slice(7));
  });

  test('what the client does wrong is not logged as an error', async () => {
    const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await ask('GET', '/nope');
    await ask('GET', '/v1/things/bad');
    await ask('POST', '/v1/full', PROTOBUF, 'x');
    await ask('POST', '/api/public/json', { 'content-type': 'a/b' }, 'x');
    expect(stderr).not.toHaveBeenCalled();
    stderr.mockRestore();
  });

  test('OTLP errors are google.rpc.Status in the encoding of the request', async () => {
    const json = await ask('POST', '/v1/stopping', { 'content-type': 'application/json' }, '{}');
    expect([json.statusCode, json.headers['content-type']]).toEqual([503, 'application/json']);
    expect(json.json()).toEqual({ code: 14, message: 'The server is stopping' });
    expect(json.headers['retry-after']).toBe('3');

    const protobuf = await ask('POST', '/v1/full', PROTOBUF, 'x');
    expect([protobuf.statusCode, protobuf.headers['content-type']]).toEqual([503, 'application/x-protobuf']);
    expect(protobuf.rawPayload.toString('latin1')).toBe('\x08\x0e\x12\x17The write queue is full');
    expect(protobuf.headers['retry-after']).toBe('2');

    const stranger = await server.app.inject({ method: 'POST', url: OTLP, headers: PROTOBUF, payload: 'x' });
    expect(stranger.statusCode).toBe(401);
    expect(stranger.rawPayload.toString('latin1')).toBe('\x08\x10\x12\x17No authorization header');
  });

  test.each(['/api/public/things/%E0%A4%A', '/api/public/things/a%00b', '/%', '/api/public/things/%ff'])(
    'the path %s is 400 or 404, never 500',
    async (url) => {
      const answer = await ask('GET', url);
      expect([400, 404]).toContain(answer.statusCode);
      expect(answer.json()).toMatchObject({ data: null });
    },
  );

  test('an id may hold encoded slashes and be 800 characters long', async () => {
    expect((await ask('GET', '/api/public/things/a%2Fb%2Fc')).json()).toEqual({ id: 'a/b/c' });
    const id = '€'.repeat(333);
    expect((await ask('GET', `/api/public/things/${encodeURIComponent(id)}`)).json()).toEqual({ id });
    const tooLong = await ask('GET', `/api/public/things/${'x'.repeat(3001)}`);
    expect([tooLong.statusCode, tooLong.json()]).toMatchObject([414, { code: 'URI_TOO_LONG' }]);
  });

  test('slashes that are doubled or trailing do not matter', async () => {
    expect((await ask('GET', '//api/public//things/a/')).json()).toEqual({ id: 'a' });
    expect((await ask('GET', '//api/public/things/missing')).json()).toMatchObject({ error: 'LangfuseNotFoundError' });
  });

  test('__proto__ in a query string is a key like any other', async () => {
    const answer = await ask('GET', '/api/public/query?__proto__=1&__proto__=2&constructor=3&__proto__[polluted]=4');
    expect(answer.statusCode).toBe(200);
    expect(answer.json<{ keys: string[] }>().keys).toEqual(['__proto__', 'constructor', '__proto__[polluted]']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('a JSON route takes JSON alone', async () => {
    const post = (type: string, payload: string, headers: object = {}) =>
      ask('POST', '/api/public/json', { 'content-type': type, ...headers }, payload);
    expect((await post('application/json; charset=utf-8', '{"a":1}')).json()).toEqual({ body: { a: 1 } });
    expect((await post('application/problem+json', '[]')).json()).toEqual({ body: [] });
    for (const [type, payload, status] of [
      ['application/json', '{', 400],
      ['application/json', '', 400],
      ['application/json', '{"__proto__":{"polluted":1}}', 400],
      ['application/json', '{"a":{"constructor":{"prototype":{"polluted":1}}}}', 400],
      ['application/json', `"${'x'.repeat(1024 * 1024)}"`, 413],
      ['text/plain', 'text', 415],
      ['application/x-www-form-urlencoded', 'a=b', 415],
      ['application/jsonx', '{}', 415],
      ['nonsense', '{}', 415],
    ] as const) {
      const answer = await post(type, payload);
      expect([type, payload.slice(0, 40), answer.statusCode]).toEqual([type, payload.slice(0, 40), status]);
      expect(answer.json()).toMatchObject({ error: expect.any(String), code: expect.any(String), data: null });
    }
    expect((await post('application/json', '{}', { 'content-encoding': 'gzip' })).statusCode).toBe(415);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('a deletion may state the type of a body that it does not have', async () => {
    for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
      const answer = await ask('DELETE', '/v1/things/a', { 'content-type': type });
      expect([answer.statusCode, answer.json()]).toEqual([200, { id: 'a', hasBody: false }]);
    }
    const json = { 'content-type': 'application/json' };
    expect((await ask('DELETE', '/v1/things/a', json, '{"a":1}')).json()).toEqual({ id: 'a', hasBody: true });
    expect((await ask('DELETE', '/v1/things/a', json, '{')).statusCode).toBe(400);
  });

  test('the body of a stranger is not read, on JSON routes neither', async () => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/api/public/json',
      headers: { 'content-type': 'application/json' },
      payload: '{',
    });
    expect(answer.statusCode).toBe(401);
  });

  test('a write route never parses what it gets', async () => {
    const answer = await ask('POST', ENVELOPE, { 'content-type': 'application/json' }, '{"__proto__": not json');
    expect([answer.statusCode, answer.json()]).toEqual([200, { isBuffer: true, length: 22 }]);
  });
});
