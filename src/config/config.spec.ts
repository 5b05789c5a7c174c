import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, SETTINGS, parseConfig } from './config.js';
import { unknownSettings } from './unknown-settings.js';

const TOKEN = 'a-token-of-sufficient-length';
const PRODUCTION = { NODE_ENV: 'production', DATABASE_URL: 'postgres://u:p@db/x', API_BEARER_TOKEN: TOKEN };

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('an empty environment gives the documented defaults', () => {
    expect(parseConfig({})).toEqual({
      production: false,
      bindHost: '127.0.0.1',
      bindPort: 8742,
      defaultProjectId: 'default',
      dataDir: resolve('.data'),
      allowUnauthenticatedCompat: false,
      maxRequestBodyBytes: 20971520,
      maxInFlightBytes: 67108864,
      writeQueueMaxBytes: 67108864,
      mediaExtractBase64: false,
      mediaMaxBytes: 104_857_600,
      mediaS3PathStyle: true,
      mediaS3Region: 'us-east-1',
      metricsMaxSeries: 100_000,
      otlpMetricsResourceLabels: [
        ...['service.name', 'service.namespace', 'service.instance.id'],
        ...['deployment.environment.name', 'deployment.environment', 'host.name', 'k8s.pod.name'],
      ],
      writeConnections: 2,
      readConnections: 4,
      writeDeadlineMs: 4000,
      readTimeoutMs: 10000,
      rateLimitQps: 20,
      rateLimitBurst: 40,
      shutdownDelayMs: 0,
      shutdownGraceMs: 10000,
      tracesRetentionDays: 90,
      metricsRetentionDays: 30,
      trustProxy: false,
      logLevel: 'info',
      logFormat: 'auto',
      payloadCompression: 'auto',
    });
  });

  it('an empty or blank value counts as unset', () => {
    expect(parseConfig({ API_BEARER_TOKEN: '', DATABASE_URL: '  ', RATE_LIMIT_QPS: '', BIND_ADDR: ' ' })).toEqual(
      parseConfig({}),
    );
  });

  it('the result cannot be changed', () => {
    expect(Object.isFrozen(parseConfig({}))).toBe(true);
  });

  it('all problems are told at once, each in one line that names its variable', () => {
    const problems = problemsOf({
      NODE_ENV: 'prod',
      BIND_ADDR: '8742',
      WRITE_CONNECTIONS: '17',
      RATE_LIMIT_QPS: '-1',
      TRUST_PROXY: 'maybe',
      LOG_LEVEL: 'loud',
      READ_TIMEOUT_MS: '1e4',
      DATABASE_URL: 'mysql://x',
      XTRACE_PUBLIC_KEY: 'pk-only',
    });
    const names = [
      'NODE_ENV',
      'DATABASE_URL',
      'BIND_ADDR',
      'WRITE_CONNECTIONS',
      'READ_TIMEOUT_MS',
      'RATE_LIMIT_QPS',
      'TRUST_PROXY',
      'LOG_LEVEL',
      'XTRACE_SECRET_KEY',
    ];
    expect(problems.map((line) => line.split(' ')[0])).toEqual(names);
    expect(problems).toContain('WRITE_CONNECTIONS is "17", expected a whole number from 1 to 16');
    expect(problems).toContain('TRUST_PROXY is "maybe", expected 1, true, yes, on, 0, false, no or off');
    expect(problems.join('')).not.toContain('\n');
  });

  it('a secret is never repeated in a problem', () => {
    const env = {
      API_BEARER_TOKEN: 'geheim mit leerzeichen',
      XTRACE_PUBLIC_KEY: 'pk',
      XTRACE_SECRET_KEY: 'geheim\u0007',
      DATABASE_URL: 'postgres://user:geheim%zz@db/x',
    };
    const problems = problemsOf(env);
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('geheim');
    expect(problemsOf({ ...PRODUCTION, API_BEARER_TOKEN: 'geheim' }).join()).not.toContain('geheim');
  });

  it.each([
    ['127.0.0.1:8742', '127.0.0.1', 8742],
    ['[::1]:8742', '::1', 8742],
    ['[::]:0', '::', 0],
    ['localhost:65535', 'localhost', 65535],
    ['0.0.0.0:80', '0.0.0.0', 80],
  ])('BIND_ADDR %s is understood', (text, bindHost, bindPort) => {
    expect(parseConfig({ BIND_ADDR: text })).toMatchObject({ bindHost, bindPort });
  });

  it.each(['localhost', ':8742', '::1:8742', '127.0.0.1:65536', '127.0.0.1:', 'http://x:1', '[::1]', 'a b:1'])(
    'BIND_ADDR %s is refused',
    (text) => {
      expect(problemsOf({ BIND_ADDR: text })).toEqual([
        `BIND_ADDR is ${JSON.stringify(text)}, expected host:port, such as 127.0.0.1:8742 or [::1]:8742`,
      ]);
    },
  );

  it.each([
    ['1', true],
    ['true', true],
    ['YES', true],
    ['on', true],
    ['0', false],
    ['False', false],
    ['no', false],
    ['off', false],
  ])('a switch set to %s is %s', (text, value) => {
    expect(parseConfig({ TRUST_PROXY: text }).trustProxy).toBe(value);
    expect(problemsOf({ TRUST_PROXY: 'constructor' })).toHaveLength(1);
  });

  it('the key pair is also read under the names of Langfuse, and our own name wins', () => {
    expect(parseConfig({ LANGFUSE_PUBLIC_KEY: 'pk-l', LANGFUSE_SECRET_KEY: 'sk-l' })).toMatchObject({
      publicKey: 'pk-l',
      secretKey: 'sk-l',
    });
    expect(
      parseConfig({
        LANGFUSE_PUBLIC_KEY: 'pk-l',
        LANGFUSE_SECRET_KEY: 'sk-l',
        XTRACE_PUBLIC_KEY: 'pk-x',
        XTRACE_SECRET_KEY: '',
      }),
    ).toMatchObject({ publicKey: 'pk-x', secretKey: 'sk-l' });
  });

  it('half a key pair is refused, naming the missing half', () => {
    expect(problemsOf({ XTRACE_PUBLIC_KEY: 'pk' })).toEqual([
      'XTRACE_SECRET_KEY is unset while XTRACE_PUBLIC_KEY is set, expected both or neither',
    ]);
    expect(problemsOf({ LANGFUSE_SECRET_KEY: 'sk' })[0]).toContain('XTRACE_PUBLIC_KEY is unset');
  });

  it('a public key with a colon is refused, because Basic authentication ends it there', () => {
    expect(problemsOf({ XTRACE_PUBLIC_KEY: 'a:b', XTRACE_SECRET_KEY: 'c' })).toHaveLength(1);
  });

  it('production requires a database and a token, and says both', () => {
    expect(problemsOf({ NODE_ENV: 'production' })).toEqual([
      'DATABASE_URL is unset, but NODE_ENV=production requires it',
      'API_BEARER_TOKEN is unset, but NODE_ENV=production requires it',
    ]);
    expect(parseConfig(PRODUCTION).production).toBe(true);
  });

  it('production refuses secrets that are too short, development does not', () => {
    const short = { API_BEARER_TOKEN: 'x'.repeat(15), XTRACE_PUBLIC_KEY: 'pk', XTRACE_SECRET_KEY: 'short' };
    expect(problemsOf({ ...PRODUCTION, ...short }).map((line) => line.split(' ')[0])).toEqual([
      'API_BEARER_TOKEN',
      'XTRACE_SECRET_KEY',
    ]);
    expect(problemsOf({ ...PRODUCTION, METRICS_BEARER_TOKEN: 'short' })).toEqual([
      'METRICS_BEARER_TOKEN has 5 characters, but NODE_ENV=production requires at least 16',
    ]);
    expect(problemsOf({ ...PRODUCTION, API_BEARER_TOKEN: 'x'.repeat(16) })).toEqual([]);
    expect(problemsOf(short)).toEqual([]);
  });

  it('a body limit that never fits into the bytes in flight is refused', () => {
    const problems = problemsOf({ XTRACE_MAX_REQUEST_BODY_BYTES: '4096', INGEST_MAX_IN_FLIGHT_BYTES: '2048' });
    expect(problems).toEqual([
      'INGEST_MAX_IN_FLIGHT_BYTES is 2048, expected at least XTRACE_MAX_REQUEST_BODY_BYTES (4096)',
    ]);
  });

  it('an XTRACE_ or LANGFUSE_INIT_ variable that is no setting is warned about', () => {
    const known = { XTRACE_DATA_DIR: 'x', XTRACE_PUBLIC_KEY: 'x', LANGFUSE_INIT_PROJECT_NAME: 'x', HOME: '/' };
    const warnings = unknownSettings({ ...known, XTRACE_DATADIR: 'x', LANGFUSE_INIT_USER_EMAIL: 'x' });
    expect(warnings).toEqual([
      'XTRACE_DATADIR is not a setting of xtrace and has no effect; .env.example lists all settings',
      'LANGFUSE_INIT_USER_EMAIL is not a setting of xtrace and has no effect; .env.example lists all settings',
    ]);
  });

  it('.env.example lists exactly the settings, with their defaults and descriptions', () => {
    const text = readFileSync(join(import.meta.dirname, '../../.env.example'), 'utf8');
    const [, ...paragraphs] = text.trim().split('\n\n');
    const expected = Object.values(SETTINGS).map(({ name, aliases, doc, default: value = '' }) =>
      [`# ${doc}`, ...(aliases ? [`# Also read as ${aliases.join(', ')}.`] : []), `# ${name}=${value}`].join('\n'),
    );
    expect(paragraphs).toEqual(expected);
  });
});
