import { type RunningServer } from '../support/server-process.js';
import { Api, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

type Operation = { security?: object[]; summary?: string; description?: string; tags?: string[]; responses: object };
type Document = {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { securitySchemes: Record<string, object>; schemas: Record<string, object> };
  security: object[];
};

const NOBODY = { authorization: '' };

describe('the documentation of the built server', () => {
  let server: RunningServer;
  let api: Api;
  let document: Document;

  beforeAll(async () => {
    server = await startE2eServer();
    api = new Api(server.url);
    document = (await api.get('/docs/openapi.json', NOBODY)).json() as Document;
  });
  afterAll(async () => {
    await server.stop();
  });

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
    );

  it('is a page at /docs whose parts all come from the server itself', async () => {
    const page = await api.get('/docs', NOBODY);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, part]) => new URL(part!, `${server.url}/docs`),
    );
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect(part.origin).toBe(server.url);
      expect([part.pathname, (await api.get(part.pathname, NOBODY)).status]).toEqual([part.pathname, 200]);
    }
  });

  it('is a document with both ways to authenticate, required everywhere but on open routes', () => {
    expect(document.openapi).toMatch(/^3\./);
    expect(document.info.title).toBe('xtrace');
    expect(document.components.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer' },
      basic: { type: 'http', scheme: 'basic' },
    });
    expect(document.security).toEqual([{ bearer: [] }, { basic: [] }]);
    const open = operations().filter(({ operation }) => operation.security?.length === 0);
    expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'GET /',
      'GET /api/public/health',
      // Signed links are credentials themselves.
      'GET /api/public/media/{mediaId}/content',
      'GET /api/public/ready',
      'GET /healthz',
      'GET /readyz',
      'PUT /api/public/media/{mediaId}/content',
    ]);
  });

  it('names the routes that clients rely on', () => {
    expect(operations().map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        'POST /v1/l/batch',
        'POST /v1/traces',
        'POST /api/public/otel/v1/traces',
        'GET /api/public/projects',
        'GET /api/public/traces',
        'GET /api/public/traces/{traceId}',
        'GET /api/public/sessions',
        'GET /api/public/sessions/{sessionId}',
        'GET /healthz',
        'GET /readyz',
      ]),
    );
  });

  it('resolves every reference in it', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g);
    const names = [...references].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(Object.keys(document.components.schemas)).toContain(name);
  });

  it('says of every route what it does', () => {
    for (const { path, method, operation } of operations()) {
      const route = `${method} ${path}`;
      expect([route, operation.summary ?? operation.description ?? '']).toEqual([route, expect.stringMatching(/./)]);
    }
  });
});
