import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';

/** A bucket of a server that speaks S3 and checks signatures, gone with `stop`. */
export interface TestBucket {
  /** Of a server that uses it. */
  readonly settings: Readonly<Record<string, string>>;
  /** Keys of its objects. */
  keys(): Promise<string[]>;
  stop(): Promise<void>;
}

const NAME = 'files';
/** The only ones that this server knows. */
const KEY = 'S3RVER';

export async function startBucket(): Promise<TestBucket> {
  const directory = mkdtempSync(join(tmpdir(), 'xtrace-bucket-'));
  const s3 = new S3rver({
    directory,
    silent: true,
    vhostBuckets: false,
    configureBuckets: [{ name: NAME, configs: [] }],
  });
  await s3.configureBuckets();
  const server: Server = createServer(s3.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    settings: {
      MEDIA_S3_BUCKET: NAME,
      MEDIA_S3_ENDPOINT: endpoint,
      MEDIA_S3_ACCESS_KEY_ID: KEY,
      MEDIA_S3_SECRET_ACCESS_KEY: KEY,
      MEDIA_S3_PREFIX: 'xtrace/',
    },
    async keys() {
      const { objects } = await s3.store.listObjects(NAME, { maxKeys: 1000 });
      return objects.map(({ key }) => key).sort();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
