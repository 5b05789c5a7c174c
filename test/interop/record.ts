import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PROJECT_ROOT, startServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY, TEST_TOKEN } from '../support/server-process.js';

// `node --import ./test/bench/register.mjs test/interop/record.ts [client]`: see README.md in this folder.

const FIXTURES = join(PROJECT_ROOT, 'test/fixtures/clients');
const HERE = import.meta.dirname;
/** Of one hop, or different on every machine. */
const NOT_RECORDED = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'authorization']);

interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** How the client authenticated itself; the secret is not kept. */
  readonly auth?: string;
  /** Text, or base64 where it is none. */
  readonly body?: string;
  readonly bodyBase64?: string;
  /** What the server of the recording answered. */
  readonly status: number;
}

interface ClientRun {
  readonly name: string;
  /** A shell command, run in this folder. */
  readonly command: string;
}

const CLIENTS: readonly ClientRun[] = [
  { name: 'xtrace-client-rust-0.0.15', command: 'cargo run --quiet --manifest-path rust/Cargo.toml' },
  { name: 'xtrace-sdk-python-0.0.3', command: '"${PYTHON:-python3}" python/xtrace_sdk_calls.py' },
  { name: 'langfuse-python-3.15.0', command: '"${PYTHON:-python3}" python/langfuse3_calls.py' },
  { name: 'opentelemetry-python-1.45.2', command: '"${PYTHON:-python3}" python/opentelemetry_calls.py' },
];

function recordingProxy(target: string, recorded: RecordedRequest[]): Promise<Server> {
  const proxy = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const { method = 'GET', url = '/', headers } = incoming;
      const forwarded = request(
        target + url,
        { method, headers: { ...headers, host: new URL(target).host } },
        (answer) => {
          recorded.push({ ...describeRequest(method, url, incoming.rawHeaders, body), status: answer.statusCode ?? 0 });
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        },
      );
      forwarded.on('error', (error) => outgoing.writeHead(502).end(error.message));
      forwarded.end(body);
    });
  });
  return new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve(proxy)));
}

function describeRequest(method: string, path: string, rawHeaders: readonly string[], body: Buffer) {
  const headers: [string, string][] = [];
  let auth: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i]!, rawHeaders[i + 1]!];
    if (name.toLowerCase() === 'authorization') auth = value.split(' ', 1)[0];
    if (!NOT_RECORDED.has(name.toLowerCase())) headers.push([name, value]);
  }
  const text = body.toString('utf8');
  const isText = Buffer.from(text).equals(body);
  return {
    method,
    path,
    headers,
    auth,
    ...(body.length === 0 ? {} : isText ? { body: text } : { bodyBase64: body.toString('base64') }),
  };
}

function run(command: string, env: Record<string, string>): Promise<number> {
  const child = spawn('bash', ['-c', command], { cwd: HERE, env: { ...process.env, ...env }, stdio: 'inherit' });
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

async function main(): Promise<void> {
  const [only] = process.argv.slice(2);
  mkdirSync(FIXTURES, { recursive: true });
  for (const { name, command } of CLIENTS.filter((client) => only === undefined || client.name.startsWith(only))) {
    // A fresh one for each, so that its answers depend on nothing else.
    const server = await startServer();
    const recorded: RecordedRequest[] = [];
    const proxy = await recordingProxy(server.url, recorded);
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    console.log(`\n${name}: ${command}`);
    const code = await run(command, {
      XTRACE_URL: url,
      XTRACE_TOKEN: TEST_TOKEN,
      LANGFUSE_HOST: url,
      LANGFUSE_PUBLIC_KEY: TEST_PUBLIC_KEY,
      LANGFUSE_SECRET_KEY: TEST_SECRET_KEY,
    });
    proxy.closeAllConnections();
    proxy.close();
    await server.stop();
    const text = JSON.stringify(recorded, null, 1);
    for (const secret of [TEST_TOKEN, TEST_SECRET_KEY])
      if (text.includes(secret)) throw new Error(`${name} sends a secret in plain sight`);
    writeFileSync(join(FIXTURES, `${name}.json`), `${text}\n`);
    console.log(
      `${name}: ${code === 0 ? 'all calls work' : `ended with ${code}`}; ${recorded.length} requests recorded`,
    );
    if (code !== 0) process.exitCode = 1;
  }
}

void main();
