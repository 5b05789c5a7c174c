import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type * as Langfuse3 from 'langfuse';
import { type Browser, type Page } from 'playwright-core';
import { findChromium, startChromium } from '../support/chromium.js';
import { PROJECT_ROOT, type RunningServer, TEST_PUBLIC_KEY } from '../support/server-process.js';
import { Api, type JsonObject, startE2eServer, uniqueId } from './support/api.js';

jest.setTimeout(60_000);

const executablePath = findChromium();
if (executablePath === undefined) {
  console.warn(
    'NOT TESTED: scores out of a browser. No Chromium was found; install one (apt-get install chromium), or name it in ' +
      'XTRACE_TEST_CHROMIUM.',
  );
}

/** The packages as they are on npm; a page finds them by its import map, without a bundler. */
const MODULES = ['langfuse/lib/index.mjs', 'langfuse-core/lib/index.mjs', 'mustache/mustache.mjs'];
const IMPORTS = Object.fromEntries(MODULES.map((path) => [path.split('/', 1)[0], `/${path}`]));
const PAGE = `<!doctype html><title>shop</title>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module">import { LangfuseWeb } from 'langfuse'; Object.assign(window, { LangfuseWeb });</script>`;

/** The page of an application, at another origin than the server. */
async function serveApplication(): Promise<Server> {
  const application = createServer((request, response) => {
    const path = request.url!.slice(1);
    const isModule = MODULES.includes(path);
    response.setHeader('content-type', isModule ? 'text/javascript' : 'text/html');
    response.end(isModule ? readFileSync(join(PROJECT_ROOT, 'node_modules', path)) : PAGE);
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  return application;
}

/** What a page is told before it runs something. */
interface Given {
  readonly baseUrl: string;
  readonly publicKey: string;
  readonly traceId: string;
}

(executablePath === undefined ? describe.skip : describe)('scores of the person in front of the browser', () => {
  let application: Server;
  let server: RunningServer;
  let api: Api;
  let browser: Browser;
  let page: Page;
  let given: Given;
  const origin = (host: string) => `http://${host}:${(application.address() as AddressInfo).port}`;

  beforeAll(async () => {
    application = await serveApplication();
    const env = { CORS_ORIGINS: origin('127.0.0.1') };
    [server, browser] = await Promise.all([startE2eServer({ env }), startChromium(executablePath!)]);
    api = new Api(server.url);
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
    application.closeAllConnections();
    await new Promise((resolve) => application.close(resolve));
  });
  beforeEach(async () => {
    page = await browser.newPage();
    await page.goto(origin('127.0.0.1'));
    given = { baseUrl: server.url, publicKey: TEST_PUBLIC_KEY, traceId: uniqueId('seen') };
  });
  afterEach(() => page.close());

  const scores = async () => (await api.get(`/api/public/v2/scores?traceId=${given.traceId}`)).json()['data'];

  /** Runs the SDK in the page; what it reports as failed comes back. */
  const scoreWithLangfuseWeb = (options: Given, ...bodies: JsonObject[]) =>
    page.evaluate(
      async ([{ baseUrl, publicKey, traceId }, sent]) => {
        const { LangfuseWeb } = globalThis as unknown as typeof Langfuse3;
        const client = new LangfuseWeb({ baseUrl, publicKey, fetchRetryCount: 0, sdkIntegration: 'shop' });
        const failures: string[] = [];
        client.on('error', (error: unknown) => failures.push(String(error)));
        for (const body of sent) await client.score({ traceId, ...body } as never);
        return failures;
      },
      [options, bodies] as const,
    );

  it('arrive through LangfuseWeb of langfuse 3, by the public key alone', async () => {
    const failures = await scoreWithLangfuseWeb(
      given,
      { name: 'thumbs', value: 1, comment: 'quick' },
      { name: 'mood', value: 'glad', dataType: 'CATEGORICAL', observationId: 'answer' },
    );
    expect(failures).toEqual([]);
    const stored = (await scores()) as JsonObject[];
    expect(stored).toHaveLength(2);
    expect(stored.find(({ name }) => name === 'thumbs')).toMatchObject({
      ...{ traceId: given.traceId, value: 1, dataType: 'NUMERIC', comment: 'quick', source: 'API' },
    });
    expect(stored.find(({ name }) => name === 'mood')).toMatchObject({
      ...{ traceId: given.traceId, observationId: 'answer', stringValue: 'glad', dataType: 'CATEGORICAL' },
    });
  });

  it('are refused where the key is unknown, which the console of the browser tells', async () => {
    const told: string[] = [];
    page.on('console', (message) => told.push(message.text()));
    await scoreWithLangfuseWeb({ ...given, publicKey: 'pk-lf-nobody' }, { name: 'thumbs', value: 1 });
    expect(told).toContainEqual(expect.stringContaining('401 (Unauthorized)'));
    expect(await scores()).toEqual([]);
  });

  /** The request of `@langfuse/browser` 5 (all its headers make it one with a preflight), and what it asks of the answer. */
  const sendAsLangfuseBrowser = () =>
    page.evaluate(async ({ baseUrl, publicKey, traceId }) => {
      const id = crypto.randomUUID();
      const body = { id: crypto.randomUUID(), traceId, name: 'thumbs', value: 0.97, metadata: { page: 'cart' } };
      const batch = [{ id, type: 'score-create', timestamp: new Date().toISOString(), body }];
      const sdk = { sdk_name: 'javascript', sdk_version: '5.10.1', sdk_integration: 'browser', public_key: publicKey };
      try {
        const response = await fetch(`${baseUrl}/api/public/ingestion`, {
          method: 'POST',
          headers: {
            'Content-Type': 'application/json',
            Authorization: `Bearer ${publicKey}`,
            'X-Langfuse-Public-Key': publicKey,
            'X-Langfuse-Sdk-Name': 'javascript',
            'X-Langfuse-Sdk-Version': '5.10.1',
            'X-Langfuse-Sdk-Variant': 'langfuse-browser',
            'X-Langfuse-Sdk-Integration': 'browser',
          },
          body: JSON.stringify({ batch, metadata: { batch_size: 1, ...sdk } }),
        });
        const { successes, errors } = (await response.json()) as { successes: { id: string }[]; errors: unknown[] };
        return { ok: response.ok, errors, isNamed: successes.some((success) => success.id === id) };
      } catch (error) {
        return String(error);
      }
    }, given);

  it('arrive as @langfuse/browser sends them, and the answer names the event', async () => {
    expect(await sendAsLangfuseBrowser()).toEqual({ ok: true, errors: [], isNamed: true });
    expect(await scores()).toMatchObject([{ name: 'thumbs', value: 0.97, metadata: { page: 'cart' } }]);
  });

  it('do not arrive from an origin that is not in CORS_ORIGINS', async () => {
    await page.goto(origin('localhost'));
    expect(await sendAsLangfuseBrowser()).toBe('TypeError: Failed to fetch');
    expect(await scores()).toEqual([]);
  });

  it('are all that the public key gives a page: it reads nothing', async () => {
    const answer = await page.evaluate(async ({ baseUrl, publicKey }) => {
      const response = await fetch(`${baseUrl}/api/public/traces`, {
        headers: { Authorization: `Bearer ${publicKey}` },
      });
      return [response.status, Object.keys((await response.json()) as object)];
    }, given);
    expect(answer).toEqual([403, expect.arrayContaining(['message', 'error'])]);
  });
});
