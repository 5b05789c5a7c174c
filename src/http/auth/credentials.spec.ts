import { CredentialCheck, readOffer } from './credentials.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('reading credentials', () => {
  test.each([
    ['Bearer abc', 'abc'],
    ['bearer   abc', 'abc'],
    ['Bearer%20abc', 'abc'],
    ['Bearer a:b=c', 'a:b=c'],
  ])('takes the token from %j', (header, token) => {
    expect(readOffer(header)).toEqual({ kind: 'token', token });
  });

  test.each([
    [`Basic ${base64('pk:sk')}`, 'pk', 'sk'],
    [`basic ${base64('pk:sk')}`, 'pk', 'sk'],
    [`Basic%20${base64('pk:sk')}`, 'pk', 'sk'],
    [`Basic%20${encodeURIComponent(base64('pk:s'))}`, 'pk', 's'],
    [`Basic ${base64('pk:with:colons')}`, 'pk', 'with:colons'],
    [`Basic ${base64('pk:')}`, 'pk', ''],
    [`Basic ${base64('pk:säkret')}`, 'pk', 'säkret'],
    [`Basic ${base64('pk:sk').replace(/=+$/, '')}`, 'pk', 'sk'],
  ])('takes the key pair from %j', (header, publicKey, secretKey) => {
    expect(readOffer(header)).toEqual({ kind: 'pair', publicKey, secretKey });
  });

  test.each(['Digest x', 'Bearer', 'Basic', 'Basic ???', `Basic ${base64('no colon')}`, 'abc', 'Basicabc', ' '])(
    'cannot read %j',
    (header) => {
      expect(readOffer(header)).toEqual({ kind: 'unreadable' });
    },
  );

  test('x-api-key counts only when there is no Authorization header', () => {
    expect(readOffer(undefined, 'abc')).toEqual({ kind: 'token', token: 'abc' });
    expect(readOffer('Bearer def', 'abc')).toEqual({ kind: 'token', token: 'def' });
    expect(readOffer(undefined, ['a', 'b'])).toEqual({ kind: 'none' });
    expect(readOffer(undefined, '')).toEqual({ kind: 'none' });
    expect(readOffer('')).toEqual({ kind: 'none' });
  });
});

describe('checking credentials', () => {
  const check = new CredentialCheck({ bearerToken: 'token', publicKey: 'pk', secretKey: 'sk' });

  test('names the credential that matched', () => {
    expect(check.match({ kind: 'token', token: 'token' })).toBe('bearer-token');
    expect(check.match({ kind: 'pair', publicKey: 'pk', secretKey: 'sk' })).toBe('key-pair');
  });

  test('the metrics token is known by its own name, and only where there is one', () => {
    const scraper = new CredentialCheck({ bearerToken: 'token', metricsToken: 'scrape' });
    expect(scraper.match({ kind: 'token', token: 'scrape' })).toBe('metrics-token');
    expect(scraper.match({ kind: 'token', token: 'token' })).toBe('bearer-token');
    expect(check.match({ kind: 'token', token: 'scrape' })).toBeUndefined();
  });

  test.each([
    { kind: 'token', token: 'Token' },
    { kind: 'token', token: 'token ' },
    { kind: 'token', token: 'sk' },
    { kind: 'token', token: 'pk:sk' },
    { kind: 'pair', publicKey: 'pk', secretKey: 'token' },
    { kind: 'pair', publicKey: 'sk', secretKey: 'pk' },
    { kind: 'pair', publicKey: 'p', secretKey: 'ksk' },
    { kind: 'pair', publicKey: '', secretKey: 'sk' },
    { kind: 'none' },
    { kind: 'unreadable' },
  ] as const)('refuses %j', (offer) => {
    expect(check.match(offer)).toBeUndefined();
  });

  test.each([
    {},
    { bearerToken: '', publicKey: '', secretKey: '' },
    { publicKey: 'pk', secretKey: '' },
    { publicKey: '', secretKey: 'sk' },
    { publicKey: 'pk' },
  ])('a missing or empty secret (%j) never means open', (accepted) => {
    const unset = new CredentialCheck(accepted);
    for (const secret of ['', 'undefined', 'null']) {
      expect(unset.match({ kind: 'token', token: secret })).toBeUndefined();
      expect(unset.match({ kind: 'pair', publicKey: 'pk', secretKey: secret })).toBeUndefined();
      expect(unset.match({ kind: 'pair', publicKey: secret, secretKey: 'sk' })).toBeUndefined();
      expect(unset.match({ kind: 'pair', publicKey: secret, secretKey: secret })).toBeUndefined();
    }
  });
});
