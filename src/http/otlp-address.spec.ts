import { canonicalOtlpUrl, isOtlpRequest } from './otlp-address.js';

test.each([
  ['/v1/traces', '/v1/traces'],
  ['/v1/traces/', '/v1/traces'],
  ['//v1//metrics', '/v1/metrics'],
  ['/v1/logs?x=1', '/v1/logs'],
  ['/V1/Traces', '/v1/traces'],
  ['/v1/trace', '/v1/traces'],
  ['/v1/v1/traces', '/v1/traces'],
  ['/v1/traces/v1/traces', '/v1/traces'],
  ['/v1/traces/v1/metrics', '/v1/metrics'],
  ['/v1/traces/traces', '/v1/traces'],
  ['/otlp/v1/logs', '/v1/logs'],
  ['/otlp/metrics', '/v1/metrics'],
  ['/otlp/', '/api/public/otel'],
  ['/api/public/otel', '/api/public/otel'],
  ['/api/public/otel/', '/api/public/otel'],
  ['/api/public/otel/v1/traces/v1/traces', '/api/public/otel/v1/traces'],
  ['/api/public/otel/traces', '/api/public/otel/v1/traces'],
])('%s means %s', (url, meant) => {
  expect(canonicalOtlpUrl(url)).toBe(meant);
});

test.each([
  '/',
  '/v1',
  '/v1/metrics/batch',
  '/v1/l/batch',
  '/metrics',
  '/logs/v1',
  '/api/public/metrics',
  '/api/public/traces?x=/v1/traces',
  '/api/public/otel/v1/spans',
  '/v1/tracesx',
  '/v1/constructor',
  `/v1${'/v1'.repeat(50)}/traces`,
])('%s is left as it is', (url) => {
  expect(canonicalOtlpUrl(url)).toBe(url);
});

test.each<[string, Record<string, string>, boolean]>([
  ['/v1/traces', {}, true],
  ['/v1/profiles', {}, true],
  ['/api/public/otel/v1/spans', {}, true],
  ['/nope', { 'content-type': 'application/x-protobuf' }, true],
  ['/', { 'user-agent': 'OTel-OTLP-Exporter-Python/1.38.0' }, true],
  ['/nope', { 'content-type': 'application/json' }, false],
  ['/v1/metrics/batch', {}, false],
  ['/api/public/metrics', {}, false],
])('%s with %j expects OTLP: %s', (url, headers, expected) => {
  expect(isOtlpRequest(url, headers)).toBe(expected);
});
