import { InvalidInput } from './errors.js';
import {
  MAX_LABEL_KEY_CHARACTERS,
  MAX_LABEL_VALUE_CHARACTERS,
  MAX_LABELS,
  MAX_NAME_CHARACTERS,
  seriesOf,
} from './metric.js';

const parsed = (json: string) => JSON.parse(json) as Record<string, string>;
const manyLabels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']));

describe('a series', () => {
  it('is the same in whatever order its labels are sent', () => {
    expect(seriesOf('m', { b: '2', a: '1' })).toEqual(seriesOf('m', { a: '1', b: '2' }));
    expect(seriesOf('m', { b: '2', a: '1' }).labels).toBe('{"a":"1","b":"2"}');
  });

  it('sorts its labels in one way for all processes, numbers among them', () => {
    expect(seriesOf('m', { ä: 'x', Z: 'z', a: 'a', 10: 'n', 9: 'n', '\u{10000}': 'y' }).labels).toBe(
      '{"10":"n","9":"n","Z":"z","a":"a","ä":"x","\u{10000}":"y"}',
    );
  });

  it('takes a label called __proto__ for what it is', () => {
    const labels = parsed('{"__proto__":"x","constructor":"y"}');
    expect(seriesOf('m', labels).labels).toBe('{"__proto__":"x","constructor":"y"}');
    expect(seriesOf('m', labels).labels).not.toBe(seriesOf('m', {}).labels);
  });

  it('may go up to every limit, in any script', () => {
    const labels = { ...manyLabels(MAX_LABELS - 1), ['é'.repeat(MAX_LABEL_KEY_CHARACTERS)]: '語'.repeat(1000) };
    expect(() => seriesOf('ü'.repeat(MAX_NAME_CHARACTERS), labels)).not.toThrow();
    expect(() => seriesOf('m', { k: '' })).not.toThrow();
  });

  it.each([
    ['an empty name', '', {}, 'name'],
    ['a long name', 'x'.repeat(MAX_NAME_CHARACTERS + 1), {}, 'name'],
    ['U+0000 in its name', 'a\0b', {}, 'name'],
    ['a lone surrogate in its name', 'a\ud800', {}, 'name'],
    ['too many labels', 'm', manyLabels(MAX_LABELS + 1), 'labels'],
    ['an empty label key', 'm', { '': 'v' }, 'labels'],
    ['a long label key', 'm', { ['k'.repeat(MAX_LABEL_KEY_CHARACTERS + 1)]: 'v' }, 'labels'],
    ['a long label value', 'm', { k: 'v'.repeat(MAX_LABEL_VALUE_CHARACTERS + 1) }, 'labels'],
    ['U+0000 in a label key', 'm', { 'k\0': 'v' }, 'labels'],
    ['a lone surrogate in a label value', 'm', { k: '\udc00' }, 'labels'],
  ])('is refused for %s, which names the field', (_, name, labels, field) => {
    expect(() => seriesOf(name, labels)).toThrow(InvalidInput);
    expect(() => seriesOf(name, labels)).toThrow(expect.objectContaining({ field }));
  });
});
