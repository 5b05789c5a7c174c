import { ConsoleLogger, type LogLevel as NestLogLevel } from '@nestjs/common';
import type { Config, LogLevel } from '../config/config.js';

const LEVELS: Readonly<Record<LogLevel, NestLogLevel[]>> = {
  error: ['fatal', 'error'],
  warn: ['fatal', 'error', 'warn'],
  info: ['fatal', 'error', 'warn', 'log'],
  debug: ['fatal', 'error', 'warn', 'log', 'debug'],
};

/** Contexts in which Nest reports every module and route at each start. */
const START_CONTEXTS: ReadonlySet<unknown> = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
]);

/** Contexts in which Nest reports a failed start, with a stack, before it rethrows. */
const START_FAILURE_CONTEXTS: ReadonlySet<unknown> = new Set(['ExceptionHandler', 'NestApplication']);

/** One JSON object a line in production, readable lines elsewhere; Nest's own list of modules and routes only when debugging. */
export class ServerLogger extends ConsoleLogger {
  private readonly isDebug: boolean;

  constructor({ logLevel, production }: Pick<Config, 'logLevel' | 'production'>) {
    super({ logLevels: LEVELS[logLevel], json: production, colors: !production && process.stdout.isTTY });
    this.isDebug = logLevel === 'debug';
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (this.isDebug || !START_CONTEXTS.has(rest.at(-1))) super.log(message, ...rest);
  }

  /** A failed start is the process's to report, in one line. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (this.isDebug || !START_FAILURE_CONTEXTS.has(rest.at(-1))) super.error(message, ...rest);
  }
}
