import Fastify from 'fastify';
import { originList } from '../config/setting.js';
import { cors } from './cors.js';

const ask = async (origins: string, method: 'GET' | 'OPTIONS', headers: Record<string, string>) => {
  const fastify = Fastify();
  fastify.addHook('onRequest', cors(originList().parse(origins)!));
  fastify.get('/', () => 'here');
  const { statusCode, headers: answered } = await fastify.inject({ method, url: '/', headers });
  await fastify.close();
  const methods = answered['access-control-allow-methods']?.split(', ');
  return { status: statusCode, allowed: answered['access-control-allow-origin'], vary: answered.vary, methods };
};

describe('a page', () => {
  const preflight = { origin: 'https://a.example', 'access-control-request-method': 'GET' };

  test('of any origin may call where * is set', async () => {
    expect(await ask('*', 'GET', { origin: 'https://a.example' })).toMatchObject({ status: 200, allowed: '*' });
    expect(await ask('*', 'OPTIONS', preflight)).toMatchObject({ status: 204, allowed: '*' });
  });

  test('of a stated origin alone may call where some are set, and caches are told', async () => {
    const origins = 'https://b.example, HTTPS://A.example';
    const expected = { status: 204, allowed: 'https://a.example', vary: 'origin' };
    expect(await ask(origins, 'OPTIONS', preflight)).toMatchObject(expected);
    const other = { ...preflight, origin: 'https://c.example' };
    const refused = { status: 404, allowed: undefined, vary: 'origin', methods: undefined };
    expect(await ask(origins, 'OPTIONS', other)).toEqual(refused);
  });

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('may send %s, as files and labels are', async (method) => {
    const { methods } = await ask('*', 'OPTIONS', { ...preflight, 'access-control-request-method': method });
    expect(methods).toContain(method);
  });

  test('may use every method that a route has', async () => {
    const fastify = Fastify();
    fastify.addHook('onRequest', cors(['*']));
    const answer = await fastify.inject({ method: 'OPTIONS', url: '/', headers: preflight });
    await fastify.close();
    const methods = String(answer.headers['access-control-allow-methods']).split(', ');
    expect(methods.sort()).toEqual(['DELETE', 'GET', 'PATCH', 'POST', 'PUT']);
  });

  test('is not asked for when there is no origin, and OPTIONS alone is no preflight', async () => {
    expect(await ask('*', 'GET', {})).toMatchObject({ status: 200, allowed: undefined });
    expect(await ask('*', 'OPTIONS', { origin: 'https://a.example' })).toMatchObject({ status: 404 });
  });
});

test.each([
  'a.example',
  'https://a.example/',
  'https://a.example/x',
  '*,https://a.example',
  'null',
  'https://*.example',
])('the setting %j is refused', (text) => {
  expect(originList().parse(text)).toBeUndefined();
});
