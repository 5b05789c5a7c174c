import { MAX_PREVIEW_CHARACTERS } from '../../storage/datasets/run-result-reader.js';
import { presentPreview } from './results.present.js';

/** As the reader gives it: one character more tells that there are more. */
const cut = (value: unknown): string => JSON.stringify(value).slice(0, MAX_PREVIEW_CHARACTERS + 1);

describe('a preview', () => {
  it('is the text of a string and the JSON of anything else', () => {
    expect(presentPreview(null)).toBeNull();
    expect(presentPreview(cut('say "hi"'))).toBe('say "hi"');
    expect(presentPreview(cut({ a: [1] }))).toBe('{"a":[1]}');
  });

  it.each(['\n', '"', '\u0001', '😀', 'x'])('of a long string of %j is cut between its characters', (character) => {
    const shown = presentPreview(cut(character.repeat(1000)))!;
    expect(shown.endsWith('…')).toBe(true);
    expect(shown.slice(0, -1).replaceAll(character, '').replace('\ufffd', '')).toBe('');
    expect(shown.length).toBeGreaterThan(MAX_PREVIEW_CHARACTERS / 6 - 2);
  });
});
