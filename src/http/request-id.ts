import { randomUUID } from 'node:crypto';

/** What proxies and tracing systems send: UUIDs, hex, ULIDs. Nothing that could break a line of a log or a header. */
const ACCEPTED = /^[\w.:=+/-]{1,128}$/;

/** The id that names a request in answers, logs and deliveries: the one that `x-request-id` brings if it is fit to be repeated, else a new one. */
export function requestIdOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' && ACCEPTED.test(header) ? header : randomUUID();
}
