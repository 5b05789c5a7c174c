import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeLlm } from '../support/fake-llm.js';
import { PROJECT_ROOT } from '../support/server-process.js';
import { OtlpCapture, type RecordedExport } from './otlp-capture.js';

// `node --import ./test/bench/register.mjs test/interop/record-otlp.ts [client …]`: see README.md in this folder.

const FIXTURES = join(PROJECT_ROOT, 'test/fixtures/otlp');
const PROGRAMS = join(import.meta.dirname, 'python/otlp');
/** Where the environments are; they stay, so that a second recording is quick. */
const VENVS = process.env['XTRACE_VENVS'] ?? join(tmpdir(), 'xtrace-interop');
const PYTHON = process.env['PYTHON'] ?? 'python3';

interface Client {
  /** Of the fixture, before the version. */
  readonly name: string;
  readonly program: string;
  /** The requirements file, and so the environment. */
  readonly venv: string;
  /** The package whose version the fixture bears. */
  readonly package: string;
  readonly env?: Readonly<Record<string, string>>;
}

const LATEST = { OTEL_SEMCONV_STABILITY_OPT_IN: 'gen_ai_latest_experimental' };

const CLIENTS: readonly Client[] = [
  client('otel-openai-v2', 'otel_openai.py', 'base', 'opentelemetry-instrumentation-openai-v2', {
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
  }),
  client('otel-openai-v2-latest', 'otel_openai.py', 'base', 'opentelemetry-instrumentation-openai-v2', {
    ...LATEST,
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'SPAN_ONLY',
  }),
  client('openinference-openai', 'openinference_openai.py', 'oi', 'openinference-instrumentation-openai'),
  client('openinference-langchain', 'openinference_langchain.py', 'oi', 'openinference-instrumentation-langchain'),
  client(
    'openinference-llama-index',
    'openinference_llama_index.py',
    'lli',
    'openinference-instrumentation-llama-index',
  ),
  client('openllmetry-openai', 'openllmetry_openai.py', 'tl', 'opentelemetry-instrumentation-openai'),
  client('openllmetry-langchain', 'openllmetry_langchain.py', 'tl', 'opentelemetry-instrumentation-langchain'),
  client('traceloop-sdk', 'traceloop_sdk.py', 'tl', 'traceloop-sdk'),
  client('pydantic-ai', 'pydantic_ai_agent.py', 'pyd', 'pydantic-ai-slim'),
  client('logfire-openai', 'logfire_openai.py', 'pyd', 'logfire'),
  client('langsmith', 'langsmith_otel.py', 'ls', 'langsmith'),
  client('langfuse-python', 'langfuse_openai.py', 'lf', 'langfuse'),
  client('litellm', 'litellm_otel.py', 'litellm', 'litellm'),
  client('mlflow', 'mlflow_openai.py', 'mlflow', 'mlflow'),
  client('anthropic-sdk', 'anthropic_sdk.py', 'anthropic', 'anthropic', {
    ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE: 'content',
  }),
  client('openlit', 'openlit_openai.py', 'openlit', 'openlit'),
  client('google-adk', 'google_adk.py', 'adk', 'google-adk', {
    ...LATEST,
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'SPAN_ONLY',
  }),
  client('strands-agents', 'strands_agent.py', 'strands', 'strands-agents'),
  client('openinference-crewai', 'crewai_openinference.py', 'crewai', 'openinference-instrumentation-crewai'),
  client('haystack', 'haystack_pipeline.py', 'hay', 'haystack-ai'),
  client('openinference-smolagents', 'smolagents_openinference.py', 'smol', 'openinference-instrumentation-smolagents'),
  client('openinference-agno', 'agno_openinference.py', 'agno', 'openinference-instrumentation-agno'),
  client('openinference-dspy', 'dspy_openinference.py', 'dspy', 'openinference-instrumentation-dspy'),
];

function client(name: string, program: string, venv: string, pkg: string, env?: Record<string, string>): Client {
  return { name, program, venv, package: pkg, ...(env && { env }) };
}

/** The Python of that environment, made where it is missing. */
function pythonOf(venv: string): string {
  const folder = join(VENVS, venv);
  const python = join(folder, 'bin/python');
  if (!existsSync(python)) {
    mkdirSync(VENVS, { recursive: true });
    execFileSync(PYTHON, ['-m', 'venv', folder], { stdio: 'inherit' });
    const requirements = join(PROGRAMS, `requirements-${venv}.txt`);
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements], { stdio: 'inherit' });
  }
  return python;
}

function versionOf(python: string, name: string): string {
  const code = 'import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))';
  return execFileSync(python, ['-c', code, name], { encoding: 'utf8' }).trim();
}

/** Machine names and paths give way to as many x, so that the lengths that protobuf states stay true. */
function scrub(body: Buffer, secrets: readonly string[]): Buffer {
  const scrubbed = Buffer.from(body);
  for (const secret of secrets) {
    for (let at = scrubbed.indexOf(secret); at >= 0; at = scrubbed.indexOf(secret, at)) {
      scrubbed.fill('x', at, at + Buffer.byteLength(secret));
    }
  }
  return scrubbed;
}

function run(python: string, program: string, env: Record<string, string>): Promise<number> {
  const child = spawn(python, [program], { cwd: PROGRAMS, env, stdio: 'inherit' });
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve(code ?? 1);
    });
  });
}

async function record(what: Client): Promise<boolean> {
  const python = pythonOf(what.venv);
  const version = versionOf(python, what.package);
  const llm = await FakeLlm.start();
  const capture = await OtlpCapture.start();
  const secrets = [join(VENVS, what.venv), PROGRAMS, PROJECT_ROOT, hostname()];
  const code = await run(python, what.program, {
    PATH: process.env['PATH'] ?? '',
    HOME: tmpdir(),
    PYTHONDONTWRITEBYTECODE: '1',
    OPENAI_BASE_URL: llm.openAiUrl,
    OPENAI_API_BASE: llm.openAiUrl,
    OPENAI_API_KEY: 'sk-fake',
    ANTHROPIC_BASE_URL: llm.url,
    OTLP_URL: capture.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: capture.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_SERVICE_NAME: 'weather-bot',
    OTEL_EXPERIMENTAL_RESOURCE_DETECTORS: '',
    ...what.env,
  });
  await capture.stop();
  await llm.stop();
  const exports = capture.exports.map(({ path, contentType, body }): RecordedExport => {
    const scrubbed = scrub(body, secrets);
    return { path, contentType, body: scrubbed.toString(contentType.includes('json') ? 'utf8' : 'base64') };
  });
  const file = join(FIXTURES, `${what.name}-${version}.json`);
  const program = `test/interop/python/otlp/${what.program}`;
  const text = `${JSON.stringify({ client: what.package, version, program, exports }, null, 1)}\n`;
  const isGood = code === 0 && exports.length > 0;
  if (isGood) writeFileSync(file, text);
  console.log(
    `${isGood ? 'ok  ' : 'FAIL'} ${what.name} ${version}: code ${code}, ${exports.length} exports, ${text.length} bytes`,
  );
  return isGood;
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  for (const what of CLIENTS) {
    if (wanted.length > 0 && !wanted.includes(what.name)) continue;
    if (!existsSync(join(PROGRAMS, what.program))) throw new Error(`there is no ${what.program}`);
    if (!(await record(what))) process.exitCode = 1;
  }
}

void main();
