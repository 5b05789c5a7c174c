import { ConsoleLogger, type LogLevel as NestLogLevel } from '@nestjs/common';
import type { Config, LogLevel } from '../config/config.js';
import { SecretKeys } from '../domain/secret-key.js';
import { cleanText } from '../domain/secret-text.js';

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

/**
 * One JSON object a line in production, readable lines elsewhere; Nest's own list of modules and routes only when debugging.
 * Messages and stacks lose what looks like a secret: an error may quote the address of a database, or an id.
 */
export class ServerLogger extends ConsoleLogger {
  private readonly isDebug: boolean;
  private readonly secretKeys: SecretKeys;

  constructor({ logLevel, production, redactKeys }: Pick<Config, 'logLevel' | 'production' | 'redactKeys'>) {
    super({ logLevels: LEVELS[logLevel], json: production, colors: !production && process.stdout.isTTY });
    this.isDebug = logLevel === 'debug';
    this.secretKeys = new SecretKeys(redactKeys);
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (this.isDebug || !START_CONTEXTS.has(rest.at(-1))) super.log(message, ...rest);
  }

  /** A failed start is the process's to report, in one line. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (this.isDebug || !START_FAILURE_CONTEXTS.has(rest.at(-1))) super.error(message, ...rest);
  }

  protected override printMessages(
    messages: unknown[],
    context?: string,
    logLevel?: NestLogLevel,
    stream?: 'stdout' | 'stderr',
    errorStack?: unknown,
    params?: Record<string, unknown>,
  ): void {
    super.printMessages(messages.map(this.clean), context, logLevel, stream, this.clean(errorStack), params);
  }

  protected override printStackTrace(stack: string): void {
    super.printStackTrace(this.clean(stack) as string);
  }

  private readonly clean = (message: unknown): unknown =>
    typeof message === 'string' ? cleanText(message, this.secretKeys).text : message;
}
