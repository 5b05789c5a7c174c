import { LangfuseAPIClient } from '@langfuse/core';
import { ExportResultCode } from '@opentelemetry/core';
import { credentials, Metadata } from '@grpc/grpc-js';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { makeProject } from '../support/projects.js';
import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY, waitFor } from '../support/server-process.js';
import { BATCH, BEARER, type JsonObject, OTLP, startE2eServer } from './support/api.js';
import { queryEmbedded } from './support/recount.js';

jest.setTimeout(60_000);

let server: RunningServer;
beforeAll(async () => {
  server = await startE2eServer({ env: { OTLP_GRPC_PORT: '0', LOG_LEVEL: 'debug' } });
});
afterAll(() => server.stop());

type Headers = Readonly<Record<string, string>>;

async function call(
  method: string,
  path: string,
  headers: Headers,
  body?: unknown,
): Promise<{ status: number; json: JsonObject }> {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as JsonObject };
}
const statusOf = async (...args: Parameters<typeof call>) => (await call(...args)).status;
const keysOf = ({ id }: { id: string }) => `/api/public/projects/${id}/apiKeys`;
const readWith = (headers: Headers) => statusOf('GET', '/api/public/traces', headers);
const bearer = (token: unknown): Headers => ({ authorization: `Bearer ${token as string}` });

describe('a key', () => {
  it('writes into its project and reads from it, in every form it is sent', async () => {
    const project = await makeProject(server.url);
    const forms = [project.basic, project.bearer, { 'x-api-key': project.secretKey }];
    for (const [i, headers] of forms.entries()) {
      const id = `trace-${i}`;
      expect(await statusOf('POST', BATCH, headers, { trace: { id, name: 'of the project' } })).toBe(200);
      expect((await call('GET', `/api/public/traces/${id}`, headers)).json).toMatchObject({ projectId: project.id });
      expect(await statusOf('GET', `/api/public/traces/${id}`, BEARER)).toBe(404);
    }
  });

  it('is refused in any other combination', async () => {
    const [one, other] = [await makeProject(server.url), await makeProject(server.url)];
    const pair = (publicKey: string, secretKey: string) => ({
      authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
    });
    for (const headers of [
      pair(one.publicKey, other.secretKey),
      pair(TEST_PUBLIC_KEY, one.secretKey),
      pair(one.publicKey, TEST_SECRET_KEY),
      pair(one.publicKey, ''),
      pair('', one.secretKey),
      pair(one.secretKey, one.publicKey),
      bearer(`${one.publicKey}:${one.secretKey}`),
      bearer(one.secretKey.toUpperCase()),
    ]) {
      expect(await readWith(headers)).toBe(401);
    }
  });

  it('opens by its public half no more than scores', async () => {
    const project = await makeProject(server.url);
    const denied = 'Access denied - insufficient permissions for this endpoint: it needs a key with the scope';
    for (const headers of [project.publicBearer, bearer(TEST_PUBLIC_KEY)]) {
      for (const [method, path, scope, body] of [
        ['GET', '/api/public/projects', 'read'],
        ['GET', '/api/public/traces/x', 'read'],
        ['POST', '/api/public/model-prices', 'admin', {}],
      ] as const) {
        const refused = { message: `${denied} ${scope}`, error: 'ForbiddenError' };
        expect(await call(method, path, headers, body)).toMatchObject({ status: 403, json: refused });
      }
      expect(await statusOf('POST', BATCH, headers, { trace: { id: 'x' } })).toBe(403);
      expect(await statusOf('POST', OTLP, headers, { resourceSpans: [] })).toBe(403);
    }
  });

  it('opens the gRPC port for its project', async () => {
    const project = await makeProject(server.url);
    const port = /OTLP over gRPC on \S+:(\d+)/.exec(server.stdout())![1];
    const memory = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
    provider.getTracer('t').startSpan('by gRPC').end();
    const spans = memory.getFinishedSpans();
    const send = async (authorization: string): Promise<number> => {
      const metadata = new Metadata();
      metadata.set('authorization', authorization);
      const url = `http://127.0.0.1:${port}`;
      const exporter = new OTLPTraceExporter({ url, metadata, credentials: credentials.createInsecure() });
      const result = await new Promise<{ code: number }>((resolve) => exporter.export(spans, resolve));
      await exporter.shutdown();
      return result.code;
    };
    expect(await send(project.bearer.authorization)).toBe(ExportResultCode.SUCCESS);
    expect(await send(project.publicBearer.authorization)).toBe(ExportResultCode.FAILED);
    const { traceId } = spans[0]!.spanContext();
    expect(await statusOf('GET', `/api/public/traces/${traceId}`, project.bearer)).toBe(200);
    expect(await statusOf('GET', `/api/public/traces/${traceId}`, BEARER)).toBe(404);
  });

  it('is shown once, and is in no log, no list and no table', async () => {
    const project = await makeProject(server.url);
    const rotated = await call('POST', `${keysOf(project)}/${project.keyId}/rotate`, BEARER, { overlapSeconds: 60 });
    await readWith(project.bearer);
    await readWith(bearer(rotated.json.secretKey));
    const listed = JSON.stringify((await call('GET', keysOf(project), BEARER)).json);
    const deliveries = JSON.stringify((await call('GET', '/api/internal/deliveries', project.bearer)).json);
    const rows = await queryEmbedded<{ text: string }>(server.dataDir, 'SELECT k::text AS text FROM api_keys k');
    const everything = [listed, deliveries, server.stdout(), server.stderr(), ...rows.map(({ text }) => text)].join();
    expect(everything).toContain(project.publicKey);
    for (const secret of [project.secretKey, rotated.json.secretKey as string]) {
      expect(everything).not.toContain(secret.slice(6, -4));
      expect(everything).not.toContain(Buffer.from(secret).toString('hex'));
    }
  });

  it('stops when it is revoked, and when it has been rotated without an overlap', async () => {
    const project = await makeProject(server.url);
    const rotate = (id: unknown, overlapSeconds: number) =>
      call('POST', `${keysOf(project)}/${id as string}/rotate`, BEARER, { overlapSeconds });
    const second = await rotate(project.keyId, 3600);
    expect(second.status).toBe(201);
    expect([await readWith(project.bearer), await readWith(bearer(second.json.secretKey))]).toEqual([200, 200]);
    const third = await rotate(second.json.id, 0);
    expect([await readWith(bearer(second.json.secretKey)), await readWith(bearer(third.json.secretKey))]).toEqual([
      ...[401, 200],
    ]);
    expect(await statusOf('DELETE', `${keysOf(project)}/${project.keyId}`, BEARER)).toBe(200);
    expect(await readWith(project.bearer)).toBe(401);
    expect(await statusOf('DELETE', `${keysOf(project)}/${project.keyId}`, BEARER)).toBe(404);
    expect(
      await statusOf('DELETE', `${keysOf(project)}/${third.json.id as string}`, bearer(third.json.secretKey)),
    ).toBe(200);
  });

  it('says when it was last used', async () => {
    const project = await makeProject(server.url);
    expect(await readWith(project.basic)).toBe(200);
    const lastUsedAt = await waitFor(async () => {
      const { json } = await call('GET', keysOf(project), BEARER);
      return (json.apiKeys as { lastUsedAt: string | null }[])[0]!.lastUsedAt;
    });
    expect(Math.abs(Date.parse(lastUsedAt) - Date.now())).toBeLessThan(60_000);
  });

  it('may be one that clients have from another server', async () => {
    const project = await makeProject(server.url);
    const pair = { publicKey: 'pk-lf-1234567890', secretKey: 'sk-lf-1234567890' };
    expect(await statusOf('POST', keysOf(project), project.bearer, { ...pair, note: 'as before' })).toBe(201);
    const kept = { authorization: `Basic ${Buffer.from('pk-lf-1234567890:sk-lf-1234567890').toString('base64')}` };
    expect((await call('GET', '/api/public/projects', kept)).json).toMatchObject({ data: [{ id: project.id }] });
    expect(await call('POST', keysOf(project), BEARER, pair)).toMatchObject({
      status: 409,
      json: { error: 'LangfuseConflictError' },
    });
  });

  it('may administer its project without being an operator', async () => {
    const project = await makeProject(server.url, { scopes: ['admin'] });
    const made = await call('POST', keysOf(project), project.bearer, { scopes: ['read'] });
    expect(await readWith(bearer(made.json.secretKey))).toBe(200);
    expect(await readWith(project.bearer)).toBe(403);
    expect(await statusOf('POST', keysOf({ id: 'default' }), project.bearer, {})).toBe(404);
    expect(await statusOf('POST', '/api/public/projects', project.bearer, { name: 'x' })).toBe(403);
    expect(await statusOf('DELETE', `/api/public/projects/${project.id}`, project.bearer)).toBe(403);
    expect(await statusOf('POST', keysOf(project), bearer(made.json.secretKey), {})).toBe(403);
  });
});

describe('a project', () => {
  it('is made, seen, renamed and deleted', async () => {
    const made = await call('POST', '/api/public/projects', BEARER, {
      name: 'Search',
      id: 'search',
      metadata: { a: 1 },
    });
    expect(made).toMatchObject({
      status: 201,
      json: {
        ...{ id: 'search', name: 'Search', metadata: { a: 1 }, retentionDays: 90 },
        organization: { id: 'xtrace', name: 'xtrace' },
      },
    });
    expect(await statusOf('POST', '/api/public/projects', BEARER, { name: 'Other', id: 'search' })).toBe(409);
    const key = await call('POST', keysOf({ id: 'search' }), BEARER, { scopes: ['read', 'ingest'] });
    const headers = bearer(key.json.secretKey);
    await call('POST', BATCH, headers, { trace: { id: 'kept' } });
    await call('PUT', '/api/public/projects/search', BEARER, { name: 'Find' });
    const { json } = await call('GET', '/api/public/projects', headers);
    expect(json).toMatchObject({ data: [{ ...made.json, name: 'Find', updatedAt: expect.any(String) }] });
    const all = await call('GET', '/api/public/organizations/projects', BEARER);
    expect(all.json).toMatchObject({ projects: expect.arrayContaining([expect.objectContaining({ name: 'Find' })]) });

    expect(await statusOf('DELETE', '/api/public/projects/search', BEARER)).toBe(202);
    expect(await readWith(headers)).toBe(401);
    expect(await statusOf('GET', keysOf({ id: 'search' }), BEARER)).toBe(404);
    expect(await statusOf('DELETE', '/api/public/projects/search', BEARER)).toBe(404);
    // What comes in under the same id has nothing of the one before.
    const again = await makeProject(server.url, { id: 'search' });
    expect(await statusOf('GET', '/api/public/traces/kept', again.bearer)).toBe(404);
  });

  it('of the settings cannot be deleted', async () => {
    const { status, json } = await call('DELETE', '/api/public/projects/default', BEARER);
    expect([status, json.message]).toEqual([409, expect.stringContaining('DEFAULT_PROJECT_ID')]);
  });

  it('says what is wrong with a request, and does nothing', async () => {
    const project = await makeProject(server.url);
    for (const [path, body, name] of [
      ['/api/public/projects', { name: '' }, 'name'],
      ['/api/public/projects', { name: 'x', retention: 30 }, 'retention'],
      ['/api/public/projects', [], 'body'],
      [keysOf(project), { scopes: ['everything'] }, 'scopes'],
      [keysOf(project), { publicKey: 'pk' }, 'secretKey'],
      [`${keysOf(project)}/${project.keyId}/rotate`, { overlapSeconds: -1 }, 'overlapSeconds'],
    ] as const) {
      const answer = await call('POST', path, BEARER, body);
      expect([path, answer]).toEqual([
        path,
        { status: 400, json: expect.objectContaining({ error: 'InvalidRequestError' }) },
      ]);
      expect(answer.json.message).toContain(name);
    }
    expect(((await call('GET', keysOf(project), BEARER)).json.apiKeys as object[]).length).toBe(1);
    for (const id of ['nobody', '%00', '%ED%A0%80', "' OR 1=1 --"]) {
      expect([400, 404]).toContain(await statusOf('GET', `/api/public/projects/${id}/apiKeys`, BEARER));
    }
  });
});

describe('Langfuse’s client', () => {
  const client = (username: string, password: string) =>
    new LangfuseAPIClient({ environment: '', baseUrl: server.url, username, password });

  it('makes projects and keys, lists and deletes them', async () => {
    const { projects, organizations } = client(TEST_PUBLIC_KEY, TEST_SECRET_KEY);
    const { id } = await projects.create({ name: 'by the client', retention: 0, metadata: { a: 1 } });
    expect(await projects.update(id, { name: 'renamed' })).toMatchObject({ id, name: 'renamed', metadata: { a: 1 } });
    const made = await projects.createApiKey(id, { note: 'CI' });
    expect(made).toMatchObject({ publicKey: expect.stringMatching(/^pk-/), note: 'CI' });
    const { apiKeys } = await projects.getApiKeys(id);
    expect(apiKeys).toMatchObject([
      { id: made.id, publicKey: made.publicKey, displaySecretKey: made.displaySecretKey },
    ]);
    expect(await organizations.getOrganizationProjects()).toMatchObject({
      projects: expect.arrayContaining([expect.objectContaining({ id, name: 'renamed' })]),
    });

    const own = client(made.publicKey, made.secretKey).projects;
    expect(await own.get()).toMatchObject({ data: [{ id, organization: { name: 'xtrace' } }] });
    expect(await projects.deleteApiKey(id, made.id)).toEqual({ success: true });
    await expect(own.get()).rejects.toMatchObject({ statusCode: 401 });
    expect(await projects.delete(id)).toMatchObject({ success: true });
    await expect(projects.getApiKeys(id)).rejects.toMatchObject({ statusCode: 404 });
  });
});
