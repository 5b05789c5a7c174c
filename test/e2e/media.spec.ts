import { LangfuseClient, LangfuseMedia } from '@langfuse/client';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { startObservation } from '@langfuse/tracing';
import { context, trace as tracing } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY } from '../support/server-process.js';
import { makeProject, type TestProject } from '../support/projects.js';
import { type Answer, Api, BEARER, type JsonObject, startE2eServer, uniqueId } from './support/api.js';

jest.setTimeout(60_000);

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');
const idOf = (bytes: Buffer): string => hashOf(bytes).replaceAll('+', '-').replaceAll('/', '_').slice(0, 22);

function announcement(bytes: Buffer, fields: JsonObject = {}): JsonObject {
  return {
    ...{ traceId: 'a-trace', observationId: null, field: 'input', contentType: 'image/png' },
    ...{ contentLength: bytes.length, sha256Hash: hashOf(bytes), ...fields },
  };
}

describe('files in traces', () => {
  let server: RunningServer;
  let api: Api;
  let other: TestProject;

  beforeAll(async () => {
    server = await startE2eServer({ env: { MEDIA_MAX_BYTES: '30000000', MEDIA_EXTRACT_BASE64: 'on' } });
    api = new Api(server.url);
    other = await makeProject(server.url);
  });
  afterAll(() => server.stop());

  const announce = (body: JsonObject, headers: Record<string, string> = BEARER): Promise<Answer> =>
    api.post('/api/public/media', JSON.stringify(body), { ...headers, 'content-type': 'application/json' });

  /** Announces `bytes` and gives where they go. */
  async function uploadUrl(bytes: Buffer, fields: JsonObject = {}): Promise<string> {
    const answer = await announce(announcement(bytes, fields));
    expect(answer.status).toBe(201);
    return answer.json()['uploadUrl'] as string;
  }

  const put = (url: string, body: Buffer, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url, { method: 'PUT', body, headers: { 'content-type': 'image/png', ...headers } });

  async function store(bytes: Buffer, contentType = 'image/png'): Promise<string> {
    const url = await uploadUrl(bytes, { contentType });
    expect((await put(url, bytes, { 'content-type': contentType })).status).toBe(200);
    return (await api.read(`/api/public/media/${idOf(bytes)}`))['url'] as string;
  }

  describe('as the SDK of Langfuse sends them', () => {
    it('leave the trace before it is exported, and come back by their references', async () => {
      const keys = { publicKey: TEST_PUBLIC_KEY, secretKey: TEST_SECRET_KEY, baseUrl: server.url };
      const processor = new LangfuseSpanProcessor(keys);
      const sdk = new NodeSDK({ spanProcessors: [processor], autoDetectResources: false });
      sdk.start();
      const uri = `data:image/png;base64,${PNG.toString('base64')}`;
      const root = startObservation('look', {
        input: { question: 'what is this?', image: uri },
        metadata: { file: new LangfuseMedia({ source: 'bytes', contentBytes: PNG, contentType: 'image/png' }) },
      });
      root.end();
      await processor.forceFlush();
      await sdk.shutdown();
      tracing.disable();
      context.disable();

      const [observation] = (await api.trace(root.traceId)).observations;
      const tag = `@@@langfuseMedia:type=image/png|id=${idOf(PNG)}|source=base64_data_uri@@@`;
      expect(observation!.input).toEqual({ question: 'what is this?', image: tag });
      expect(await api.read(`/api/public/media/${idOf(PNG)}`)).toEqual({
        mediaId: idOf(PNG),
        contentType: 'image/png',
        contentLength: PNG.length,
        uploadedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        url: expect.stringContaining(server.url) as string,
        urlExpiry: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      });

      const client = new LangfuseClient(keys);
      const resolved = await client.media.resolveReferences({ obj: observation!.input, resolveWith: 'base64DataUri' });
      expect(resolved).toEqual({ question: 'what is this?', image: uri });
    });
  });

  describe('an upload', () => {
    it('is not asked for twice, of whatever trace the file is', async () => {
      const bytes = randomBytes(1000);
      await store(bytes);
      const again = await announce(announcement(bytes, { traceId: 'another', observationId: 'o', field: 'output' }));
      expect([again.status, again.json()]).toEqual([201, { mediaId: idOf(bytes), uploadUrl: null }]);
    });

    it.each<[string, (bytes: Buffer) => Buffer, Record<string, string>]>([
      ['other bytes', (bytes) => randomBytes(bytes.length), {}],
      ['too few bytes', (bytes) => bytes.subarray(1), {}],
      ['another checksum', (bytes) => bytes, { 'x-amz-checksum-sha256': hashOf(Buffer.of(1)) }],
      ['another type', (bytes) => bytes, { 'content-type': 'text/html' }],
    ])('of %s is refused, and nothing is stored', async (_, change, headers) => {
      const bytes = randomBytes(400_000);
      const url = await uploadUrl(bytes);
      const answer = await put(url, change(bytes), headers);
      expect([answer.status, ((await answer.json()) as JsonObject)['error']]).toEqual([400, 'InvalidRequestError']);
      const { status, text } = await api.get(`/api/public/media/${idOf(bytes)}`);
      expect([status, text]).toEqual([404, expect.stringContaining('Media not yet uploaded')]);
      expect((await put(url, bytes)).status).toBe(200);
      expect((await put(url, bytes)).status).toBe(200);
    });

    it('of more than was announced ends at the first byte too many', async () => {
      const bytes = randomBytes(10_000);
      const { pathname, search, port } = new URL(await uploadUrl(bytes));
      const status = await new Promise((resolve, reject) => {
        const sending = request({ port, path: pathname + search, method: 'PUT' }, (answer) => {
          resolve(answer.statusCode);
          sending.destroy();
        });
        sending.on('error', reject);
        // Without an end: the answer does not wait for one.
        sending.write(Buffer.concat([bytes, bytes]));
      });
      expect(status).toBe(413);
    });

    it('takes 20 MB, and no byte more than the setting allows', async () => {
      const bytes = randomBytes(20_000_000);
      const read = await fetch(await store(bytes));
      expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
      const larger = await announce(announcement(bytes, { contentLength: 30_000_001 }));
      expect([larger.status, larger.json()]).toMatchObject([
        413,
        { message: expect.stringContaining('MEDIA_MAX_BYTES') as string },
      ]);
    });

    it.each([
      ['project', 'default2'],
      ['signature', 'x'],
      ['expires', '1'],
      ['length', '5'],
    ])('needs its link as it was given: not with another %s', async (name, value) => {
      const bytes = randomBytes(10);
      const url = new URL(await uploadUrl(bytes));
      url.searchParams.set(name, value);
      expect((await put(String(url), bytes)).status).toBe(403);
    });

    it('that failed is told to whoever asks for the file', async () => {
      const bytes = randomBytes(10);
      await uploadUrl(bytes);
      const path = `/api/public/media/${idOf(bytes)}`;
      const report = (body: JsonObject) =>
        fetch(server.url + path, {
          method: 'PATCH',
          headers: { ...BEARER, 'content-type': 'application/json' },
          body: JSON.stringify({ uploadedAt: new Date().toISOString(), uploadTimeMs: 1, ...body }),
        });
      const answer = await report({ uploadHttpStatus: 403, uploadHttpError: 'proxy says no' });
      expect([answer.status, await answer.json()]).toEqual([200, { message: 'OK' }]);
      expect((await api.get(path)).text).toContain('the client reports 403: proxy says no');
      // What a client says does not make a file.
      expect((await report({ uploadHttpStatus: 200 })).status).toBe(200);
      expect((await api.get(path)).status).toBe(404);
    });
  });

  describe('a file', () => {
    it('is read by its link alone, whole, in part or not again', async () => {
      const bytes = randomBytes(300_000);
      const url = await store(bytes);
      const whole = await fetch(url);
      expect(Object.fromEntries(whole.headers)).toMatchObject({
        'content-type': 'image/png',
        'content-length': '300000',
        'x-content-type-options': 'nosniff',
        'content-disposition': `inline; filename="${idOf(bytes)}"`,
        'content-security-policy': "sandbox; default-src 'none'",
        'cache-control': expect.stringMatching(/^private, max-age=3\d\d\d, immutable$/) as string,
        etag: `"${idOf(bytes)}"`,
      });
      expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
      const part = await fetch(url, { headers: { range: 'bytes=262143-262150' } });
      expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 262143-262150/300000']);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(262_143, 262_151))).toBe(true);
      expect((await fetch(url, { headers: { range: 'bytes=300000-' } })).status).toBe(416);
      expect((await fetch(url, { headers: { 'if-none-match': `"${idOf(bytes)}"` } })).status).toBe(304);
    });

    it.each(['text/html', 'image/svg+xml'])('of %s is saved, not shown', async (type) => {
      const bytes = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert('${type}')"/>`);
      const answer = await fetch(await store(bytes, type));
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment;/);
      expect(answer.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
      expect(answer.headers.get('content-type')).toBe(type);
    });

    it('of one project is not there for another one', async () => {
      const bytes = randomBytes(100);
      const url = new URL(await store(bytes));
      const path = `/api/public/media/${idOf(bytes)}`;
      expect((await api.get(path, other.bearer)).status).toBe(404);
      const patched = await fetch(server.url + path, {
        method: 'PATCH',
        headers: { ...other.bearer, 'content-type': 'application/json' },
        body: JSON.stringify({ uploadHttpStatus: 500 }),
      });
      expect(patched.status).toBe(404);
      // The same file is asked for again there: that it exists elsewhere does not show.
      expect((await announce(announcement(bytes), other.bearer)).json()['uploadUrl']).toEqual(expect.any(String));
      url.searchParams.set('project', other.id);
      expect((await fetch(url)).status).toBe(403);
    });

    it('has a link to the address that the client used', async () => {
      const { port } = new URL(server.url);
      const named = new Api(`http://localhost:${port}`);
      const bytes = randomBytes(10);
      const answer = await named.postJson('/api/public/media', announcement(bytes));
      expect(answer.json()['uploadUrl']).toMatch(new RegExp(`^http://localhost:${port}/api/public/media/`));
    });
  });

  it('of dataset items stand beside them on every route that shows them, with links to their bytes', async () => {
    const bytes = randomBytes(500);
    await store(bytes);
    const tag = `@@@langfuseMedia:type=image/png|id=${idOf(bytes)}|source=bytes@@@`;
    await api.write('/api/public/v2/datasets', { name: 'with files' });
    await api.write('/api/public/dataset-items', { datasetName: 'with files', id: 'pictured', input: { image: tag } });
    const found = [
      await api.read('/api/public/dataset-items/pictured'),
      ((await api.read('/api/public/dataset-items?datasetName=with%20files'))['data'] as JsonObject[])[0]!,
      ((await api.read('/api/public/datasets/with%20files'))['items'] as JsonObject[])[0]!,
    ];
    for (const { mediaReferences } of found) {
      const [reference, ...others] = mediaReferences as { media: { url: string } }[];
      expect([reference, others]).toMatchObject([
        { field: 'input', referenceString: tag, media: { mediaId: idOf(bytes), contentType: 'image/png' } },
        [],
      ]);
      expect(Buffer.from(await (await fetch(reference!.media.url)).arrayBuffer()).equals(bytes)).toBe(true);
    }
  });

  it('move out of what is written by any door, and are there with it', async () => {
    const picture = randomBytes(500);
    const uri = `data:image/png;base64,${picture.toString('base64')}`;
    const tag = `@@@langfuseMedia:type=image/png|id=${idOf(picture)}|source=base64_data_uri@@@`;
    const id = uniqueId('with-media');
    await api.write('/v1/l/batch', {
      trace: { id, name: 'x', output: [uri] },
      observations: [{ id: `${id}-o`, traceId: id, type: 'GENERATION', input: { url: uri }, metadata: { icon: uri } }],
    });
    const stored = await api.trace(id);
    expect(stored['output']).toEqual([tag]);
    expect(stored.observations[0]).toMatchObject({ input: { url: tag }, metadata: { icon: tag } });
    const { url } = await api.read(`/api/public/media/${idOf(picture)}`);
    expect(Buffer.from(await (await fetch(url as string)).arrayBuffer()).equals(picture)).toBe(true);
  });
});
