import { BASIC, BEARER, ENVELOPE, type HttpTestApp, OTLP, PUBLIC_KEY, startHttpApp, TOKEN } from './http-app.js';

const WRONG = { authorization: 'Bearer wrong' };

describe('authentication', () => {
  let server: HttpTestApp;
  beforeEach(async () => (server = await startHttpApp()));
  afterEach(() => server.app.close());

  const get = (url: string, headers: Record<string, string> = {}) => server.app.inject({ method: 'GET', url, headers });

  test.each([
    ['a bearer token', BEARER],
    ['a key pair', BASIC],
    ['a key pair with an encoded space', { authorization: BASIC.authorization.replace(' ', '%20') }],
    ['an x-api-key', { 'x-api-key': BEARER.authorization.slice(7) }],
  ])('%s is accepted, and the project comes from it', async (_, headers) => {
    const answer = await get('/api/public/project', headers);
    expect([answer.statusCode, answer.json()]).toEqual([200, { id: 'test-project' }]);
  });

  test.each([
    ['no credentials', {}, 'No authorization header'],
    ['a wrong token', WRONG, "Invalid credentials. Confirm that you've configured the correct host."],
    ['another scheme', { authorization: 'Digest x' }, 'Invalid authorization header'],
  ])('%s get 401 in a body for Langfuse and xtrace clients alike', async (_, headers, message) => {
    const answer = await get('/api/public/project', headers);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Basic realm="xtrace"');
    expect(answer.json()).toEqual({ message, error: 'UnauthorizedError', code: 'UNAUTHORIZED', data: null });
  });

  test('outside /api/public the 401 is the plain envelope', async () => {
    const answer = await get('/v1/things/1');
    expect(answer.json()).toEqual({ message: 'No authorization header', code: 'UNAUTHORIZED', data: null });
  });

  test('a script in a browser is not answered with a challenge that opens a dialog', async () => {
    const answer = await get('/api/public/project', { 'sec-fetch-dest': 'empty' });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="xtrace"');
  });

  test('a route is closed unless it is marked public', async () => {
    expect((await get('/api/public/open')).statusCode).toBe(200);
    expect((await get('/api/public/text')).statusCode).toBe(401);
    expect((await get('/api/internal/rate_limit_stats')).statusCode).toBe(401);
    for (const url of [
      '//api/public/project',
      '/api/public/project/',
      '/api/public/./project',
      '/API/public/project',
    ]) {
      expect((await get(url)).statusCode).not.toBe(200);
    }
  });

  test('many failures from one address are slowed down, valid credentials from there never', async () => {
    const failures = [];
    for (let i = 0; i < 60; i += 1) failures.push(await get('/api/public/project', WRONG));
    expect(failures[0]!.statusCode).toBe(401);
    const refused = failures.at(-1)!;
    expect(refused.statusCode).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(refused.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS', data: null });
    expect((await get('/api/public/project', BEARER)).statusCode).toBe(200);
  });

  test('a wrong write costs nothing but its headers', async () => {
    const answer = await server.app.inject({
      method: 'POST',
      url: ENVELOPE,
      headers: { ...WRONG, 'content-length': '999999999' },
    });
    expect(answer.statusCode).toBe(401);
    expect(server.received.bodies).toHaveLength(0);
    expect(server.inFlight.bytes).toBe(0);
  });
});

describe('a key of a project', () => {
  let server: HttpTestApp;
  beforeAll(async () => (server = await startHttpApp()));
  afterAll(() => server.app.close());

  const ROUTES = [
    ['GET', '/api/public/project'],
    ['POST', '/api/public/json'],
    ['POST', ENVELOPE],
    ['POST', OTLP],
    ['POST', '/api/public/scores-of-test'],
    ['GET', '/api/internal/rate_limit_stats'],
  ] as const;
  const READ = [200, 403, 403, 403, 403, 403];
  const INGEST = [403, 201, 200, 200, 201, 403];
  const SCORES = [403, 403, 403, 403, 201, 403];
  const NOTHING = [403, 403, 403, 403, 403, 403];
  const UNKNOWN = [401, 401, 401, 401, 401, 401];
  const statuses = async (headers: Record<string, string>): Promise<number[]> => {
    const answers: number[] = [];
    for (const [method, url] of ROUTES) {
      const json = { ...headers, 'content-type': 'application/json' };
      answers.push(
        (await server.app.inject({ method, url, headers: json, ...(method === 'POST' ? { payload: '{}' } : {}) }))
          .statusCode,
      );
    }
    return answers;
  };
  const pair = (publicKey: string, secretKey: string) => ({
    authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
  });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test.each([
    ['read', READ],
    ['ingest', INGEST],
    ['ingest,read', [200, 201, 200, 200, 201, 403]],
    ['scores', SCORES],
    ['admin', NOTHING],
  ])('that opens %s opens no more, as a pair and as a bearer token', async (scopes, expected) => {
    expect(await statuses(pair(scopes, `of ${scopes}`))).toEqual(expected);
    expect(await statuses(bearer(`of ${scopes}`))).toEqual(expected);
    expect(await statuses({ 'x-api-key': `of ${scopes}` })).toEqual(expected);
  });

  test.each([
    ['ingest', SCORES],
    ['scores', SCORES],
    ['ingest,read,admin', SCORES],
    ['read', UNKNOWN],
    ['admin', UNKNOWN],
  ])('that opens %s opens at most scores by its public half', async (scopes, expected) => {
    expect(await statuses(bearer(scopes))).toEqual(expected);
  });

  test('of the settings opens scores by its public half', async () => {
    expect(await statuses(bearer(PUBLIC_KEY))).toEqual(SCORES);
  });

  test('opens its own project', async () => {
    const answer = await server.app.inject({ url: '/api/public/project', headers: bearer('of read') });
    expect(answer.json()).toEqual({ id: 'other-project' });
  });

  test('is refused where it opens nothing before a body is read', async () => {
    const answer = await server.app.inject({
      method: 'POST',
      url: ENVELOPE,
      headers: { ...bearer('ingest,read'), 'content-length': '999999999' },
    });
    expect([answer.statusCode, answer.json()]).toEqual([
      403,
      {
        message: 'Access denied - insufficient permissions for this endpoint: it needs a key with the scope ingest',
        ...{ code: 'FORBIDDEN', data: null },
      },
    ]);
  });

  test('has a bucket of its own in the query rate limit', async () => {
    const { app } = await startHttpApp({ RATE_LIMIT_BURST: '1', RATE_LIMIT_QPS: '0.001' });
    const ask = async (token: string) =>
      (await app.inject({ url: '/api/public/query', headers: bearer(token) })).statusCode;
    expect([await ask('of read'), await ask('of read'), await ask('of read,admin'), await ask(TOKEN)]).toEqual([
      ...[200, 429, 200, 200],
    ]);
    await app.close();
  });
});

describe('XTRACE_ALLOW_UNAUTHENTICATED_COMPAT', () => {
  const NO_PAIR = { XTRACE_PUBLIC_KEY: '', XTRACE_SECRET_KEY: '' };
  const statusOf = async (env: Record<string, string>, headers: Record<string, string> = {}) => {
    const { app } = await startHttpApp(env);
    const ask = async (method: 'GET' | 'POST', url: string) => (await app.inject({ method, url, headers })).statusCode;
    const statuses = {
      otlp: await ask('POST', OTLP),
      projects: await ask('GET', '/api/public/projects'),
      project: await ask('GET', '/api/public/project'),
      batch: await ask('POST', ENVELOPE),
    };
    await app.close();
    return statuses;
  };
  const CLOSED = { otlp: 401, projects: 401, project: 401, batch: 401 };

  test('opens the OTLP routes and the project, and nothing else, even to the dummy keys that SDKs send', async () => {
    const env = { ...NO_PAIR, XTRACE_ALLOW_UNAUTHENTICATED_COMPAT: '1' };
    const open = { otlp: 200, projects: 200, project: 401, batch: 401 };
    expect(await statusOf(env)).toEqual(open);
    expect(await statusOf(env, { authorization: `Basic ${Buffer.from('pk:dummy').toString('base64')}` })).toEqual(open);
  });

  test('opens nothing when a key pair is configured, or when it is off', async () => {
    expect(await statusOf({ XTRACE_ALLOW_UNAUTHENTICATED_COMPAT: '1' })).toEqual(CLOSED);
    expect(await statusOf(NO_PAIR)).toEqual(CLOSED);
  });
});
