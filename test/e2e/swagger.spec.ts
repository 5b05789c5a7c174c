import { type RunningServer } from '../support/server-process.js';
import { Api, startE2eServer } from './support/api.js';
import { gapsOf, type OpenApiDocument, type Operation } from './support/openapi-gaps.js';

jest.setTimeout(60_000);

const NOBODY = { authorization: '' };

describe('the documentation of the built server', () => {
  let server: RunningServer;
  let api: Api;
  let document: OpenApiDocument;

  beforeAll(async () => {
    server = await startE2eServer({ env: { TRUST_PROXY: 'yes' } });
    api = new Api(server.url);
    document = (await api.get('/docs/openapi.json', NOBODY)).json() as unknown as OpenApiDocument;
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

  /** A copy with one thing taken away. */
  const without = (take: (copy: OpenApiDocument) => void): OpenApiDocument => {
    const copy = structuredClone(document);
    take(copy);
    return copy;
  };
  const list = (copy: OpenApiDocument): Operation => copy.paths['/api/public/traces']!['get']!;

  it('describes every route, parameter, body, answer and error, each with an example', () => {
    expect(Object.keys(document.paths).length).toBeGreaterThan(10);
    expect(gapsOf(document)).toEqual([]);
  });

  it.each<[string, (copy: OpenApiDocument) => void, string]>([
    ['a summary', (copy) => Reflect.deleteProperty(list(copy), 'summary'), 'no summary'],
    [
      'the description of a parameter',
      (copy) => Reflect.deleteProperty(list(copy).parameters![0]!, 'description'),
      'no description',
    ],
    [
      'the examples of a parameter',
      (copy) => Reflect.deleteProperty(list(copy).parameters![0]!, 'examples'),
      'no example',
    ],
    ['an error', (copy) => Reflect.deleteProperty(list(copy).responses, '401'), 'no 401'],
    ['the body of an error', (copy) => Reflect.deleteProperty(list(copy).responses['401']!, 'content'), 'no body'],
    [
      'the example of a field',
      (copy) =>
        Reflect.deleteProperty(copy.components.schemas['TraceListItemDto']!.properties!['htmlPath']!, 'example'),
      'TraceListItemDto.htmlPath: no example',
    ],
  ])('is found wanting without %s', (_, take, gap) => {
    expect(gapsOf(without(take)).join('\n')).toContain(gap);
  });

  it('shows to every route exactly what a stranger gets from it', async () => {
    let asked = 0;
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { responses, security }] of Object.entries(methods)) {
        if (security?.length === 0) continue;
        const url = server.url + path.replace(/\{\w+\}/g, 'x');
        // From an address of its own: from one, only so many may fail to authenticate at once.
        asked += 1;
        const headers = { 'x-forwarded-for': `10.1.${asked >> 8}.${asked & 255}` };
        const answer = await fetch(url, { method: method.toUpperCase(), headers });
        const shown = responses['401']!.content!['application/json']!.example;
        expect([method, path, await answer.json()]).toEqual([method, path, shown]);
      }
    }
    expect(asked).toBeGreaterThan(50);
  });

  it('holds none of the marks that build it', () => {
    expect(JSON.stringify(document)).not.toContain('"x-');
  });
});
