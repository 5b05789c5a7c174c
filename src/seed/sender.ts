import { SeedError } from './seed-error.js';

/** The server that is written to. */
export interface Target {
  /** Without a path: `http://127.0.0.1:8742`. */
  readonly url: string;
  readonly token: string;
}

/** Of one request, until it is given up. */
const MAX_ATTEMPTS = 8;
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_WAIT_MS = 30_000;
const FIRST_WAIT_MS = 200;
/** Come back later (RFC 9110): what was sent is not at fault. */
const PASSING = new Set([429, 502, 503, 504]);

/** Writes to the public API of a server, again where it asks for that. */
export class Sender {
  requestCount = 0;
  retryCount = 0;

  /** @param wait how to let time pass; tests do not. */
  constructor(
    private readonly target: Target,
    private readonly wait: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  ) {}

  /**
   * Checks that an xtrace server answers and takes the token.
   * @throws SeedError saying what to do about it.
   */
  async checkServer(): Promise<void> {
    const { url } = this.target;
    const answer = await this.request('/api/public/projects').catch((error: unknown) => {
      throw new SeedError(
        `no server answers at ${url} (${reason(error)}): start one with "npm start", or say where it is with --url`,
      );
    });
    const text = await answer.text();
    if (answer.status === 401 || answer.status === 403) throw refusedToken(url);
    if (answer.status !== 200 || !text.startsWith('{"data":[')) {
      throw new SeedError(`what answers at ${url} is no xtrace server (${answer.status} to GET /api/public/projects)`);
    }
  }

  /**
   * Sends JSON until the server has committed all of it.
   * @throws SeedError when it refuses any of it, or does not take it after several attempts.
   */
  async post(path: string, body: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.attempt(path, body);
      if (outcome === 'committed') return;
      if (attempt === MAX_ATTEMPTS) {
        throw new SeedError(`POST ${path} was not taken after ${MAX_ATTEMPTS} attempts: ${outcome.problem}`);
      }
      this.retryCount += 1;
      await this.wait(Math.min(outcome.waitMs ?? FIRST_WAIT_MS * 2 ** (attempt - 1), MAX_WAIT_MS));
    }
  }

  private async attempt(path: string, body: string): Promise<'committed' | { problem: string; waitMs?: number }> {
    let answer: Response;
    let text: string;
    this.requestCount += 1;
    try {
      answer = await this.request(path, body);
      text = await answer.text();
    } catch (error) {
      return { problem: reason(error) };
    }
    const { status } = answer;
    // Only a 200 without a list of refused items says that everything is stored.
    if (status === 200 && !/"rejectedSpans":\s*"?[1-9]/.test(text)) return 'committed';
    if (status === 401 || status === 403) throw refusedToken(this.target.url);
    const problem = `${status} ${text.slice(0, 300)}`;
    if (!PASSING.has(status)) throw new SeedError(`POST ${path} was refused: ${problem}`);
    return { problem, waitMs: retryAfterMs(answer.headers.get('retry-after')) };
  }

  private request(path: string, body?: string): Promise<Response> {
    return fetch(this.target.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${this.target.token}`, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  }
}

function refusedToken(url: string): SeedError {
  return new SeedError(`the server at ${url} does not take this token: give its own with --token or API_BEARER_TOKEN`);
}

/** Seconds or a date (RFC 9110, Retry-After); undefined where it says neither. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** What fetch hides behind "fetch failed". */
function reason(error: unknown): string {
  const { cause, message } = error as Error;
  const { code, message: inner } = (cause ?? {}) as { code?: string; message?: string };
  return code ?? inner ?? message;
}
