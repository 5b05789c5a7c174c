/**
 * Instrumentation scopes that watch a page in a browser, as their packages name them. Their `session.id` is the visit of
 * the page (semantic conventions 1.41.1, docs/general/session.md), not a conversation.
 */
const BROWSER_SCOPES: ReadonlySet<string> = new Set([
  // OpenTelemetry for JavaScript; Grafana Faro, Honeycomb, Splunk and Uptrace use these too.
  '@opentelemetry/instrumentation-document-load',
  '@opentelemetry/instrumentation-fetch',
  '@opentelemetry/instrumentation-xml-http-request',
  '@opentelemetry/instrumentation-user-interaction',
  '@opentelemetry/instrumentation-long-task',
  '@opentelemetry/instrumentation-web-exception',
  '@opentelemetry/plugin-react-load',
  // @honeycombio/opentelemetry-web 1.5
  '@honeycombio/instrumentation-web-vitals',
  '@honeycombio/instrumentation-global-errors',
  '@honeycombio/user-instrumentation',
  // @splunk/otel-web 2.5, and @hyperdx/otel-web, which comes from it
  'splunk-connectivity',
  'splunk-frustration-signals',
  'splunk-longtask',
  'splunk-post-doc-load-resource',
  'splunk-sessions',
  'splunk-socket.io-client',
  'splunk-visibility',
  'splunk-websocket',
  'splunk-webvitals',
]);

/** @opentelemetry/browser-instrumentation 0.6 has a scope for each of its parts. */
const BROWSER_PREFIX = '@opentelemetry/browser-instrumentation/';

export function isBrowserScope(name: string): boolean {
  return BROWSER_SCOPES.has(name) || name.startsWith(BROWSER_PREFIX);
}
