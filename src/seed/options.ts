import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../config/config.js';
import { keptCredentials } from '../config/credentials.js';
import { parseIsoTime } from '../domain/time.js';
import { DAY_MS } from './rhythm.js';
import { type SeedOptions } from './seed.js';
import { SeedError } from './seed-error.js';

export const USAGE = `Usage: npm run seed -- [options]

Fills a running xtrace with a believable week of data, through its public API.

  --url URL      server to write to; default: where BIND_ADDR says
  --token TOKEN  its API token; default: API_BEARER_TOKEN, else what the server keeps in XTRACE_DATA_DIR
  --days N       length of the time to fill, 1 to 90 days; default 7
  --scale X      how much of it: 1 is about 4,000 traces a week; 0.01 to 100
  --seed TEXT    another text gives other data; default "xtrace"
  --now TIME     end of the time to fill, ISO 8601 with a zone; default: this moment
  --help         show this text`;

const MAX_DAYS = 90;
const MIN_SCALE = 0.01;
const MAX_SCALE = 100;

type SettingsSource = () => Pick<Config, 'bearerToken' | 'bindHost' | 'bindPort' | 'dataDir'>;

/**
 * Reads a command line; undefined when it asks for help. Settings are only read for what it leaves open.
 * @throws SeedError naming the option.
 */
export function readOptions(
  args: readonly string[],
  nowMs: number,
  readSettings: SettingsSource = readConfig,
): SeedOptions | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  const settings = values.url === undefined || values.token === undefined ? readSettings() : undefined;
  return {
    url: values.url === undefined ? urlOf(settings!) : readUrl(values.url),
    token: values.token ?? tokenOf(settings!),
    seed: values.seed ?? 'xtrace',
    nowMs: values.now === undefined ? nowMs : readNow(values.now, nowMs),
    days: readNumber('--days', values.days ?? '7', 1, MAX_DAYS, /^\d+$/),
    scale: readNumber('--scale', values.scale ?? '1', MIN_SCALE, MAX_SCALE, /^\d+(\.\d+)?$/),
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    url: text,
    token: text,
    days: text,
    scale: text,
    seed: text,
    now: text,
    help: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new SeedError(`${(error as Error).message.split('. ')[0]}; --help lists the options`);
  }
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SeedError(`--url is ${JSON.stringify(text)}, expected an address such as http://127.0.0.1:8742`);
  }
  return url.href.replace(/\/+$/, '');
}

function readNow(text: string, nowMs: number): number {
  const micros = parseIsoTime(text);
  if (micros === undefined) {
    throw new SeedError(`--now is ${JSON.stringify(text)}, expected a time with a zone such as 2026-01-31T09:30:00Z`);
  }
  const timeMs = Math.floor(micros / 1000);
  // The server would move times further ahead.
  if (timeMs > nowMs + DAY_MS) throw new SeedError('--now is more than a day ahead');
  return timeMs;
}

function readNumber(option: string, text: string, min: number, max: number, form: RegExp): number {
  const value = form.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new SeedError(`${option} is ${JSON.stringify(text)}, expected a number from ${min} to ${max}`);
  }
  return value;
}

function urlOf({ bindHost, bindPort }: ReturnType<SettingsSource>): string {
  if (bindPort === 0) throw new SeedError('BIND_ADDR leaves the port open: say where the server is with --url');
  if (bindHost === '0.0.0.0' || bindHost === '::') return `http://localhost:${bindPort}`;
  return `http://${bindHost.includes(':') ? `[${bindHost}]` : bindHost}:${bindPort}`;
}

function tokenOf({ bearerToken, dataDir }: ReturnType<SettingsSource>): string {
  const token = bearerToken ?? keptCredentials(dataDir)?.bearerToken;
  if (token !== undefined) return token;
  throw new SeedError(`no token: none is kept in ${dataDir}. Give it with --token or API_BEARER_TOKEN`);
}
