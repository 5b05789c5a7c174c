import { replaceDataUris } from './data-uri.js';

/** What was found, and the text with `<n>` in its place. */
function replaced(text: string): { found: string[]; text: string } {
  const found: string[] = [];
  const out = replaceDataUris(text, (type, base64) => `<${found.push(`${type} ${base64}`)}>`);
  return { found, text: out };
}

describe('data URIs in base64', () => {
  it('are found in a JSON text and leave the rest as it was written', () => {
    const text = '{ "a": 1.0, "url":"data:image/png;base64,iVBORw0KGgo=", "b":"x data:audio/wav;base64,AAAA y" }';
    expect(replaced(text)).toEqual({
      found: ['image/png iVBORw0KGgo=', 'audio/wav AAAA'],
      text: '{ "a": 1.0, "url":"<1>", "b":"x <2> y" }',
    });
  });

  it('are found with a type in capitals, parameters, escaped slashes and inside of JSON in a text', () => {
    expect(replaced('"data:Image/PNG;charset=utf-8;base64,AAAA"').found).toEqual(['image/png AAAA']);
    expect(replaced(String.raw`"data:image\/png;base64,A\/A\/"`)).toEqual({ found: ['image/png A/A/'], text: '"<1>"' });
    const nested = JSON.stringify({ inner: JSON.stringify({ url: 'data:image/png;base64,AAAA' }) });
    const { found, text } = replaced(nested);
    expect(found).toEqual(['image/png AAAA']);
    expect(JSON.parse((JSON.parse(text) as { inner: string }).inner)).toEqual({ url: '<1>' });
  });

  it('may stand side by side', () => {
    expect(replaced('data:image/png;base64,AAAA,data:image/gif;base64,BBBB').text).toBe('<1>,<2>');
  });

  it.each([
    ['of a type that is not known', 'data:image/x-own;base64,AAAA'],
    ['without bytes', 'data:image/png;base64,'],
    ['with one digit too many', 'data:image/png;base64,AAAAA'],
    ['not in base64', 'data:text/plain,hello;base64 is a word'],
    ['of which only the end is there', ';base64,AAAA'],
  ])('stay when they are %s', (_, text) => {
    expect(replaced(text)).toEqual({ found: [], text });
  });

  it('stay where whoever replaces them says so', () => {
    const text = 'data:image/png;base64,AAAA data:image/gif;base64,BBBB';
    expect(replaceDataUris(text, (type) => (type === 'image/gif' ? '-' : undefined))).toBe(
      'data:image/png;base64,AAAA -',
    );
  });
});
