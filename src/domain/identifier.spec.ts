import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { hashTrace, idProblem, MAX_ID_BYTES, MAX_ID_CHARACTERS, toIndexableText } from './identifier.js';
import { isStorableText, toStorableText } from './json.js';

describe('an id', () => {
  it.each([
    ['one character', 'a'],
    ['spaces and punctuation', ' a/b?c#d%2F"\'\\ '],
    ['what looks like markup', '<script>'],
    ['words of JavaScript', '__proto__'],
    ['the longest allowed', 'x'.repeat(MAX_ID_CHARACTERS)],
    ['as many bytes as allowed', 'é'.repeat(MAX_ID_BYTES / 2)],
    ['characters beyond U+FFFF', '😀'.repeat(MAX_ID_BYTES / 4)],
    ['control characters other than U+0000', '\u0001\n\u007f'],
  ])('may be %s', (_case, id) => {
    expect(idProblem(id)).toBeUndefined();
  });

  it.each([
    ['empty', '', 'must not be empty'],
    ['too long', 'x'.repeat(MAX_ID_CHARACTERS + 1), 'must be at most 800 characters long, got 801'],
    ['too many bytes', 'é'.repeat(MAX_ID_BYTES / 2 + 1), 'must be at most 1000 bytes of UTF-8'],
    ['too many bytes in few characters', '\uffff'.repeat(334), 'must be at most 1000 bytes of UTF-8'],
    ['with U+0000', 'a\0', 'must not contain U+0000 or a lone surrogate'],
    ['with a lone surrogate', 'a\ud800', 'must not contain U+0000 or a lone surrogate'],
  ])('is refused when %s', (_case, id, problem) => {
    expect(idProblem(id)).toBe(problem);
  });

  it('that is accepted comes back from UTF-8 exactly as sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1200 }), (id) => {
        if (idProblem(id) !== undefined) return;
        expect(Buffer.from(id).toString()).toBe(id);
        expect(Buffer.byteLength(id)).toBeLessThanOrEqual(MAX_ID_BYTES);
      }),
    );
  });
});

describe('indexable text', () => {
  it('is the text itself when it fits', () => {
    for (const text of ['', 'name', 'x'.repeat(1000), '😀'.repeat(250)]) expect(toIndexableText(text)).toBe(text);
  });

  it('ends before a character that would not fit', () => {
    expect(toIndexableText('x'.repeat(1001))).toBe('x'.repeat(1000));
    expect(toIndexableText('ab😀', 5)).toBe('ab');
    expect(toIndexableText('ab😀', 6)).toBe('ab😀');
    expect(toIndexableText('é', 1)).toBe('');
  });

  it('has U+FFFD for what PostgreSQL cannot hold', () => {
    expect(toIndexableText('a\0b\ud800')).toBe('a\ufffdb\ufffd');
  });

  it('is the longest storable beginning of any text within any limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(60), (text, limit) => {
        const cut = toIndexableText(text, limit);
        const whole = toStorableText(text);
        expect(isStorableText(cut)).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
        expect(whole.startsWith(cut)).toBe(true);
        const next = [...whole.slice(cut.length)][0];
        if (next !== undefined) expect(Buffer.byteLength(cut + next)).toBeGreaterThan(limit);
      }),
      { numRuns: 3000 },
    );
  });
});

/** Lanes are `hash % 16`; the number is fixed in `storage/trace-writer.ts`. */
const LANES = 16;

describe('the hash of a trace', () => {
  // Written down, not computed: a process of another version that put a trace into another lane would count it twice.
  it.each([
    [1, '', 2_166_202_365, 13],
    [1, 'a', 3_842_891_943, 7],
    [2, 'a', 3_859_669_066, 10],
    [1, 'trace-1', 113_043_842, 2],
    [1, '0af7651916cd43dd8448eb211c80319c', 3_779_799_013, 5],
    [7, '0af7651916cd43dd8448eb211c80319c', 3_098_652_931, 3],
    [1, 'f47ac10b-58cc-4372-a567-0e02b2c3d479', 4_137_101_064, 8],
    [1, 'é', 1_829_484_481, 1],
    [1, '😀', 4_046_197_114, 10],
    [2_147_483_647, 'x'.repeat(800), 3_644_860_601, 9],
  ])('of project %i and trace %j is the same in every version', (projectNo, traceId, hash, lane) => {
    expect(hashTrace(projectNo, traceId)).toBe(hash);
    expect(hashTrace(projectNo, traceId) % LANES).toBe(lane);
  });

  it.each([
    ['hexadecimal OpenTelemetry ids', (i: number) => createHash('md5').update(String(i)).digest('hex')],
    ['counted ids', (i: number) => `trace-${i}`],
    [
      'ids that count in their last byte',
      (i: number) => `0af7651916cd43dd8448eb211c8${i.toString(16).padStart(5, '0')}`,
    ],
    [
      'ids that count in their first byte',
      (i: number) => `${i.toString(16).padStart(5, '0')}7651916cd43dd8448eb211c803`,
    ],
    ['times in milliseconds', (i: number) => String(1_795_400_000_000 + i * 1000)],
  ])('spreads %s evenly over the lanes', (_case, idOf) => {
    const count = 16_000;
    const lanes = new Array<number>(LANES).fill(0);
    for (let i = 0; i < count; i += 1) lanes[hashTrace(1, idOf(i)) % LANES]! += 1;
    for (const traces of lanes) expect(Math.abs(traces - count / LANES)).toBeLessThan((count / LANES) * 0.25);
  });

  it('is an unsigned 32-bit number for any project and id', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string({ unit: 'binary' }), (projectNo, traceId) => {
        const hash = hashTrace(projectNo, traceId);
        expect(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32).toBe(true);
      }),
    );
  });
});
