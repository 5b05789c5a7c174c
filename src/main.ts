import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './app.js';
import { type Config, readConfig } from './config/config.js';
import { resolveCredentials } from './config/credentials.js';
import { Lifecycle } from './config/lifecycle.js';
import { unknownSettings } from './config/unknown-settings.js';
import { greeting } from './greeting.js';
import { ServerLogger } from './http/logger.js';
import { OtlpGrpcListener } from './modules/otlp/otlp.grpc.js';
import { OtlpHttpListener } from './modules/otlp/otlp.http-listener.js';
import { type OpenDatabase, openDatabase } from './open-database.js';
import { describeStartError } from './start-error.js';

/** Below `npm start`, Ctrl-C arrives twice: from the terminal and from npm. */
const SAME_KEY_PRESS_MS = 1000;

/** The process: settings → credentials → database → application → listen, and the same way back on SIGTERM or SIGINT. */
class ServerMain {
  private config: Config | undefined;
  private logger: ServerLogger | undefined;
  private database: OpenDatabase | undefined;
  private app: NestFastifyApplication | undefined;
  private isStopping = false;
  private stoppingSince = 0;

  run(): void {
    process.on('SIGTERM', (signal) => this.onSignal(signal));
    process.on('SIGINT', (signal) => this.onSignal(signal));
    this.start().catch((error: unknown) => this.fail(error));
  }

  private async start(): Promise<void> {
    const config = (this.config = readConfig());
    const logger = (this.logger = new ServerLogger(config));
    for (const warning of unknownSettings(process.env)) logger.announce(warning, 'warn');
    const credentials = resolveCredentials(config);
    const database = (this.database = await openDatabase(config, (line) => logger.announce(line)));
    this.app = await createApp({ config, credentials, database: database.connection });
    await this.app.listen(config.bindPort, config.bindHost);
    const bound = (this.app.getHttpServer() as { address(): AddressInfo }).address();
    const ports = { grpc: this.app.get(OtlpGrpcListener).port, otlpHttp: this.app.get(OtlpHttpListener).port };
    for (const line of greeting(config, credentials, { ...bound, ...ports })) logger.announce(line);
  }

  private onSignal(signal: NodeJS.Signals): void {
    if (this.isStopping) {
      if (Date.now() - this.stoppingSince < SAME_KEY_PRESS_MS) return;
      this.complain(`xtrace: ${signal} again, ending without waiting for open requests`);
      process.exit(1);
    }
    this.isStopping = true;
    this.stoppingSince = Date.now();
    this.stop(signal).then(
      () => process.exit(0),
      (error: unknown) => {
        this.complain(`xtrace: the stop failed: ${error instanceof Error ? error.stack : String(error)}`);
        process.exit(1);
      },
    );
  }

  private async stop(signal: NodeJS.Signals): Promise<void> {
    const { app, config, logger } = this;
    if (app && config) {
      logger?.announce(`xtrace: ${signal}, finishing open requests`);
      app.get(Lifecycle).beginDraining();
      await new Promise((resolve) => setTimeout(resolve, config.shutdownDelayMs));
      setTimeout(() => {
        this.complain(
          `xtrace: still busy after SHUTDOWN_GRACE_MS (${config.shutdownGraceMs}), ending without waiting longer`,
        );
        process.exit(1);
      }, config.shutdownGraceMs);
      await app.close();
    }
    await this.database?.stop();
    if (app) logger?.announce('xtrace: stopped');
  }

  private async fail(error: unknown): Promise<void> {
    if (this.isStopping) return;
    for (const line of describeStartError(error, { config: this.config, database: this.database?.connection }))
      this.complain(`xtrace cannot start: ${line}`);
    if (this.config?.logLevel === 'debug') console.error(error);
    await this.app?.close().catch(() => undefined);
    await this.database?.stop();
    process.exit(1);
  }

  /** Before the settings are read nobody knows of a format. */
  private complain(line: string): void {
    if (this.logger === undefined) console.error(line);
    else this.logger.announce(line, 'error');
  }
}

new ServerMain().run();
