import { Redactor } from '../../domain/redaction.js';
import { InvalidInput } from '../../domain/errors.js';
import { parseNewApiKey, parseOverlap, redactNote } from './api-keys.body.js';

const NOW_MS = Date.parse('2026-11-23T12:00:00Z');
const PAIR = { publicKey: 'pk-lf-1234567890', secretKey: 'sk-lf-1234567890' };
const parse = (body: unknown) => parseNewApiKey(body, NOW_MS);

describe('a key that is asked for', () => {
  it.each([undefined, null, {}, { unknown: 1, note: null, scopes: null, expiresAt: null }])(
    'writes and reads for ever unless %j says otherwise',
    (body) => {
      expect(parse(body)).toEqual({ scopes: ['ingest', 'read'], note: null, expiresAt: null });
    },
  );

  it('takes scopes once each, a time to come and a pair', () => {
    const body = { scopes: ['read', 'read', 'admin'], expiresAt: '2026-11-23T13:00:01+01:00', note: 'CI', ...PAIR };
    expect(parse(body)).toEqual({
      scopes: ['read', 'admin'],
      note: 'CI',
      expiresAt: (NOW_MS + 1000) * 1000,
      pair: PAIR,
    });
  });

  it.each<[string, object]>([
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: 'read' }],
    ['scopes', { scopes: ['operator'] }],
    ['scopes', { scopes: ['metrics'] }],
    ['scopes', { scopes: ['__proto__'] }],
    ['note', { note: '' }],
    ['note', { note: 'two\nlines' }],
    ['note', { note: 'a\u0000' }],
    ['note', { note: '\ud800' }],
    ['note', { note: 'n'.repeat(501) }],
    ['note', { note: 7 }],
    ['expiresAt', { expiresAt: '2026-11-23T12:00:00Z' }],
    ['expiresAt', { expiresAt: 'tomorrow' }],
    ['expiresAt', { expiresAt: NOW_MS + 1000 }],
    ['secretKey', { publicKey: PAIR.publicKey }],
    ['publicKey', { secretKey: PAIR.secretKey }],
    ['publicKey', { ...PAIR, publicKey: 'pk:lf' }],
    ['publicKey', { ...PAIR, publicKey: 'pk lf' }],
    ['secretKey', { ...PAIR, secretKey: 'sk-lf-123456789' }],
    ['secretKey', { ...PAIR, secretKey: 'schlüssel-schlüssel' }],
    ['secretKey', { publicKey: PAIR.secretKey, secretKey: PAIR.secretKey }],
    ['body', []],
  ])('is refused, naming %s: %j', (field, body) => {
    expect(() => parse(body)).toThrow(InvalidInput);
    expect(() => parse(body)).toThrow(expect.objectContaining({ field }));
  });

  it('never repeats a secret in a message', () => {
    const secretKey = 'hunter2hunter2';
    expect(() => parse({ ...PAIR, secretKey })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(secretKey) }),
    );
  });

  it('keeps no secret in its note', () => {
    const key = parse({ note: `for sk-proj-${'a1B2'.repeat(6)}` });
    expect(redactNote(key, new Redactor()).note).not.toContain('a1B2');
    expect(redactNote(parse({}), new Redactor()).note).toBeNull();
  });
});

describe('the overlap of a rotation', () => {
  it('is a day, or whole seconds up to thirty days', () => {
    expect([undefined, {}, { overlapSeconds: 0 }, { overlapSeconds: 2_592_000 }].map(parseOverlap)).toEqual([
      ...[86_400, 86_400, 0, 2_592_000],
    ]);
  });

  it.each([-1, 1.5, 2_592_001, '60', NaN])('is not %j', (overlapSeconds) => {
    expect(() => parseOverlap({ overlapSeconds })).toThrow(expect.objectContaining({ field: 'overlapSeconds' }));
  });
});
