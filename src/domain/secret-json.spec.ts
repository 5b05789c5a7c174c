import fc from 'fast-check';
import { cleanJson, type Scope } from './secret-json.js';
import { SecretKeys } from './secret-key.js';
import { SecretScreen } from './secret-screen.js';

const keys = new SecretKeys();
const screen = new SecretScreen();
const clean = (text: string, scope: Scope = 'metadata', key?: string) => cleanJson(text, scope, keys, key);
const KEY = `sk-${'a1B2'.repeat(12)}`;

describe('secrets in metadata', () => {
  it.each([
    ['{"api_key":"x"}', '{"api_key":"[redacted]"}', 1],
    ['{"a":[{"b":{"Authorization":"x"}}]}', '{"a":[{"b":{"Authorization":"[redacted]"}}]}', 1],
    ['{"authorization":["x","y"],"n":1}', '{"authorization":"[redacted]","n":1}', 1],
    ['{"secret":{"a":"}]","b":[1,{}]},"n":1}', '{"secret":"[redacted]","n":1}', 1],
    ['{"password":123456 ,"n":1}', '{"password":"[redacted]" ,"n":1}', 1],
    ['{ "password" : "a\\"b\\\\" , "n" : 1.0 }', '{ "password" : "[redacted]" , "n" : 1.0 }', 1],
    ['{"\\u0061pi_key":"x","\\u0041":1}', '{"\\u0061pi_key":"[redacted]","\\u0041":1}', 1],
    ['{"__proto__":{"secret":"x"},"constructor":1}', '{"__proto__":{"secret":"[redacted]"},"constructor":1}', 1],
    ['"{\\"api_key\\":\\"x\\",\\"n\\":1e2}"', '"{\\"api_key\\":\\"[redacted]\\",\\"n\\":1e2}"', 1],
    [
      JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ secret: 'x' }) }) }),
      JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ secret: '[redacted]' }) }) }),
      1,
    ],
    ['{"args":["--api-key","x","--n","1"]}', '{"args":["--api-key","[redacted]","--n","1"]}', 1],
    ['{"headers":[["x-api-key","x"],["n","1"]]}', '{"headers":[["x-api-key","[redacted]"],["n","1"]]}', 1],
    ['{"rawHeaders":["Host","h","X-Api-Key","x"]}', '{"rawHeaders":["Host","h","X-Api-Key","[redacted]"]}', 1],
    ['{"headers":[{"name":"Cookie","value":"x"}]}', '{"headers":[{"name":"Cookie","value":"[redacted]"}]}', 1],
    ['"see https://u:p@h and Bearer 12345678"', '"see https://u:[redacted]@h and Bearer [redacted]"', 2],
    [`{"${KEY}":1,"b":"${KEY}"}`, '{"[redacted]":1,"b":"[redacted]"}', 2],
    ['"token:\\n\\u0073k-a1B2a1B2a1B2a1B2a1B2"', '"token:\\n[redacted]"', 1],
  ])('%s becomes %s', (text, expected, count) => {
    expect(clean(text)).toEqual({ text: expected, count });
    expect(screen.mayHold(text, 'metadata')).toBe(true);
    expect(clean(expected)).toEqual({ text: expected, count: 0 });
  });

  it.each([
    '{"max_tokens":1024,"usage":{"total_tokens":36,"token_count":1,"cache_read_input_tokens":5},"token":"Hel"}',
    '{"tools":[{"parameters":{"properties":{"password":{"type":"string"},"api_key":{"type":"string"}}}}]}',
    '{"secret":null,"password":true,"api_key":"","cookies":[ ],"jwt":{},"access_token":"[redacted]"}',
    '{"n":123456789012345678901234567890,"f":1.50,"e":1E400,"secretary":"x"}',
    '["authorization","x"]',
    '{"name":"authorization","value":"x"}',
    '"a secret is kept"',
    '1',
    'null',
  ])('%s stays as it is', (text) => {
    expect(clean(text)).toEqual({ text, count: 0 });
  });

  it('are found under the key that the document itself stands under', () => {
    expect(clean('[["x-api-key","x"]]', 'metadata', 'headers').text).toBe('[["x-api-key","[redacted]"]]');
    expect(clean('{"password":{"type":"string"}}', 'metadata', 'properties').count).toBe(0);
  });

  it('are found at any depth', () => {
    const text = `${'{"a":['.repeat(50_000)}{"api_key":"x"}${']}'.repeat(50_000)}`;
    expect(clean(text)).toEqual({ text: text.replace('"x"', '"[redacted]"'), count: 1 });
    const inText = JSON.stringify(text);
    expect(clean(inText).text).toBe(inText.replace('\\"x\\"', '\\"[redacted]\\"'));
  });

  it('are found in text that was cut off', () => {
    for (const whole of [
      '{"a":"{\\"api_key\\":\\"abc',
      '{"api_key":"abc',
      '{"api_key":["abc',
      '{"api_key":{"a":"abc"',
    ]) {
      expect(clean(whole).text).not.toContain('abc');
    }
  });
});

describe('secrets in content', () => {
  it.each([
    [`{"content":"my key is ${KEY}"}`, '{"content":"my key is [redacted]"}', 1],
    ['{"headers":{"Authorization":"x","n":1}}', '{"headers":{"Authorization":"[redacted]","n":1}}', 1],
    ['{"request_headers":{"a":{"x-api-key":"x"}}}', '{"request_headers":{"a":{"x-api-key":"[redacted]"}}}', 1],
    [
      '{"args":"{\\"headers\\":{\\"cookie\\":\\"x\\"}}"}',
      '{"args":"{\\"headers\\":{\\"cookie\\":\\"[redacted]\\"}}"}',
      1,
    ],
    ['{"headers":"Authorization: Bearer abc12345"}', '{"headers":"Authorization: Bearer [redacted]"}', 1],
    ['{"headers":"{\\"x-api-key\\":\\"x\\"}"}', '{"headers":"{\\"x-api-key\\":\\"[redacted]\\"}"}', 1],
  ])('%s becomes %s', (text, expected, count) => {
    expect(clean(text, 'content')).toEqual({ text: expected, count });
    expect(screen.mayHold(text, 'content')).toBe(true);
    expect(clean(expected, 'content')).toEqual({ text: expected, count: 0 });
  });

  it.each([
    '{"password":"x","api_key":"y","authorization":"Bearer abc12345"}',
    '"my password: hunter2, see https://u:p@h?api_key=1"',
    '[{"role":"user","content":"Authorization: Bearer abc12345"}]',
    '{"headers":["name","price"],"max_tokens":5}',
  ])('%s stays as it is', (text) => {
    expect(clean(text, 'content')).toEqual({ text, count: 0 });
  });
});

const word = fc.constantFrom(
  ...['authorization', 'x-api-key', 'apiKey', 'password', 'Cookie', 'id_token', 'max_tokens', 'headers', 'properties'],
  ...['name', 'value', 'note', '--secret', '__proto__', 'token', 'key', 'rawHeaders', 'bearer', KEY],
);
const bite = fc.constantFrom(
  ...[
    'Bearer ',
    'Basic ',
    'abc123def',
    KEY,
    ' ',
    '\n',
    '=',
    ': ',
    '"',
    "'",
    '\\',
    '[',
    ']',
    '{',
    '}',
    ',',
    ';',
    '&',
    '?',
  ],
  ...[
    'https://',
    'u:p',
    '@',
    'host',
    '[redacted]',
    'password',
    'api key',
    'secret',
    'token',
    'sig',
    'ghp_',
    'é',
    '😀',
    '--',
  ],
  ...['access', '_', '-', 'authorization', 'cookie', 'a=b', '%20', 'None', '-----BEGIN PRIVATE KEY-----'],
);
const text = fc.oneof(
  fc.array(bite, { maxLength: 12 }).map((bites) => bites.join('')),
  fc.string(),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    text,
    fc.constantFrom(null, true, 12, 1.5, ''),
    word,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.oneof(word, text), tie('value')), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
    tie('value').map((inner) => JSON.stringify(inner)),
  ),
}));
const spacing = fc.constantFrom(undefined, 1, '\t');
/** Documents as a client may write them: with spaces, and with escapes where none are needed. */
const document = fc.tuple(value, spacing, fc.boolean()).map(([value, space, isEscaped]) => {
  const json = JSON.stringify(value, null, space);
  return isEscaped ? json.replace(/[ak]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`) : json;
});

describe.each(['metadata', 'content'] as const)('any %s', (scope) => {
  it('is JSON again, is clean afterwards, and stays the same where nothing was found', () => {
    fc.assert(
      fc.property(document, (text) => {
        const cleaned = clean(text, scope);
        expect(() => JSON.parse(cleaned.text) as unknown).not.toThrow();
        expect(cleaned.text === text).toBe(cleaned.count === 0);
        expect(clean(cleaned.text, scope)).toEqual({ text: cleaned.text, count: 0 });
      }),
      { numRuns: 1000 },
    );
  });

  it('is passed by the screen only if nothing would be found', () => {
    fc.assert(
      fc.property(document, (text) => {
        if (!screen.mayHold(text, scope)) expect(clean(text, scope).count).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('that is no JSON gives some text', () => {
    fc.assert(fc.property(text, (text) => typeof clean(text, scope).text === 'string'));
  });
});

it('any document takes linear time', () => {
  for (const bite of [
    '{',
    '[',
    '"',
    '\\',
    '{"a":',
    '{"secret":',
    '{"secret":[',
    '"\\\\',
    '{"headers":{"cookie":"',
    ',"a":"\\"',
    '}',
  ]) {
    expect(clean(bite.repeat(500_000 / bite.length)).text.length).toBeGreaterThan(0);
  }
});
