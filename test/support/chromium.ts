import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian, Ubuntu, Fedora, Google's packages and macOS put it. */
const PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The browser to test with: XTRACE_TEST_CHROMIUM, else an installed one; undefined when there is none. Nothing is downloaded. */
export function findChromium(): string | undefined {
  return process.env.XTRACE_TEST_CHROMIUM || PATHS.find((path) => existsSync(path));
}

/** A headless browser; the caller closes it. */
export function startChromium(executablePath: string): Promise<Browser> {
  // Chromium refuses its sandbox to root, and containers have a small /dev/shm.
  const args = [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'];
  return chromium.launch({ executablePath, args });
}
