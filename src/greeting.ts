import type { AddressInfo } from 'node:net';
import type { Config } from './config/config.js';
import type { Credentials } from './config/credentials.js';
import { logsJson } from './http/logger.js';

/** Where the API listens, and on the same host what else is open. */
export interface Bound extends AddressInfo {
  readonly grpc?: number;
  readonly otlpHttp?: number;
}

/**
 * What a ready server prints, line by line. The first line begins with `xtrace is ready on` and the address; tools wait
 * for it. Secrets that were generated are shown at the first start only, to people: never in production or in JSON.
 */
export function greeting(config: Config, credentials: Credentials, bound: Bound): string[] {
  const base = `http://${reachableHost(bound)}:${bound.port}`;
  const lines = [`xtrace is ready on ${base} (API documentation: ${base}/docs)`];
  const host = reachableHost(bound);
  if (bound.grpc !== undefined) lines.push(`OTLP over gRPC on ${host}:${bound.grpc}`);
  if (bound.otlpHttp !== undefined) lines.push(`OTLP over HTTP on http://${host}:${bound.otlpHttp}`);
  if (config.production || !credentials.generated) return lines;
  if (!credentials.firstStart || logsJson(config)) return [...lines, `Credentials are kept in ${credentials.file}`];

  const { bearerToken, publicKey, secretKey, file } = credentials;
  lines.push(`New credentials, kept in ${file}:`);
  if (config.bearerToken === undefined) lines.push(`  API token   ${bearerToken}`);
  if (config.publicKey === undefined) lines.push(`  public key  ${publicKey}`, `  secret key  ${secretKey}`);
  const login =
    config.bearerToken === undefined ? `-H 'Authorization: Bearer ${bearerToken}'` : `-u '${publicKey}:${secretKey}'`;
  const trace = JSON.stringify({ trace: { id: 'hello-1', name: 'hello', input: 'Are you there?', output: 'Yes.' } });
  return [
    ...lines,
    'Send a first trace, then read it:',
    `  curl -w '\\n' ${login} -H 'Content-Type: application/json' -d '${trace}' ${base}/v1/l/batch`,
    `  curl -w '\\n' ${login} ${base}/api/public/traces/hello-1`,
  ];
}

/** An address to open in a browser: a server that listens everywhere is also here. */
function reachableHost({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return family === 'IPv6' ? `[${address}]` : address;
}
