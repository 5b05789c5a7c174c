import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from '../../http/version.js';

/** Injection token of the prom-client {@link Registry} of this application. */
export const METRICS_REGISTRY = Symbol('MetricsRegistry');

/** As good as never; see {@link newRegistry}. */
const NEVER_MS = 2 ** 31 - 1;

/** A registry with what Node tells of the process: CPU, memory, garbage collection, open files. */
export function newRegistry(): Registry {
  const registry = new Registry();
  // Its monitor of the event loop wakes an idle process a hundred times a second (0.7 % CPU), counts its own period as
  // delay, and forgets at every scrape, which a second Prometheus would notice. EventLoop measures instead.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith('nodejs_eventloop_lag_')) registry.removeSingleMetric(name);
  }
  new Gauge({
    name: 'xtrace_build_info',
    help: 'Version of the server; always 1.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: VERSION }, 1);
  return registry;
}
