import { SecretKeys } from './secret-key.js';
import { cleanCredentials, cleanText } from './secret-text.js';

const keys = new SecretKeys();
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';

/** Put together here, so that scanners of repositories find no credential in this file. */
const CREDENTIALS = [
  `sk-${'a1B2'.repeat(12)}`,
  `sk-${'0123456789abcdef'.repeat(2)}`,
  `sk-proj-${'aB1_-'.repeat(10)}`,
  `sk-ant-api03-${'xY9-'.repeat(12)}`,
  'sk-lf-1f2e3d4c-aaaa-bbbb-cccc-1234567890ab',
  `sk-or-v1-${'0f'.repeat(32)}`,
  'sk-Ab1-Cd2_Ef3-Gh4_Ij5-Kl',
  `sk_live_${'a1'.repeat(12)}`,
  'AKIAIOSFODNN7EXAMPLE',
  `AIza${'Sy1-_'.repeat(7)}`,
  `ghp_${'a1B2'.repeat(9)}`,
  `github_pat_${'a1_B'.repeat(12)}`,
  `xoxb-${'1234567890-'.repeat(3)}abc`,
  `hf_${'aBcD'.repeat(9)}`,
  `gsk_${'aB1'.repeat(16)}`,
  JWT,
  '-----BEGIN RSA PRIVATE KEY-----\nMIIEabc+/=\n-----END RSA PRIVATE KEY-----',
  '-----BEGIN PRIVATE KEY-----\nMIIEabc and cut o',
];

describe('credentials of well-known makers', () => {
  it.each(CREDENTIALS)('%s is one, wherever it stands', (secret) => {
    expect(cleanCredentials(secret)).toEqual({ text: '[redacted]', count: 1 });
    for (const [before, after] of [
      ['see: ', ' .'],
      ['("', '")'],
      ['=', '&x'],
      ['\n', '\n'],
      ['key_', ''],
    ] as const) {
      // Of this one the second half may be missing, and then it goes on.
      if (secret.startsWith('-----BEGIN PRIVATE') && after !== '') continue;
      if (secret === JWT && before === 'key_') continue;
      expect(cleanCredentials(before + secret + after)).toEqual({ text: `${before}[redacted]${after}`, count: 1 });
    }
  });

  it.each([
    'sk-learn-pipeline-for-beginners-and-experts',
    'sk-learn-1-2-3-tutorial-part-2',
    'task-management-0123456789abcdefghij',
    'pk-lf-1f2e3d4c-aaaa-bbbb-cccc-1234567890ab',
    'risk-0123456789abcdefghijklm',
    '1f2e3d4c-aaaa-bbbb-cccc-1234567890ab',
    'AKIAIOSFODNN7EXAMPLELONGER',
    'ghp_short',
    'eyJhbGciOiJIUzI1NiJ9',
    'the key of sk- and ghp_ and AKIA',
    'hf_hub_download and gsk_file_open_with_mode',
    '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
  ])('%s is none', (text) => {
    expect(cleanCredentials(text)).toEqual({ text, count: 0 });
  });
});

describe('secrets in free text', () => {
  it.each([
    ['Authorization: Bearer abc.def-123', 'Authorization: Bearer [redacted]'],
    ['got 401 for bearer 0f1e2d3c4b5a', 'got 401 for bearer [redacted]'],
    ['Bearer%20abcdefg1', 'Bearer%20[redacted]'],
    ['headers: Basic dXNlcjpwYXNzd29yZA==', 'headers: Basic [redacted]'],
    ['authorization=Basic%20dXNlcjpw, x=1', 'authorization=Basic%20dXNlcjpw, x=1'.replace('dXNlcjpw', '[redacted]')],
    ['Proxy-Authorization: Token 12345abc failed', 'Proxy-Authorization: Token [redacted] failed'],
    ['https://user:hunter2@host/path', 'https://user:[redacted]@host/path'],
    ['postgres://u:p@ss:w@db:5432/x', 'postgres://u:[redacted]@db:5432/x'],
    ['redis://:only@cache', 'redis://:[redacted]@cache'],
    ['"https:\\/\\/user:hunter2@host"', '"https:\\/\\/user:[redacted]@host"'],
    ['GET /v1?api_key=hunter2&limit=5', 'GET /v1?api_key=[redacted]&limit=5'],
    ['/cb?a=1&token=hunter2#x', '/cb?a=1&token=[redacted]#x'],
    ['/b?sig=a%2Fb&sv=1', '/b?sig=[redacted]&sv=1'],
    ['?X-Amz-Signature=0f0f&x', '?X-Amz-Signature=[redacted]&x'],
    ['export OPENAI_API_KEY=hunter2', 'export OPENAI_API_KEY=[redacted]'],
    ['Server=db;User Id=sa;Password=hunter;', 'Server=db;User Id=sa;Password=[redacted];'],
    ['AccountKey=abc+/d=;', 'AccountKey=[redacted];'],
    ["{'api_key': 'hunter', 'n': 1}", "{'api_key': '[redacted]', 'n': 1}"],
    ["{'password': 12345, 'n': 1}", "{'password': '[redacted]', 'n': 1}"],
    ["headers={'Authorization': 'Token x'}", "headers={'Authorization': '[redacted]'}"],
    ['{"apiKey" : "cut of', '{"apiKey" : "[redacted]'],
    ['{"a":"{\\"apiKey\\":\\"it\\",\\"n\\":1}', '{"a":"{\\"apiKey\\":\\"[redacted]\\",\\"n\\":1}'],
    ['{"cookies": {"sid": "a}b"}, "n": [', '{"cookies": "[redacted]", "n": ['],
    ['{"authorization": ["Bearer x"], "n": [', '{"authorization": "[redacted]", "n": ['],
    ['API key: hunter2 is wrong', 'API key: [redacted] is wrong'],
    ['password: hunter2', 'password: [redacted]'],
    ['Cookie: sid=abc; theme=dark\nHost: x', 'Cookie: [redacted]\nHost: x'],
    ['serve --api-key hunter2 --port 80', 'serve --api-key [redacted] --port 80'],
    ['serve --password=hunter', 'serve --password=[redacted]'],
    ['Incorrect API key provided: sk-abcdefghij0123456789.', 'Incorrect API key provided: [redacted].'],
  ])('%j becomes %j', (text, expected) => {
    const cleaned = cleanText(text, keys);
    expect(cleaned).toEqual({ text: expected, count: 1 });
    expect(cleanText(expected, keys)).toEqual({ text: expected, count: 0 });
  });

  it.each([
    'max_tokens=1024, prompt_tokens: 12, total_tokens=36',
    'bearer authentication is required',
    'Basic authentication and Basic understanding12',
    'password: required',
    'missing api_key: expected a string',
    'api_key=None',
    'api_key=os.environ["API_KEY"]',
    'password=${DB_PASSWORD}',
    'the secret: be kind',
    'cache_key=abc123 key=value token=abc',
    'mail to user@host.example about https://host:8080/a@b',
    'http://[::1]:8080/ and 12:30:45@noon',
    '{"properties": {"password": {"type": "string"}}',
    '"api_key": "", "secret": []',
    'serve --api-key --port',
    '',
  ])('%j stays', (text) => {
    expect(cleanText(text, keys)).toEqual({ text, count: 0 });
  });

  it('takes linear time, whatever is sent', () => {
    const bites = [
      'secret ',
      'api_key=',
      '"password":[',
      'key=',
      '://',
      '://a:',
      'eyJ_',
      '-eyJ',
      'sk-',
      'Bearer ',
      'x=y;',
    ];
    bites.push(
      '--key ',
      '\\"',
      'cookie:a=b;',
      '-----BEGIN PRIVATE KEY-----',
      ' ',
      '-',
      '\\',
      "'",
      '=',
      'bearer+',
      '{"secret":',
    );
    for (const bite of bites) {
      const text = bite.repeat(300_000 / bite.length);
      expect(cleanText(text, keys).text.length).toBeGreaterThan(0);
      expect(cleanText(`cookie: ${text}`, keys).text.length).toBeGreaterThan(0);
      expect(cleanText(`"secret": "${text}`, keys).text.length).toBeGreaterThan(0);
    }
  });
});
