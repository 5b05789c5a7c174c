import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CredentialsError, resolveCredentials } from './credentials.js';

describe('credentials', () => {
  let parent: string;
  let dataDir: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'xtrace-credentials-'));
    dataDir = join(parent, 'data');
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it('the first start makes a token and a key pair, and later starts use the same', () => {
    const first = resolveCredentials({ production: false, dataDir });
    expect(first).toMatchObject({ generated: true, firstStart: true, file: join(dataDir, 'credentials.json') });
    expect(Buffer.from(first.bearerToken, 'base64url')).toHaveLength(32);
    expect(first.publicKey).toMatch(/^pk-xt-[\w-]{43}$/);
    expect(first.secretKey).toMatch(/^sk-xt-[\w-]{43}$/);
    expect(resolveCredentials({ production: false, dataDir })).toEqual({ ...first, firstStart: false });
  });

  it('only the owner can read the file, whatever the umask', () => {
    const umask = process.umask(0);
    try {
      const { file } = resolveCredentials({ production: false, dataDir });
      expect(statSync(file).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(umask);
    }
    expect(readdirSync(dataDir)).toEqual(['credentials.json']);
  });

  it('settings win over the file, one by one', () => {
    const generated = resolveCredentials({ production: false, dataDir });
    expect(resolveCredentials({ production: false, dataDir, bearerToken: 'mine' })).toMatchObject({
      bearerToken: 'mine',
      publicKey: generated.publicKey,
      generated: true,
    });
    expect(resolveCredentials({ production: false, dataDir, publicKey: 'pk', secretKey: 'sk' })).toMatchObject({
      bearerToken: generated.bearerToken,
      publicKey: 'pk',
      secretKey: 'sk',
    });
  });

  it('nothing is generated or written when all are set, nor in production', () => {
    const all = { bearerToken: 't', publicKey: 'pk', secretKey: 'sk' };
    expect(resolveCredentials({ production: false, dataDir, ...all })).toMatchObject({ ...all, generated: false });
    const production = resolveCredentials({ production: true, dataDir, bearerToken: 't' });
    expect(production).toMatchObject({ bearerToken: 't', generated: false });
    expect(production.publicKey).toBeUndefined();
    expect(() => resolveCredentials({ production: true, dataDir })).toThrow('API_BEARER_TOKEN');
    expect(existsSync(dataDir)).toBe(false);
  });

  it.each([
    '',
    '{"bearerToken":"abc',
    '[]',
    'null',
    '{"bearerToken":"0123456789abcdef"}',
    '{"bearerToken":"","publicKey":"","secretKey":""}',
  ])('a damaged file (%j) stops the start, is named, and is left as it is', (content) => {
    const { file } = resolveCredentials({ production: false, dataDir });
    chmodSync(file, 0o600);
    writeFileSync(file, content);
    expect(() => resolveCredentials({ production: false, dataDir })).toThrow(CredentialsError);
    expect(() => resolveCredentials({ production: false, dataDir })).toThrow(file);
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  it('a damaged file is not repeated in the error', () => {
    const { file } = resolveCredentials({ production: false, dataDir });
    writeFileSync(file, '{"bearerToken":"geheim"');
    expect(() => resolveCredentials({ production: false, dataDir })).not.toThrow('geheim');
  });
});
