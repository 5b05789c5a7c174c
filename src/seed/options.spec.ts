import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from './options.js';

const NOW_MS = Date.parse('2026-11-20T10:00:00Z');

describe('the command line of the seed', () => {
  let dataDir: string;
  const settings = (changes = {}) => ({
    bindHost: '127.0.0.1',
    bindPort: 8742,
    dataDir,
    bearerToken: undefined,
    ...changes,
  });
  const read = (args: string, changes = {}) => readOptions(valuesOf(args), NOW_MS, () => settings(changes));

  /** `--days 2 --seed x` as the command line's parser gives it. */
  const valuesOf = (args: string) =>
    Object.fromEntries([...args.matchAll(/--(\w+) (\S+)/g)].map(([, name, value]) => [name, value]));

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'xtrace-test-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('fills the last seven days of the server that the settings describe', () => {
    expect(read('', { bearerToken: 'from-settings' })).toEqual({
      url: 'http://127.0.0.1:8742',
      token: 'from-settings',
      seed: 'xtrace',
      nowMs: NOW_MS,
      days: 7,
      scale: 1,
    });
  });

  it('takes the token that a server has generated, and says where it looked when there is none', () => {
    expect(() => read('')).toThrow(new RegExp(`no token: none is kept in ${dataDir}`));
    const secrets = {
      bearerToken: 'kept-token-0123456789',
      publicKey: 'pk-xt-0123456789ab',
      secretKey: 'sk-xt-0123456789ab',
    };
    writeFileSync(join(dataDir, 'credentials.json'), JSON.stringify(secrets));
    expect(read('').token).toBe('kept-token-0123456789');
  });

  it('needs no settings when it is told both address and token', () => {
    const unreadable = () => {
      throw new Error('settings must not be read');
    };
    const args = { url: 'https://xtrace.example.com/', token: 't' };
    expect(readOptions(args, NOW_MS, unreadable)).toMatchObject({ url: 'https://xtrace.example.com', token: 't' });
  });

  it.each([
    [{ bindHost: '0.0.0.0' }, 'http://localhost:8742'],
    [{ bindHost: '::1', bindPort: 80 }, 'http://[::1]:80'],
  ])('finds a server that listens on %j', (changes, url) => {
    expect(read('', { bearerToken: 't', ...changes }).url).toBe(url);
  });

  it('reads the other options', () => {
    const args = '--token t --days 2 --scale 0.05 --seed other --now 2026-11-01T00:00:00+01:00';
    expect(read(args)).toMatchObject({
      days: 2,
      scale: 0.05,
      seed: 'other',
      nowMs: Date.parse('2026-10-31T23:00:00Z'),
    });
  });

  it.each([
    ['--days 0', /--days is "0", expected a number from 1 to 28/],
    ['--days 1.5', /--days/],
    ['--scale many', /--scale/],
    ['--scale 1e9', /--scale/],
    ['--url localhost:8742', /--url is/],
    ['--now yesterday', /--now is "yesterday"/],
    ['--now 2026-11-22T10:00:01Z', /more than a day ahead/],
  ])('refuses %s, naming it', (args, message) => {
    expect(() => read(`--token t ${args}`)).toThrow(message);
  });

  it('cannot guess a port that is left open', () => {
    expect(() => read('--token t', { bindPort: 0 })).toThrow(/--url/);
  });
});
