import { removeFolder, temporaryFolder } from '../support/server-process.js';
import { BenchServer } from './bench-server.js';
import { cpuSeconds, familyCpuSeconds, memoryMib } from './process-stats.js';
import { type Report } from './report.js';

/** The first start, which makes the database, and the second, as after every restart. */
export async function measureStarts(report: Report, databaseUrl: string | undefined): Promise<void> {
  const dataDir = temporaryFolder();
  try {
    for (const which of ['first', 'second']) {
      const server = await BenchServer.start({ dataDir, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
      const goal = which === 'second' ? { goal: { atMost: 3000 } } : {};
      report.add('start', `${which} start to ready`, server.readyMs, 'ms', goal);
      const fault = await server.stop();
      if (fault !== undefined) report.fault(`start: ${fault}`);
    }
  } finally {
    removeFolder(dataDir);
  }
}

/** What it costs to have it running. */
export async function measureIdle(server: BenchServer, report: Report, seconds: number): Promise<void> {
  // What the start left behind is not idleness.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const { postmasterPid } = server.database;
  const read = () => ({
    server: cpuSeconds(server.process.pid),
    postgres: postmasterPid === undefined ? NaN : familyCpuSeconds(postmasterPid),
  });
  const start = read();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const end = read();
  report.add('idle', 'server CPU', ((end.server - start.server) / seconds) * 100, '%', { goal: { atMost: 1 } });
  report.add('idle', 'PostgreSQL CPU', ((end.postgres - start.postgres) / seconds) * 100, '%');
  report.add('idle', 'server RSS', memoryMib(server.process.pid).now, 'MiB', { goal: { atMost: 256 } });
}
