import { BASIC, BEARER, type HttpTestApp, startHttpApp } from './http-app.js';

describe('query rate limit', () => {
  let server: HttpTestApp;
  beforeEach(async () => (server = await startHttpApp({ RATE_LIMIT_QPS: '0.5', RATE_LIMIT_BURST: '3' })));
  afterEach(() => server.app.close());

  const get = (url: string, headers: Record<string, string> = BEARER) =>
    server.app.inject({ method: 'GET', url, headers });

  test('over the burst the answer is 429 with the documented body and Retry-After', async () => {
    for (let i = 0; i < 3; i += 1) expect((await get('/api/public/query')).statusCode).toBe(200);
    const refused = await get('/api/public/query');
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['retry-after']).toBe('2');
    const body: { meta: { rate_limit: { reset_at: string } } } = refused.json();
    const resetAt = body.meta.rate_limit.reset_at;
    expect(body).toEqual({
      message: 'Too Many Requests',
      code: 'TOO_MANY_REQUESTS',
      data: null,
      meta: { rate_limit: { remaining: 0, reset_at: resetAt } },
    });
    expect(new Date(resetAt).toISOString()).toBe(resetAt);
    expect(Math.abs(Date.parse(resetAt) - Date.now() - 2000)).toBeLessThan(1000);
  });

  test('all query routes share the bucket of their caller, callers share none, other routes are free', async () => {
    for (let i = 0; i < 2; i += 1) await get('/api/public/query');
    expect((await get('/api/public/other-query')).statusCode).toBe(200);
    expect((await get('/api/public/other-query')).statusCode).toBe(429);
    expect((await get('/api/public/query', BASIC)).statusCode).toBe(200);
    expect((await get('/api/public/project')).statusCode).toBe(200);
  });

  test('strangers use nobody’s tokens', async () => {
    for (let i = 0; i < 10; i += 1) expect((await get('/api/public/query', {})).statusCode).toBe(401);
    expect((await get('/api/public/query')).statusCode).toBe(200);
  });

  test('the counters name credentials without showing any part of them', async () => {
    for (let i = 0; i < 5; i += 1) await get('/api/public/query');
    await get('/api/public/query', BASIC);
    expect((await get('/api/internal/rate_limit_stats')).json()).toEqual({
      rate_limit_qps: 0.5,
      rate_limit_burst: 3,
      total_allowed: 4,
      total_rejected: 2,
      rejection_rate: 1 / 3,
      top_rejected_tokens: [{ token: 'bearer-token', count: 2 }],
    });
  });
});
