import { MEDIA_TYPES } from '../../domain/media.js';
import { contentHeaders, isKnown, parseRange } from './media.headers.js';

const ID = 'nVgv0hJfmdRfXsWzMGMQYw';

describe('the headers of a file', () => {
  it.each(MEDIA_TYPES)('let nothing in %s run', (type) => {
    const headers = contentHeaders(type, ID);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      etag: `"${ID}"`,
    });
    expect(headers['content-type']!.split(';')[0]).toBe(type);
  });

  it('show pictures, sound, films, PDF and plain text, and save all else', () => {
    const shown = MEDIA_TYPES.filter((type) => contentHeaders(type, ID)['content-disposition']!.startsWith('inline'));
    expect(shown).toEqual(
      expect.arrayContaining(['image/png', 'audio/wav', 'video/mp4', 'application/pdf', 'text/plain']),
    );
    for (const type of ['image/svg+xml', 'text/html', 'application/xml', 'application/javascript', 'text/css'])
      expect(shown).not.toContain(type);
  });
});

describe('what is known', () => {
  it.each([`"${ID}"`, `W/"${ID}"`, `"other", "${ID}"`, '*'])('is not sent again: %s', (header) =>
    expect(isKnown(header, ID)).toBe(true),
  );
  it.each([undefined, '"other"', ID])('is something else: %s', (header) => expect(isKnown(header, ID)).toBe(false));
});

describe('a range of bytes', () => {
  it.each([
    ['bytes=0-', { from: 0, to: 99 }],
    ['bytes=10-19', { from: 10, to: 19 }],
    ['bytes=90-1000', { from: 90, to: 99 }],
    ['bytes=-10', { from: 90, to: 99 }],
    ['bytes=-1000', { from: 0, to: 99 }],
    ['bytes=100-', 'outside'],
    ['bytes=-0', 'outside'],
    ['bytes=20-10', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=-', undefined],
    ['items=0-1', undefined],
    [undefined, undefined],
  ])('%s of 100 bytes', (header, range) => {
    expect(parseRange(header, 100)).toEqual(range);
  });

  it('is of the file that the client has the rest of, or all is sent', () => {
    const mediaId = ID;
    expect(parseRange('bytes=0-1', 100, { value: `"${ID}"`, mediaId })).toEqual({ from: 0, to: 1 });
    expect(parseRange('bytes=0-1', 100, { value: '"other"', mediaId })).toBeUndefined();
  });
});
