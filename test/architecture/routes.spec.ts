import 'reflect-metadata';
import { type DynamicModule, type ForwardReference, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, MODULE_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { AppModule, type AppOptions } from '../../src/app.module.js';
import { PUBLIC } from '../../src/http/auth/public.decorator.js';
import { type RunningServer, startServer } from '../support/server-process.js';

/** The routes that answer strangers. Adding one here is a decision. */
const OPEN = [
  ...['GET /', 'GET /healthz', 'GET /readyz', 'GET /api/public/health', 'GET /api/public/ready'],
  // A signed link is the credential.
  ...['GET /api/public/media/:mediaId/content', 'PUT /api/public/media/:mediaId/content'],
];

interface Route {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly isPublic: boolean;
}

type Import = Type | DynamicModule | ForwardReference | Promise<DynamicModule>;

/** Every controller of `module` and of what it imports, however deep. */
function collectControllers(module: Import, found: Set<Type>, seen = new Set<unknown>()): void {
  if (seen.has(module)) return;
  seen.add(module);
  const isDynamic = typeof module === 'object' && 'module' in module;
  const type = isDynamic ? module.module : (module as Type);
  const of = (key: 'imports' | 'controllers'): unknown[] => [
    ...((isDynamic ? module[key] : undefined) ?? []),
    ...((Reflect.getMetadata(MODULE_METADATA[key.toUpperCase() as 'IMPORTS' | 'CONTROLLERS'], type) as unknown[]) ??
      []),
  ];
  for (const controller of of('controllers')) found.add(controller as Type);
  for (const imported of of('imports')) collectControllers(imported as Import, found, seen);
}

function listRoutes(controller: Type): Route[] {
  const paths = (value: unknown): string[] => [value ?? ''].flat() as string[];
  const routes: Route[] = [];
  const prototype = controller.prototype as Record<string, unknown>;
  for (const key of Object.getOwnPropertyNames(prototype)) {
    const handler = prototype[key];
    if (typeof handler !== 'function' || !Reflect.hasMetadata(METHOD_METADATA, handler)) continue;
    const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number]!;
    const isPublic = [handler, controller].some((target) => Reflect.getMetadata(PUBLIC, target) === true);
    for (const prefix of paths(Reflect.getMetadata(PATH_METADATA, controller))) {
      for (const suffix of paths(Reflect.getMetadata(PATH_METADATA, handler))) {
        const path = `/${prefix}/${suffix}`.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
        routes.push({ name: `${method} ${path}`, method, path, isPublic });
      }
    }
  }
  return routes;
}

function allRoutes(): Route[] {
  const controllers = new Set<Type>();
  collectControllers(AppModule.forRoot({} as AppOptions), controllers);
  return [...controllers].flatMap(listRoutes);
}

describe('every route', () => {
  let server: RunningServer;
  const routes = allRoutes();

  beforeAll(async () => (server = await startServer()), 60_000);
  afterAll(() => server.stop());

  test('there are routes to look at', () => {
    expect(routes.map((route) => route.name)).toEqual(expect.arrayContaining([...OPEN, 'GET /api/public/projects']));
  });

  test('is in the OpenAPI document, which says truly whether it needs credentials', async () => {
    const answer = await fetch(`${server.url}/docs/openapi.json`);
    const document = (await answer.json()) as { paths: Record<string, Record<string, { security?: unknown[] }>> };
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { security }]) => ({
        name: `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
        isPublic: security?.length === 0,
      })),
    );
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(documented.sort(byName)).toEqual(routes.map(({ name, isPublic }) => ({ name, isPublic })).sort(byName));
    // What a decorated `body: Buffer` becomes when its controller does not describe the body.
    expect(JSON.stringify(document)).not.toContain('#/components/schemas/Buffer');
  });

  test('is marked public only if it is on the list', () => {
    const open = routes.filter((route) => route.isPublic).map((route) => route.name);
    expect(open.sort()).toEqual([...OPEN].sort());
  });

  test('refuses strangers unless it is public', async () => {
    for (const { name, method, path, isPublic } of routes) {
      const url = server.url + path.replace(/:\w+/g, 'x');
      const { status } = await fetch(url, { method, headers: { authorization: 'Bearer wrong' } });
      // 429 once the address has failed too often.
      expect([name, status === 401 || status === 429]).toEqual([name, !isPublic]);
    }
  });
});
