import { type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { findChromium, startChromium } from '../support/chromium.js';
import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY, TEST_TOKEN } from '../support/server-process.js';
import { startE2eServer } from './support/api.js';

jest.setTimeout(120_000);

const executablePath = findChromium();
if (executablePath === undefined) {
  console.warn(
    'NOT TESTED: the pages in a browser. No Chromium was found; install one (apt-get install chromium), or name it in ' +
      'XTRACE_TEST_CHROMIUM.',
  );
}

/** In this order: what the first writes, the examples of the others ask for. */
const WRITES = [
  ...['POST /v1/l/batch', 'POST /v1/traces', 'POST /api/public/otel/v1/traces'],
  ...['POST /v1/metrics/batch', 'POST /v1/metrics', 'POST /api/public/otel/v1/metrics'],
];
const READS = [
  'GET /api/public/traces',
  'GET /api/public/traces/{traceId}',
  'GET /api/public/sessions',
  'GET /api/public/sessions/{sessionId}',
  'GET /api/public/metrics/query',
  'GET /api/public/metrics/names',
  'GET /api/public/metrics/exemplars',
  'GET /api/public/projects',
  'GET /api/internal/rate_limit_stats',
  'GET /healthz',
  'GET /readyz',
];

/** What the page shows after a route was executed. */
interface Shown {
  readonly status: string;
  readonly body: string;
}

/** The page at /docs, used as a person does. */
class DocsPage {
  constructor(readonly page: Page) {}

  operation(route: string): Locator {
    const [method = '', path = ''] = route.split(' ');
    return this.page.locator(`.opblock-${method.toLowerCase()}`).filter({
      has: this.page.locator(`.opblock-summary-path[data-path="${path}"]`),
    });
  }

  /** Fills in one of the two forms behind "Authorize". */
  async authorize(scheme: 'bearer' | 'basic', fields: Readonly<Record<string, string>>): Promise<void> {
    await this.page.locator('.auth-wrapper .btn.authorize').click();
    const dialog = this.page.locator('.dialog-ux');
    const form = dialog.locator('.auth-container').filter({ has: this.page.locator('h4', { hasText: scheme }) });
    for (const [label, value] of Object.entries(fields)) await form.locator(`[aria-label="${label}"]`).fill(value);
    await form.getByRole('button', { name: 'Apply credentials' }).click();
    await dialog.locator('.close-modal').click();
  }

  /** Opens a route, presses "Try it out" and "Execute" with the examples as they stand, and closes it again. */
  async execute(route: string): Promise<Shown> {
    const operation = this.operation(route);
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('.try-out__btn').click();
    await operation.locator('.btn.execute').click();
    const live = operation.locator('.live-responses-table');
    const status = (await live.locator('tbody .response-col_status').first().innerText()).trim();
    const body = await live.locator('.response-col_description .highlight-code').first().innerText();
    await operation.locator('.opblock-summary-control').click();
    return { status: status.split(/\s/, 1)[0]!, body };
  }
}

(executablePath === undefined ? describe.skip : describe)('the page at /docs in a browser', () => {
  let server: RunningServer;
  let browser: Browser;
  let context: BrowserContext;
  const faults: string[] = [];

  beforeAll(async () => {
    [server, browser] = await Promise.all([startE2eServer(), startChromium(executablePath!)]);
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  /** The page as a browser sees it that was never here before. */
  async function open(): Promise<DocsPage> {
    context = await browser.newContext();
    const page = await context.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== server.url) faults.push(`asked ${request.url()}`);
    });
    // The address without a path leads there.
    await page.goto(server.url);
    await page.waitForSelector('.opblock');
    return new DocsPage(page);
  }
  afterEach(async () => {
    expect(faults.splice(0)).toEqual([]);
    await context.close();
  });

  it('shows every route, says why it refuses one, and with the token executes them with examples that fit together', async () => {
    const docs = await open();
    expect(docs.page.url()).toMatch(/\/docs$/);
    const document = (await (await fetch(`${server.url}/docs/openapi.json`)).json()) as { paths: object };
    const count = Object.values(document.paths).flatMap((methods: object) => Object.keys(methods)).length;
    expect(await docs.page.locator('.opblock').count()).toBe(count);
    for (const route of [...WRITES, ...READS]) expect([route, await docs.operation(route).count()]).toEqual([route, 1]);

    const refused = await docs.execute('GET /api/public/metrics/daily');
    expect(refused.status).toBe('401');
    expect(refused.body).toContain('No authorization header');

    await docs.authorize('bearer', { 'auth-bearer-value': TEST_TOKEN });
    const bodies = new Map<string, string>();
    for (const route of [...WRITES, ...READS]) {
      const { status, body } = await docs.execute(route);
      expect([route, status]).toEqual([route, '200']);
      bodies.set(route, body);
    }
    // The examples of the reads ask for what the examples of the writes have written.
    expect(bodies.get('GET /api/public/traces')).toContain('conversation-8c1d');
    expect(bodies.get('GET /api/public/traces/{traceId}')).toContain('chat.generation');
    expect(bodies.get('GET /api/public/sessions/{sessionId}')).toContain('chat.turn');
    expect(bodies.get('GET /api/public/metrics/names')).toContain('gpu_utilization');
    expect(bodies.get('GET /api/public/metrics/exemplars')).toContain('5b8efff798038103d269b633813fc60c');
  });

  it('with the key pair writes and reads as well', async () => {
    const docs = await open();
    await docs.authorize('basic', { 'auth-basic-username': TEST_PUBLIC_KEY, 'auth-basic-password': TEST_SECRET_KEY });
    for (const route of ['POST /v1/l/batch', 'GET /api/public/traces/{traceId}', 'GET /api/public/projects']) {
      const { status } = await docs.execute(route);
      expect([route, status]).toEqual([route, '200']);
    }
  });
});
