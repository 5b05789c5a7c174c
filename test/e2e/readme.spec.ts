import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { codeBlocks, readTable, section } from '../support/markdown.js';
import {
  PROJECT_ROOT,
  type RunningServer,
  TEST_PUBLIC_KEY,
  TEST_SECRET_KEY,
  TEST_TOKEN,
  removeFolder,
  startServer,
  temporaryFolder,
} from '../support/server-process.js';

jest.setTimeout(60_000);

const run = promisify(execFile);
const readme = readFileSync(join(PROJECT_ROOT, 'README.md'), 'utf8');
const GUIDES = readdirSync(join(PROJECT_ROOT, 'ops/docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(join(PROJECT_ROOT, 'ops/docs', name), 'utf8'));

/** The block of shell commands in a section that `pattern` matches. */
function shellBlock(title: string, pattern: RegExp): string {
  const found = codeBlocks(section(readme, title)).filter(
    ({ language, code }) => language === 'bash' && pattern.test(code),
  );
  expect(found).toHaveLength(1);
  return found[0]!.code;
}

/** The programs of README.md and the guides by the file name in their first line. */
function programs(language: string): Map<string, string> {
  const named = [readme, ...GUIDES]
    .flatMap(codeBlocks)
    .filter((block) => block.language === language)
    .map(({ code }) => [/^\/\/ (\S+)\n/.exec(code)?.[1] ?? '', code] as const);
  return new Map(named);
}

interface Trace {
  readonly id: string;
  readonly name: string;
  readonly sessionId: string | null;
  readonly input: unknown;
  readonly output: unknown;
  readonly observations: readonly { type: string; name: string; model: string | null; usageDetails: object }[];
}

describe('what README.md says', () => {
  let server: RunningServer;
  let folder: string;
  /** As the setup block of README.md leaves it, apart from the port. */
  let environment: Record<string, string>;

  const shell = async (script: string): Promise<string> => {
    const options = { cwd: folder, env: { PATH: process.env.PATH, ...environment } };
    return (await run('bash', ['-euo', 'pipefail', '-c', script], options)).stdout;
  };
  const getTrace = async (id: string): Promise<Trace> => {
    const answer = await fetch(`${server.url}/api/public/traces/${id}`, {
      headers: { authorization: `Bearer ${TEST_TOKEN}` },
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Trace;
  };
  /** Runs a program as it stands and returns the trace whose id it printed. */
  const trace = async (file: string): Promise<Trace> => {
    const code = programs('js').get(file);
    if (code === undefined) throw new Error(`there is no program ${file}`);
    writeFileSync(join(folder, file), code);
    const output = await shell(`node ${file}`);
    const id = /^trace ([0-9a-f]{32})$/m.exec(output)?.[1];
    if (id === undefined) throw new Error(`${file} printed no trace: ${output}`);
    return getTrace(id);
  };

  beforeAll(async () => {
    server = await startServer();
    folder = temporaryFolder();
    symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(folder, 'node_modules'));
    mkdirSync(join(folder, '.data'));
    const credentials = { bearerToken: TEST_TOKEN, publicKey: TEST_PUBLIC_KEY, secretKey: TEST_SECRET_KEY };
    writeFileSync(join(folder, '.data/credentials.json'), JSON.stringify(credentials));
    environment = {};
    const setup = shellBlock('Send a trace', /credentials\.json/);
    expect(setup).toContain('BASE_URL=http://127.0.0.1:8742\n');
    const exporters = shellBlock('With OpenTelemetry', /^export OTEL_/);
    const output = await shell(`${setup.replace('http://127.0.0.1:8742', server.url)}${exporters}env`);
    for (const line of output.split('\n')) {
      const [, name, value] = /^((?:BASE_URL|API_|LANGFUSE_|OTEL_)\w*)=(.*)$/.exec(line) ?? [];
      if (name !== undefined) environment[name] = value ?? '';
    }
  });
  afterAll(async () => {
    await server.stop();
    removeFolder(folder);
  });

  it('the curl commands write a trace and read it back', async () => {
    expect(JSON.parse(await shell(shellBlock('With curl', /curl/)))).toEqual({ message: 'Request Successful.' });
    const written = await getTrace('hello-1');
    expect(written).toMatchObject({ name: 'chat.turn', sessionId: 'chat-42', input: 'Where is my order?' });
    expect(written.observations).toMatchObject([{ type: 'GENERATION', usageDetails: { input: 12, output: 4 } }]);

    const commands = shellBlock('Read it back', /traces\/hello-1/)
      .trim()
      .split('\n');
    const answers = await Promise.all(commands.map(async (command) => JSON.parse(await shell(command)) as object));
    expect(answers).toMatchObject([
      { id: 'hello-1' },
      { data: expect.arrayContaining([expect.objectContaining({ id: 'hello-1' })]) },
      { id: 'chat-42' },
    ]);
  });

  it('the OpenTelemetry program traces a model call', async () => {
    const { name, sessionId, observations } = await trace('otel.mjs');
    expect({ name, sessionId }).toEqual({ name: 'chat gpt-4o-mini', sessionId: 'chat-42' });
    expect(observations).toMatchObject([
      { type: 'GENERATION', model: 'gpt-4o-mini', usageDetails: { input: 12, output: 4 } },
    ]);
  });

  it('the OpenTelemetry variables are enough for a program that names no exporter', async () => {
    const { name, observations } = await trace('otel-env.mjs');
    expect(name).toBe('retrieve documents');
    expect(observations).toMatchObject([{ type: 'SPAN', name: 'retrieve documents' }]);
  });

  it('the Langfuse program traces a turn of a session', async () => {
    const written = await trace('langfuse.mjs');
    expect(written).toMatchObject({ name: 'chat.turn', sessionId: 'chat-42', output: 'On its way.' });
    // By name: both may have started in the same millisecond.
    expect([...written.observations].sort((a, b) => a.name.localeCompare(b.name))).toMatchObject([
      { type: 'GENERATION', name: 'chat.generation', model: 'gpt-4o-mini', usageDetails: { input: 12, output: 4 } },
      { type: 'SPAN', name: 'chat.turn' },
    ]);
  });

  it('the experiment runs twice, and the command lays both runs side by side', async () => {
    writeFileSync(join(folder, 'experiment.mjs'), programs('js').get('experiment.mjs') ?? '');
    await shell('node experiment.mjs');
    const [command] = GUIDES.flatMap(codeBlocks).filter(({ code }) => code.includes('/run-comparison?'));
    expect(JSON.parse(await shell(command!.code))).toMatchObject({
      runs: [{ name: 'short-prompt-1' }, { name: 'long-prompt-1' }],
      data: [{ results: [[{ outputPreview: 'Yes.' }], [{ outputPreview: 'Of course you do.' }]] }],
    });
  });

  it('every program of README.md and the guides is run here', () => {
    const files = ['experiment.mjs', 'langfuse.mjs', 'otel-env.mjs', 'otel.mjs'];
    expect([...programs('js').keys()].sort()).toEqual(files);
  });

  it('the table of routes has exactly the routes of the server, in the order of its page', async () => {
    const [, ...rows] = readTable(section(readme, 'Routes'));
    const answer = await fetch(`${server.url}/docs/openapi.json`);
    const { paths, tags } = (await answer.json()) as {
      paths: Record<string, Record<string, { tags: string[] }>>;
      tags: { name: string }[];
    };
    const all = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({
        tag: operation.tags[0],
        route: `\`${method.toUpperCase()} ${path}\``,
      })),
    );
    const shown = tags.flatMap(({ name }) => all.filter(({ tag }) => tag === name));
    expect(rows.map(([route]) => route)).toEqual(shown.map(({ route }) => route));
  });
});
