import type { FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import { InvalidInput } from '../domain/errors.js';

/** A name or address, and a port: nothing that could make another address of the one it is put into. */
const HOST = /^(?:[\w.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * The address at which whoever sent `request` reaches this server, without a slash at the end: PUBLIC_URL, else as the
 * request was addressed. Headers of proxies count with TRUST_PROXY alone.
 * @throws InvalidInput for a Host header that is no host.
 */
export function serverAddress(
  request: Pick<FastifyRequest, 'protocol' | 'host'>,
  { publicUrl }: Pick<Config, 'publicUrl'>,
): string {
  if (publicUrl !== undefined) return publicUrl;
  const { protocol, host } = request;
  if (!HOST.test(host) || !/^https?$/.test(protocol)) throw new InvalidInput('The Host header names no host', 'host');
  return `${protocol}://${host}`;
}
