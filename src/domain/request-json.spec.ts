import { InvalidInput, TooLarge } from './errors.js';
import { MAX_JSON_CONTAINERS, parseRequestJson } from './request-json.js';

describe('the JSON of a request', () => {
  it('is parsed as it is', () => {
    expect(parseRequestJson('{"a":[1,{"__proto__":2}]}')).toEqual(JSON.parse('{"a":[1,{"__proto__":2}]}'));
  });

  it.each(['', '{', '{"secret": tru}', 'nul', '[1,]'])('%j is refused, without a word of what it holds', (text) => {
    expect(() => parseRequestJson(text)).toThrow(InvalidInput);
    expect(() => parseRequestJson(text)).not.toThrow(/secret|tru/);
  });

  it.each([
    ['{"secret": NaN}', "Unexpected token 'N'"],
    ['{"secret": 1', 'at position 12'],
    ['{"secret":', 'Unexpected end of JSON input'],
    ['{"secret": "\n"}', 'at position 12'],
  ])('%j is refused with where it goes wrong', (text, hint) => {
    expect(() => parseRequestJson(text)).toThrow(`The body is not valid JSON (${hint})`);
  });

  it.each([
    ['objects', '{}'],
    ['arrays', '[]'],
    ['both', '[{}]'],
  ])('may not be made of more %s than memory can bear', (_, item) => {
    const containers = item === '[{}]' ? 2 : 1;
    const list = (items: number): string => `[${`${item},`.repeat(items - 1)}${item}]`;
    const most = Math.floor((MAX_JSON_CONTAINERS - 1) / containers);
    expect(parseRequestJson(list(most))).toHaveLength(most);
    expect(() => parseRequestJson(list(most + 1))).toThrow(TooLarge);
  });

  it('may be one long text', () => {
    expect(parseRequestJson(JSON.stringify('x'.repeat(6_000_000)))).toHaveLength(6_000_000);
  });
});
