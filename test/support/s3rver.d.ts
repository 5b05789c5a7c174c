/** What the tests use of s3rver, which has no types of its own. */
declare module 's3rver' {
  import { type RequestListener } from 'node:http';

  // eslint-disable-next-line no-restricted-syntax -- as the package exports it
  export default class S3rver {
    constructor(options: {
      directory: string;
      silent: boolean;
      vhostBuckets: boolean;
      configureBuckets: readonly { name: string; configs: readonly string[] }[];
    });
    readonly store: {
      listObjects(bucket: string, options: { maxKeys: number }): Promise<{ objects: { key: string }[] }>;
    };
    configureBuckets(): Promise<unknown>;
    callback(): RequestListener;
  }
}
