import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeLlm } from '../support/fake-llm.js';
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
  /** The id that it made, if the answer names one: the requests after it bear it. */
  readonly answeredId?: string;
}

interface ClientRun {
  readonly name: string;
  /** A shell command, run in this folder. */
  readonly command: string;
  /** The requirements file of the environment that is `PYTHON` in the command; without it the caller's. */
  readonly requirements?: string;
}

/** Where the environments are; they stay, so that a second recording is quick. */
const VENVS = process.env['XTRACE_VENVS'] ?? join(tmpdir(), 'xtrace-interop');
const EVERYTHING_ON_OTEL = '"$PYTHON" python/langfuse/langfuse_otel_calls.py';
const INTEGRATIONS_ON_OTEL = '"$PYTHON" python/langfuse/langfuse_otel_integrations.py';

const CLIENTS: readonly ClientRun[] = [
  { name: 'xtrace-client-rust-0.0.15', command: 'cargo run --quiet --manifest-path rust/Cargo.toml' },
  { name: 'xtrace-sdk-python-0.0.3', command: '"${PYTHON:-python3}" python/xtrace_sdk_calls.py' },
  { name: 'langfuse-python-3.15.0', command: '"${PYTHON:-python3}" python/langfuse3_calls.py' },
  { name: 'opentelemetry-python-1.45.2', command: '"${PYTHON:-python3}" python/opentelemetry_calls.py' },
  langfuseSdk('2.60.10', '"$PYTHON" python/langfuse/langfuse2_calls.py'),
  langfuseSdk('3.15.0', EVERYTHING_ON_OTEL),
  langfuseSdk('4.18.0', EVERYTHING_ON_OTEL),
  langfuseSdk('5.0.4', EVERYTHING_ON_OTEL),
  langfuseIntegrations('2.60.10', '"$PYTHON" python/langfuse/langfuse2_integrations.py'),
  langfuseIntegrations('3.15.0', INTEGRATIONS_ON_OTEL),
  langfuseIntegrations('5.0.4', INTEGRATIONS_ON_OTEL),
];

function langfuseSdk(version: string, command: string): ClientRun {
  return { name: `langfuse-sdk-python-${version}`, command, requirements: `requirements-${version}.txt` };
}

/** What is built on that version of the SDK: wrappers, callbacks, other people's packages. */
function langfuseIntegrations(version: string, command: string): ClientRun {
  return {
    name: `langfuse-integrations-python-${version}`,
    command,
    requirements: `requirements-${version}-integrations.txt`,
  };
}

/** The Python of that environment, made where it is missing. */
function pythonOf(requirements: string): string {
  const folder = join(VENVS, `langfuse-${requirements.replace('.txt', '')}`);
  const python = join(folder, 'bin/python');
  if (!existsSync(python)) {
    mkdirSync(VENVS, { recursive: true });
    execFileSync(process.env['PYTHON'] ?? 'python3', ['-m', 'venv', folder], { stdio: 'inherit' });
    const file = join(HERE, 'python/langfuse', requirements);
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '-r', file], { stdio: 'inherit' });
  }
  return python;
}

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
          const entry: { answeredId?: string } & RecordedRequest = {
            ...describeRequest(method, url, incoming.rawHeaders, body),
            status: answer.statusCode ?? 0,
          };
          recorded.push(entry);
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          const parts: Buffer[] = [];
          answer.on('data', (part: Buffer) => parts.push(part));
          answer.on('end', () => {
            const id = method === 'POST' ? answeredId(Buffer.concat(parts)) : undefined;
            if (id !== undefined) entry.answeredId = id;
          });
          answer.pipe(outgoing);
        },
      );
      forwarded.on('error', (error) => outgoing.writeHead(502).end(error.message));
      forwarded.end(body);
    });
  });
  return new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve(proxy)));
}

function answeredId(answer: Buffer): string | undefined {
  try {
    const { id, mediaId } = JSON.parse(answer.toString('utf8')) as Record<string, unknown>;
    const made = id ?? mediaId;
    return typeof made === 'string' ? made : undefined;
  } catch {
    return undefined;
  }
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
  const llm = await FakeLlm.start();
  for (const { name, command, requirements } of CLIENTS.filter(
    (client) => only === undefined || client.name.startsWith(only),
  )) {
    // A fresh one for each, so that its answers depend on nothing else.
    const server = await startServer();
    const recorded: RecordedRequest[] = [];
    const proxy = await recordingProxy(server.url, recorded);
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    console.log(`\n${name}: ${command}`);
    const code = await run(command, {
      PYTHONDONTWRITEBYTECODE: '1',
      ...(requirements === undefined ? {} : { PYTHON: pythonOf(requirements) }),
      XTRACE_URL: url,
      XTRACE_TOKEN: TEST_TOKEN,
      OPENAI_BASE_URL: llm.openAiUrl,
      OPENAI_API_KEY: 'none',
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
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
  await llm.stop();
}

void main();
