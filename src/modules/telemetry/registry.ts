import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from '../../http/version.js';

/** Injection token of the prom-client {@link Registry} of this application. */
export const METRICS_REGISTRY = Symbol('MetricsRegistry');

/** Wakes the process 50 times a second, which costs nothing that can be measured; a delay that matters is longer. */
const EVENT_LOOP_RESOLUTION_MS = 20;

/** A registry with what Node tells of the process: CPU, memory, event loop, garbage collection, open files. */
export function newRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_RESOLUTION_MS });
  new Gauge({
    name: 'xtrace_build_info',
    help: 'Version of the server; always 1.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: VERSION }, 1);
  return registry;
}
