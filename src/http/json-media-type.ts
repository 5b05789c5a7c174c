import { UnsupportedMedia } from '../domain/errors.js';

/** Content type of answers that handlers give as text or bytes. */
export const JSON_TEXT = 'application/json; charset=utf-8';

const JSON_MEDIA_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** Lets JSON pass, and what does not say what it is. @throws UnsupportedMedia */
export function requireJson(contentType: string | undefined): void {
  if (contentType !== undefined && contentType !== '' && !JSON_MEDIA_TYPE.test(contentType)) {
    throw new UnsupportedMedia('Send the body as application/json');
  }
}
