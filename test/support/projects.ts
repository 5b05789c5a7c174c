import { TEST_TOKEN } from './server-process.js';

/** A project that a test has made on a running server, with a key that opens all of it. */
export interface TestProject {
  readonly id: string;
  readonly keyId: string;
  readonly publicKey: string;
  readonly secretKey: string;
  /** Headers of requests as the project: with the secret as a bearer token, the pair, the public key alone. */
  readonly bearer: { readonly authorization: string };
  readonly basic: { readonly authorization: string };
  readonly publicBearer: { readonly authorization: string };
}

export interface TestProjectOptions {
  /** Default: one that nobody else has. */
  readonly id?: string;
  /** Default: everything that keys can open. */
  readonly scopes?: readonly string[];
  /** Of the settings of the server. */
  readonly operatorToken?: string;
}

/** Makes a project and a key for it on the server at `url`: `makeProject(server.url)`. */
export async function makeProject(url: string, options: TestProjectOptions = {}): Promise<TestProject> {
  const { id: wanted, scopes = ['ingest', 'read', 'admin', 'scores'], operatorToken = TEST_TOKEN } = options;
  const post = async (path: string, body: object): Promise<Record<string, string>> => {
    const answer = await fetch(`${url}/api/public/projects${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.status !== 201) throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, string>;
  };
  const { id } = await post('', { name: 'a project of a test', ...(wanted === undefined ? {} : { id: wanted }) });
  const key = await post(`/${encodeURIComponent(id!)}/apiKeys`, { scopes });
  const { id: keyId, publicKey, secretKey } = key as { id: string; publicKey: string; secretKey: string };
  return {
    ...{ id: id!, keyId, publicKey, secretKey },
    bearer: { authorization: `Bearer ${secretKey}` },
    basic: { authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}` },
    publicBearer: { authorization: `Bearer ${publicKey}` },
  };
}
