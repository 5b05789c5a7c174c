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

/** Context of lines of the process itself. */
const SERVER = 'Server';

/** Whether the log is one JSON object a line: as LOG_FORMAT says, by itself in production. */
export function logsJson({ logFormat, production }: Pick<Config, 'logFormat' | 'production'>): boolean {
  return logFormat === 'auto' ? production : logFormat === 'json';
}

/**
 * JSON lines or readable ones; Nest's own list of modules and routes only when debugging. Messages and stacks lose what
 * looks like a secret: an error may quote the address of a database, or an id.
 */
export class ServerLogger extends ConsoleLogger {
  private readonly isDebug: boolean;
  private readonly isJson: boolean;
  private readonly secretKeys: SecretKeys;

  constructor(config: Pick<Config, 'logLevel' | 'logFormat' | 'production' | 'redactKeys'>) {
    const json = logsJson(config);
    super({
      logLevels: LEVELS[config.logLevel],
      json,
      prefix: 'xtrace',
      flattenParams: true,
      // Undefined, as it is without a terminal, would leave the choice to Nest.
      colors: !json && process.stdout.isTTY === true,
    });
    this.isJson = json;
    this.secretKeys = new SecretKeys(config.redactKeys);
    this.isDebug = config.logLevel === 'debug';
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (this.isDebug || !START_CONTEXTS.has(rest.at(-1))) super.log(message, ...rest);
  }

  /** A failed start is the process's to report, in one line. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (this.isDebug || !START_FAILURE_CONTEXTS.has(rest.at(-1))) super.error(message, ...rest);
  }

  /** What the process says of its start and end, whatever the level: bare in the readable format, where a person reads it. */
  announce(line: string, level: 'info' | 'warn' | 'error' = 'info'): void {
    const stream = level === 'info' ? 'stdout' : 'stderr';
    if (this.isJson) this.printMessages([line], SERVER, level === 'info' ? 'log' : level, stream);
    // What is announced to a person are the credentials themselves, the first time.
    else process[stream].write(`${level === 'info' ? line : cleanText(line, this.secretKeys).text}\n`);
  }

  /** Names and units as log collectors know them: `time` in RFC 3339, the level by the name that LOG_LEVEL has for it. */
  protected override stringifyJsonLogObject(record: ReturnType<ConsoleLogger['getJsonLogObject']>): string {
    const { level, timestamp, ...rest } = record;
    const time = new Date(timestamp).toISOString();
    return super.stringifyJsonLogObject({ time, level: level === 'log' ? 'info' : level, ...rest });
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
