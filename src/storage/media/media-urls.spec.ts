import { createHash } from 'node:crypto';
import { mediaIdOf } from '../../domain/media.js';
import { MediaUrls } from './media-urls.js';

const NOW_MS = Date.parse('2026-01-31T09:30:00Z');
const HOUR_MS = 3_600_000;
const BASE = 'https://xtrace.example.com/below';
const PROJECT = { no: 7, id: 'a project' };
const sha256 = createHash('sha256').update('bytes').digest('base64');
const mediaId = mediaIdOf(sha256);
const CONTENT = { projectId: PROJECT.id, mediaId, contentType: 'image/png', contentLength: 5, sha256 } as const;

const urlsWith = (key: string): MediaUrls =>
  new MediaUrls({ query: <T>() => Promise.resolve([{ key: Buffer.from(key) }] as T[]) });
const urls = urlsWith('the key of this database');

const queryOf = (url: string): Record<string, string> => Object.fromEntries(new URL(url).searchParams);

describe('a link to upload a file', () => {
  const sign = () => urls.signUpload(BASE, CONTENT, NOW_MS);

  it('is an address of this server and gives back what it allows', async () => {
    const { url, expiresAtMs } = await sign();
    expect(url.startsWith(`${BASE}/api/public/media/${mediaId}/content?`)).toBe(true);
    expect(await urls.readUpload(mediaId, queryOf(url), NOW_MS)).toEqual({
      ...CONTENT,
      expiresAtSeconds: expiresAtMs / 1000,
    });
  });

  it('holds for an hour and some minutes at most', async () => {
    const { url, expiresAtMs } = await sign();
    expect(expiresAtMs).toBeGreaterThanOrEqual(NOW_MS + HOUR_MS);
    expect(expiresAtMs).toBeLessThanOrEqual(NOW_MS + HOUR_MS + 300_000);
    expect(await urls.readUpload(mediaId, queryOf(url), expiresAtMs - 1)).toMatchObject(CONTENT);
    expect(await urls.readUpload(mediaId, queryOf(url), expiresAtMs)).toBe('expired');
  });

  it.each([
    ['project', 'another project'],
    ['type', 'text/html'],
    ['length', '6'],
    ['expires', '9999999999'],
    ['sha256', createHash('sha256').update('others').digest('base64')],
    ['signature', ''],
    ['signature', 'A'.repeat(43)],
  ])('is none of ours once %s is %j', async (name, value) => {
    const query = queryOf((await sign()).url);
    expect(await urls.readUpload(mediaId, { ...query, [name]: value }, NOW_MS)).toBe('forged');
    expect(await urls.readUpload(mediaId, { ...query, [name]: [query[name]!, value] }, NOW_MS)).toBe('forged');
    expect(await urls.readUpload(mediaId, { ...query, [name]: undefined }, NOW_MS)).toBe('forged');
  });

  it('is for no other file, and signed by no other key', async () => {
    const query = queryOf((await sign()).url);
    expect(await urls.readUpload(`${mediaId.slice(0, -1)}_`, query, NOW_MS)).toBe('forged');
    expect(await urlsWith('another key').readUpload(mediaId, query, NOW_MS)).toBe('forged');
  });

  it('does not allow reading', async () => {
    expect(await urls.readDownload(mediaId, queryOf((await sign()).url), NOW_MS)).toBe('forged');
  });
});

describe('a link to read a file', () => {
  const sign = (nowMs = NOW_MS) => urls.signDownload(BASE, PROJECT, mediaId, nowMs);

  it('gives back what it allows until it expires', async () => {
    const { url, expiresAtMs } = await sign();
    const query = queryOf(url);
    const grant = { projectId: PROJECT.id, mediaId, expiresAtSeconds: expiresAtMs / 1000 };
    expect(await urls.readDownload(mediaId, query, NOW_MS)).toEqual(grant);
    expect(await urls.readDownload(mediaId, query, expiresAtMs)).toBe('expired');
    expect(await urls.readUpload(mediaId, query, NOW_MS)).toBe('forged');
  });

  it.each(['project', 'expires', 'signature'])('is none of ours once %s is changed', async (name) => {
    const query = queryOf((await sign()).url);
    expect(await urls.readDownload(mediaId, { ...query, [name]: `${query[name]!}1` }, NOW_MS)).toBe('forged');
  });

  it('is the same for some minutes, so that browsers have what they showed', async () => {
    const first = await sign(Date.parse('2026-01-31T09:30:01Z'));
    expect(await sign(Date.parse('2026-01-31T09:34:59Z'))).toEqual(first);
    expect(await sign(Date.parse('2026-01-31T09:35:01Z'))).not.toEqual(first);
  });
});
