import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { YOUNG_GENERATION_MB } from '../../src/ingest/ingest-thread.js';
import { encodeBySdk } from '../fixtures/otlp/wire.js';
import { PROJECT_ROOT } from '../support/server-process.js';
import { type BenchServer } from './bench-server.js';
import { GrpcClient } from './grpc-client.js';
import { CORPUS_ORIGIN, modelCallSpans, OtlpBodyPool } from './otlp-bodies.js';
import { type DecodeFigures } from './otlp-decode.js';
import { type Report } from './report.js';
import { type IngestOptions, measureIngest, POOL_OBSERVATIONS } from './write-stages.js';

/** The young generation of the thread that writes, which is two halves and what is as large beside them. */
const SEMI_SPACE = `--max-semi-space-size=${YOUNG_GENERATION_MB / 3}`;
const PATH = '/v1/traces';
const PROTOBUF = 'application/x-protobuf';
const EXPORT_BYTES = 20 * 2 ** 20;
/** Spans differ in length, and more than 20 MiB is refused. */
const SAFE_SHARE = 0.995;
const EXPORTS = 5;
const DURABLE = 'durable observations';

/** Decode and map, without HTTP and storage, on a process of its own. */
export async function measureDecode(report: Report, seconds: number): Promise<void> {
  const figures = JSON.parse(await runDecode(seconds)) as Record<'protobuf' | 'json', DecodeFigures>;
  for (const [encoding, { cpuMicros, wallMicros, bytesPerSpan }] of Object.entries(figures)) {
    report.add('otlp', `decode + map, ${encoding}, CPU`, cpuMicros, 'µs/span', {
      ...(encoding === 'protobuf' ? { goal: { atMost: 45 } } : {}),
      note: `25 attributes, ${Math.round(bytesPerSpan)} bytes; best tenth by the clock ${wallMicros.toFixed(1)}`,
    });
  }
}

function runDecode(seconds: number): Promise<string> {
  const register = join(PROJECT_ROOT, 'test/bench/register.mjs');
  const program = join(PROJECT_ROOT, 'test/bench/otlp-decode.ts');
  const child = spawn(process.execPath, [SEMI_SPACE, '--import', register, program, String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  return new Promise((resolve, reject) => {
    child.once('close', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`otlp-decode.ts ended with ${code}`)),
    );
  });
}

/** The same observations by `/v1/l/batch` and as OTLP protobuf, one after the other. */
export async function measureOtlpIngest(
  server: BenchServer,
  report: Report,
  load: Omit<IngestOptions, 'stage' | 'door' | 'observationsPerPost' | 'seed'>,
): Promise<void> {
  const options = { ...load, observationsPerPost: 50, seed: 41 };
  await measureIngest(server, report, { ...options, stage: 'otlp-batch' });
  await measureIngest(server, report, {
    ...options,
    stage: 'otlp-http',
    door: (client) => ({
      pool: new OtlpBodyPool({ seed: 42, observations: POOL_OBSERVATIONS, observationsPerBody: 50 }),
      post: (body) => client.post(PATH, body, PROTOBUF),
    }),
  });
  if (server.grpcAddress !== undefined) await measureGrpc(server, server.grpcAddress, report, options);
  const ratio = (report.find('otlp-http', DURABLE) ?? NaN) / (report.find('otlp-batch', DURABLE) ?? NaN);
  report.add('otlp', 'OTLP protobuf / batch', ratio, '', { goal: { atLeast: 0.8 }, note: 'of the same run' });
}

async function measureGrpc(
  server: BenchServer,
  address: string,
  report: Report,
  options: Omit<IngestOptions, 'stage' | 'door'>,
): Promise<void> {
  const grpc = new GrpcClient(address, options.connections);
  await measureIngest(server, report, {
    ...options,
    stage: 'otlp-grpc',
    door: () => ({
      pool: new OtlpBodyPool({ seed: 44, observations: POOL_OBSERVATIONS, observationsPerBody: 50 }),
      post: (body) => grpc.export(body),
    }),
  });
  grpc.close();
  const ratio = (report.find('otlp-grpc', DURABLE) ?? NaN) / (report.find('otlp-http', DURABLE) ?? NaN);
  report.add('otlp', 'gRPC / HTTP', ratio, '', { goal: { atLeast: 0.8 }, note: 'of the same run' });
}

/** How long one export of 20 MiB keeps a server waiting that is asked for its health all the while. */
export async function measureLargeExport(server: BenchServer, report: Report): Promise<void> {
  const client = server.client(1);
  for (const encoding of ['protobuf', 'json'] as const) {
    const perSpan = encodeBySdk(modelCallSpans(100, 43), CORPUS_ORIGIN)[encoding].length / 100;
    const idle = await Probe.start(server);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const idleMs = await idle.longestMs();
    let longestMs = 0;
    let answerMs = 0;
    for (let n = 0; n < EXPORTS; n += 1) {
      const spans = Math.floor((EXPORT_BYTES * SAFE_SHARE) / perSpan);
      const body = encodeBySdk(modelCallSpans(spans, 50 + n), CORPUS_ORIGIN)[encoding];
      const probe = await Probe.start(server);
      const contentType = encoding === 'json' ? 'application/json' : PROTOBUF;
      const answer = await client.post(PATH, body, contentType);
      if (answer.status !== 200)
        report.fault(`otlp: an export of 20 MiB in ${encoding}: ${answer.status} ${answer.text}`);
      longestMs = Math.max(longestMs, await probe.longestMs());
      answerMs = Math.max(answerMs, answer.ms);
    }
    report.add('otlp', `20 MiB of ${encoding}: longest hold`, longestMs, 'ms', {
      goal: { atMost: 50 },
      note: `longest of /healthz; ${idleMs.toFixed(1)} ms when nothing is sent; answered within ${Math.round(answerMs)} ms`,
    });
  }
  client.close();
}

/** Asks for the server's health every two milliseconds, on a thread of its own, so that nothing here delays it. */
class Probe {
  private constructor(private readonly worker: Worker) {}

  static async start(server: BenchServer): Promise<Probe> {
    const worker = new Worker(PROBE, { eval: true, workerData: `${server.process.url}/healthz` });
    await new Promise((resolve) => worker.once('message', resolve));
    return new Probe(worker);
  }

  /** Ends it; the longest time that an answer took, also one that was still on its way. */
  async longestMs(): Promise<number> {
    const answer = new Promise<number>((resolve) => this.worker.once('message', resolve));
    this.worker.postMessage('end');
    const longest = await answer;
    await this.worker.terminate();
    return longest;
  }
}

const PROBE = `
const { Agent, get } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let longest = 0, isOver = false, asked = 0;
function ask() {
  const start = performance.now();
  get(workerData, { agent }, (response) => {
    response.resume();
    response.on('end', () => {
      asked += 1;
      // The first connects and compiles.
      if (asked > 20) longest = Math.max(longest, performance.now() - start);
      if (asked === 20) parentPort.postMessage('ready');
      if (isOver) parentPort.postMessage(longest);
      else setTimeout(ask, 2);
    });
  }).on('error', (error) => { throw error; });
}
parentPort.on('message', () => { isOver = true; });
ask();
`;
