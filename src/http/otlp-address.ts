/**
 * The addresses of OTLP over HTTP. Exporters append `/v1/<signal>` to OTEL_EXPORTER_OTLP_ENDPOINT and use
 * OTEL_EXPORTER_OTLP_<SIGNAL>_ENDPOINT as it is, which people mix up in a handful of ways (otlp.md §8). Such a request is
 * served where it was meant to go: some exporters take a redirect for success, and the data would be lost.
 */

const SIGNALS: ReadonlyMap<string, string> = new Map([
  ['traces', 'traces'],
  ['trace', 'traces'],
  ['metrics', 'metrics'],
  ['metric', 'metrics'],
  ['logs', 'logs'],
  ['log', 'logs'],
]);
/** Longer ones are not worth a look. */
const MAX_SEGMENTS = 12;
const LANGFUSE_PREFIX = '/api/public/otel';

const segmentsOf = (path: string): string[] =>
  path.split('?', 1)[0]!.toLowerCase().split('/', MAX_SEGMENTS).filter(Boolean);

/**
 * `url` as the routes spell it, when it is an OTLP address in one of its misspellings: another case, singular, doubled
 * parts as in `/v1/traces/v1/traces`, `/otlp` before it. The last signal counts: it is what the exporter appended. Any
 * other URL comes back as it is.
 */
export function canonicalOtlpUrl(url: string): string {
  const segments = segmentsOf(url);
  const isLangfuse = segments.slice(0, 3).join('/') === 'api/public/otel';
  const prefixLength = isLangfuse ? 3 : segments[0] === 'otlp' ? 1 : 0;
  const rest = segments.slice(prefixLength);
  if (!rest.every((segment) => segment === 'v1' || SIGNALS.has(segment))) return url;
  if (rest.length === 0) return prefixLength === 0 ? url : LANGFUSE_PREFIX;
  const signal = SIGNALS.get(rest.at(-1)!);
  if (signal === undefined || (prefixLength === 0 && rest[0] !== 'v1')) return url;
  return `${isLangfuse ? LANGFUSE_PREFIX : ''}/v1/${signal}`;
}

/** Whether whoever sends this expects OTLP's answers, also where there is no route. */
export function isOtlpRequest(url: string, headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const path = segmentsOf(canonicalOtlpUrl(url)).join('/');
  if (/^(?:v1\/(?:traces|metrics|logs|profiles)|v1development|otlp|api\/public\/otel)(?:\/|$)/.test(path)) {
    return path !== 'v1/metrics/batch';
  }
  const isProtobuf = /^application\/(?:x-)?protobuf\b/i.test(String(headers['content-type'] ?? ''));
  return isProtobuf || /^otel-otlp-exporter/i.test(String(headers['user-agent'] ?? ''));
}

/** What to set, for a log that somebody reads who set something else. */
export const OTLP_ADDRESS_HINT =
  'set OTEL_EXPORTER_OTLP_ENDPOINT to the address of this server without a path, exporters append /v1/traces, ' +
  '/v1/metrics or /v1/logs; OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and the like are used as they are and need it';
