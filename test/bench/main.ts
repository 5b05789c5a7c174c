import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT_ROOT } from '../support/server-process.js';
import { measureAnalytics } from './analytics-stage.js';
import { measureBaselines } from './baselines.js';
import { BenchServer, CHANGED_SETTINGS } from './bench-server.js';
import { measureGrowth } from './growth-stage.js';
import { measureIngestion } from './ingestion-stages.js';
import { measureMetricQueries, measurePoints } from './metric-stages.js';
import { measureDecode, measureLargeExport, measureOtlpIngest } from './otlp-stages.js';
import { measureDetail, measureLists } from './read-stages.js';
import { measurePrompts } from './prompt-stage.js';
import { Report } from './report.js';
import { measureRetention } from './retention-stage.js';
import { measureIdle, measureStarts } from './start-stages.js';
import { measureDaily, measureSessions } from './usage-stages.js';
import { measureAck, measureIngest } from './write-stages.js';

const USAGE = `npm run bench -- [stage …] [--seconds 20] [--rows 2000000] [--requests 200]
  [--points 20000000] [--growth-rows 100000] [--database-url postgres://…]

Measures the built server (npm run build) on its own PostgreSQL with shipped settings, client on the same machine.
Stages, all unless some are named:
  start      first and second start
  idle       CPU and memory of a server that nobody uses
  ack        answer times at 1,000 observations/s, open loop
  ingest     durable observations/s: 16 connections, 50 observations a POST
  turns      the same with whole traces: 8 observations and their trace a POST
  otlp       decode and map of a span; OTLP beside /v1/l/batch; how long an export of 20 MiB holds the server
  ingestion  Langfuse's events beside /v1/l/batch, and updates of stored observations
  prompts    fetching prompts by name, label and version
  baselines  binary COPY and single-row upserts on the same PostgreSQL, as ratios to ingest
  detail     one trace of 10,000 observations
  list       lists of traces over --rows observations, which are loaded first (about four minutes for 2,000,000)
  sessions   conversations over the same
  daily      usage by day over the same, under every filter
  analytics  metrics queries over the same, from sums by hour and by scans
  points     durable metric points/s: 16 connections, 1,000 points a POST
  metric-queries  100 series over --points points, which are loaded by COPY, and agg=last polled ten times a second
  retention  an expired week of 467,000 observations (at most --rows) removed while clients write
  growth     every read at --growth-rows observations and points and at ten times as many, as ratios; on its own server
--seconds is the length of each measurement, --requests how often each list is asked for.
--database-url uses (and fills!) a PostgreSQL of yours, for example one with lz4.`;

const STAGES = [
  'start',
  'idle',
  'ack',
  'ingest',
  'turns',
  'otlp',
  'ingestion',
  'prompts',
  'baselines',
  'detail',
  'list',
  'sessions',
  'daily',
  'analytics',
  'points',
  'metric-queries',
  'retention',
  'growth',
] as const;
type Stage = (typeof STAGES)[number];

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '20' },
      rows: { type: 'string', default: '2000000' },
      requests: { type: 'string', default: '200' },
      points: { type: 'string', default: '20000000' },
      'growth-rows': { type: 'string', default: '100000' },
      'database-url': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !STAGES.includes(name as Stage));
  const { seconds, rows, requests, points, growthRows } = {
    seconds: Number(values.seconds),
    rows: Number(values.rows),
    requests: Number(values.requests),
    points: Number(values.points),
    growthRows: Number(values['growth-rows']),
  };
  if (values.help || unknown.length > 0 || ![seconds, rows, requests, points, growthRows].every((n) => n > 0)) {
    console.log(unknown.length > 0 ? `There is no stage ${unknown.join(', ')}.\n\n${USAGE}` : USAGE);
    return values.help ? 0 : 2;
  }
  const isWanted = (stage: Stage) => positionals.length === 0 || positionals.includes(stage);
  const databaseUrl = values['database-url'];

  const startedAt = new Date();
  const report = new Report();
  if (isWanted('start')) await measureStarts(report, databaseUrl);
  const server = await BenchServer.start(databaseUrl === undefined ? {} : { databaseUrl });
  try {
    Object.assign(report.header, await describe(server));
    for (const [name, value] of Object.entries(report.header))
      console.log(`${name.padEnd(14)} ${JSON.stringify(value)}`);
    if (isWanted('idle')) await measureIdle(server, report, Math.min(15, seconds));
    if (isWanted('ack')) {
      await measureAck(server, report, {
        stage: 'ack',
        requestsPerSecond: 20,
        observationsPerPost: 50,
        seconds,
        seed: 10,
      });
      await measureAck(server, report, {
        stage: 'ack',
        requestsPerSecond: 100,
        observationsPerPost: 10,
        seconds,
        seed: 11,
      });
    }
    const load = { connections: 16, warmUpSeconds: Math.min(5, seconds), seconds };
    if (isWanted('ingest'))
      await measureIngest(server, report, { stage: 'ingest', ...load, observationsPerPost: 50, seed: 20 });
    if (isWanted('turns'))
      await measureIngest(server, report, { stage: 'turns', ...load, observationsPerPost: 8, seed: 30 });
    if (isWanted('otlp')) {
      await measureDecode(report, Math.min(5, seconds));
      await measureOtlpIngest(server, report, load);
      await measureLargeExport(server, report);
    }
    if (isWanted('ingestion')) await measureIngestion(server, report, load);
    if (isWanted('prompts')) await measurePrompts(server, report, { requests });
    if (isWanted('baselines')) await measureBaselines(server, report, seconds);
    if (isWanted('detail')) await measureDetail(server, report, { observations: Math.min(rows, 10_000), requests: 20 });
    const reads = { observations: rows, requests };
    if (isWanted('list')) await measureLists(server, report, reads);
    if (isWanted('sessions')) await measureSessions(server, report, reads);
    if (isWanted('daily')) await measureDaily(server, report, reads);
    if (isWanted('analytics')) await measureAnalytics(server, report, reads);
    if (isWanted('points')) await measurePoints(server, report, load);
    if (isWanted('metric-queries')) await measureMetricQueries(server, report, { points, requests, seconds });
    if (isWanted('retention')) await measureRetention(report, { observations: Math.min(rows, 467_000), databaseUrl });
    if (isWanted('growth')) await measureGrowth(report, { rows: growthRows, requests });
  } finally {
    const fault = await server.stop();
    if (fault !== undefined) report.fault(fault);
    console.log(`\n${report.finish(startedAt)}`);
  }
  return report.faults.length === 0 ? 0 : 1;
}

async function describe(server: BenchServer): Promise<Record<string, unknown>> {
  const { version } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as { version: string };
  return {
    xtrace: version,
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()[0]?.toFixed(1)}`,
    postgresql: await server.database.describe(),
    payload: '3.2 KB an observation: input 1.95 (3 % of 20), output 0.8, metadata 0.5; 8 observations a trace; seeded',
    changed: CHANGED_SETTINGS,
  };
}

process.exitCode = await main();
