import { createServer, type AddressInfo } from 'node:net';
import { SETTINGS } from '../../src/config/config.js';
import {
  removeFolder,
  startServer,
  temporaryFolder,
  TEST_TOKEN,
  type RunningServer,
} from '../support/server-process.js';
import { BenchDatabase } from './bench-database.js';
import { HttpClient } from './http-client.js';

/** What differs from a shipped start, apart from the address, the data folder and the credentials. */
export const CHANGED_SETTINGS = { RATE_LIMIT_QPS: '1000000', RATE_LIMIT_BURST: '1000000' };

/** The built server under measurement, started the way `npm start` does. */
export class BenchServer {
  private constructor(
    readonly process: RunningServer,
    readonly database: BenchDatabase,
    /** From the spawn to the line that says it is ready. */
    readonly readyMs: number,
    private readonly ownsDataDir: boolean,
    /** Host and port of OTLP/gRPC; undefined while the server does not speak it. */
    readonly grpcAddress: string | undefined,
  ) {}

  /** On a fresh data folder, or on `dataDir`, which is then kept. */
  static async start(
    options: { dataDir?: string; databaseUrl?: string; env?: Readonly<Record<string, string>> } = {},
  ): Promise<BenchServer> {
    const dataDir = options.dataDir ?? temporaryFolder();
    const { databaseUrl } = options;
    const grpcPort = hasGrpc() ? await freePort() : undefined;
    const startedAt = performance.now();
    const process = await startServer({
      dataDir,
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      env: { ...CHANGED_SETTINGS, ...grpcEnv(grpcPort), ...options.env },
      readyTimeoutMs: 120_000,
    });
    const readyMs = performance.now() - startedAt;
    const database = await BenchDatabase.open(dataDir, databaseUrl);
    const grpcAddress = grpcPort === undefined ? undefined : `127.0.0.1:${grpcPort}`;
    return new BenchServer(process, database, readyMs, options.dataDir === undefined, grpcAddress);
  }

  client(connections: number): HttpClient {
    return new HttpClient(this.process.url, TEST_TOKEN, connections);
  }

  /** Stops as an operator does, and says how it ended if that was not well. */
  async stop(): Promise<string | undefined> {
    await this.database.close();
    const { code, signal } = await this.process.stop();
    if (this.ownsDataDir) removeFolder(this.process.dataDir);
    return code === 0
      ? undefined
      : `the server ended with ${signal ?? `exit code ${code}`}: ${this.process.stderr().slice(-500)}`;
  }
}

const GRPC_PORT = 'OTLP_GRPC_PORT';

function hasGrpc(): boolean {
  return Object.values(SETTINGS).some(({ name }) => name === GRPC_PORT);
}

const grpcEnv = (port: number | undefined): Record<string, string> =>
  port === undefined ? {} : { [GRPC_PORT]: String(port) };

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
