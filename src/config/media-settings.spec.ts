import { ConfigError, parseConfig } from './config.js';

const S3 = { MEDIA_S3_BUCKET: 'files', MEDIA_S3_ACCESS_KEY_ID: 'key', MEDIA_S3_SECRET_ACCESS_KEY: 'secret' };

describe('the settings of files', () => {
  it('keep them in PostgreSQL unless told', () => {
    expect(parseConfig({})).toMatchObject({
      mediaMaxBytes: 104_857_600,
      mediaExtractBase64: false,
      mediaS3PathStyle: true,
    });
    expect(parseConfig({}).mediaS3Bucket).toBeUndefined();
  });

  it('take addresses without their last slash', () => {
    expect(parseConfig({ PUBLIC_URL: 'https://host/below/' }).publicUrl).toBe('https://host/below');
    for (const wrong of ['host', 'ftp://host', 'https://u:p@host', 'https://host?x', 'https://'])
      expect(() => parseConfig({ PUBLIC_URL: wrong })).toThrow(ConfigError);
  });

  it.each(['MEDIA_S3_ACCESS_KEY_ID', 'MEDIA_S3_SECRET_ACCESS_KEY'])('need %s with a bucket', (name) => {
    expect(parseConfig(S3).mediaS3Bucket).toBe('files');
    expect(() => parseConfig({ ...S3, [name]: undefined })).toThrow(`${name} is unset while MEDIA_S3_BUCKET is set`);
  });

  it('need a bucket with anything else of it', () => {
    expect(() => parseConfig({ MEDIA_S3_ENDPOINT: 'http://host' })).toThrow('MEDIA_S3_BUCKET is unset');
  });
});
