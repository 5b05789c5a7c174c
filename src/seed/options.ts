import { type Config, readConfig } from '../config/config.js';
import { keptCredentials } from '../config/credentials.js';
import { parseIsoTime } from '../domain/time.js';
import { DAY_MS } from './rhythm.js';
import { type SeedOptions } from './seed.js';
import { SeedError, SeedOptionError } from './seed-error.js';

/** What a command line says, as it stands there. */
export interface SeedCommandOptions {
  readonly url?: string;
  readonly token?: string;
  readonly days?: string;
  readonly scale?: string;
  readonly seed?: string;
  readonly now?: string;
}

/** Servers keep points of time series for 30 days unless they are told otherwise, and refuse older ones. */
const MAX_DAYS = 28;
const MIN_SCALE = 0.01;
const MAX_SCALE = 100;

type SettingsSource = () => Pick<Config, 'bearerToken' | 'bindHost' | 'bindPort' | 'dataDir'>;

/**
 * Settings are only read for what the command line leaves open.
 * @throws SeedOptionError naming the option, and SeedError where the settings leave something open.
 */
export function readOptions(
  values: SeedCommandOptions,
  nowMs: number,
  readSettings: SettingsSource = readConfig,
): SeedOptions {
  // What stands on the command line comes first: it is wrong whatever the settings say.
  const stated = {
    url: values.url === undefined ? undefined : readUrl(values.url),
    seed: values.seed ?? 'xtrace',
    nowMs: values.now === undefined ? nowMs : readNow(values.now, nowMs),
    days: readNumber('--days', values.days ?? '7', 1, MAX_DAYS, /^\d+$/),
    scale: readNumber('--scale', values.scale ?? '1', MIN_SCALE, MAX_SCALE, /^\d+(\.\d+)?$/),
  };
  const settings = values.url === undefined || values.token === undefined ? readSettings() : undefined;
  return { ...stated, url: stated.url ?? urlOf(settings!), token: values.token ?? tokenOf(settings!) };
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SeedOptionError(`--url is ${JSON.stringify(text)}, expected an address such as http://127.0.0.1:8742`);
  }
  return url.href.replace(/\/+$/, '');
}

function readNow(text: string, nowMs: number): number {
  const micros = parseIsoTime(text);
  if (micros === undefined) {
    throw new SeedOptionError(
      `--now is ${JSON.stringify(text)}, expected a time with a zone such as 2026-01-31T09:30:00Z`,
    );
  }
  const timeMs = Math.floor(micros / 1000);
  // The server would move times further ahead.
  if (timeMs > nowMs + DAY_MS) throw new SeedOptionError('--now is more than a day ahead');
  return timeMs;
}

function readNumber(option: string, text: string, min: number, max: number, form: RegExp): number {
  const value = form.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new SeedOptionError(`${option} is ${JSON.stringify(text)}, expected a number from ${min} to ${max}`);
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
