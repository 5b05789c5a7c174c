/**
 * `npm run pictures`: makes the pictures of ops/docs again, from the built server and an installed Chromium. Run it after
 * the page has changed, and look at what came out.
 */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { findChromium, startChromium } from '../test/support/chromium.js';
import { PROJECT_ROOT, startServer, TEST_TOKEN } from '../test/support/server-process.js';

const FOLDER = join(PROJECT_ROOT, 'ops/docs/pictures');
const SIZE = { width: 1280, height: 860 };
const QUALITY = 0.82;

/** Playwright writes PNG, several times the size; the browser itself can encode WebP. */
async function save(page: Page, name: string): Promise<void> {
  const png = (await page.screenshot()).toString('base64');
  // As text: this project has no DOM in its types.
  const url = await page.evaluate<string>(`(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${png}';
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', ${QUALITY});
  })()`);
  const path = join(FOLDER, `${name}.webp`);
  writeFileSync(path, Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'));
  console.log(`${path}: ${statSync(path).size} bytes`);
}

async function main(): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('no Chromium was found: install one, or set XTRACE_TEST_CHROMIUM');
  const [server, browser] = await Promise.all([startServer(), startChromium(executablePath)]);
  try {
    const page = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 1 });
    await page.goto(server.url);
    await page.waitForSelector('.opblock');
    await save(page, 'docs');

    await page.locator('.auth-wrapper .btn.authorize').click();
    await page.locator('[aria-label="auth-bearer-value"]').fill(TEST_TOKEN);
    await page.getByRole('button', { name: 'Apply credentials' }).first().click();
    await page.locator('.dialog-ux .close-modal').click();
    for (const [method, path] of [
      ['post', '/v1/l/batch'],
      ['get', '/api/public/traces/{traceId}'],
    ] as const) {
      const operation = page.locator(`.opblock-${method}`).filter({
        has: page.locator(`.opblock-summary-path[data-path="${path}"]`),
      });
      await operation.locator('.opblock-summary-control').click();
      await operation.locator('.try-out__btn').click();
      await operation.locator('.btn.execute').click();
      await operation.locator('.live-responses-table .highlight-code').first().waitFor();
      if (method === 'get') {
        await page.evaluate(`document.querySelector('.opblock.is-open .parameters-container').scrollIntoView()`);
        await save(page, 'docs-try-it-out');
      } else {
        await operation.locator('.opblock-summary-control').click();
      }
    }
  } finally {
    await browser.close();
    await server.stop();
  }
}

await main();
