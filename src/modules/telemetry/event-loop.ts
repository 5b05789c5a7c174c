import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { performance } from 'node:perf_hooks';
import { Counter, Histogram, Registry } from 'prom-client';
import { METRICS_REGISTRY } from './registry.js';

/** Rare enough to cost an idle process nothing that matters (below 0.1 % CPU); a block of this length is always seen. */
const PERIOD_MS = 200;
const DELAY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Whether the one thread of this process has time: how late a timer comes, and how long it works at all. */
@Injectable()
export class EventLoop implements OnApplicationShutdown {
  private readonly timer: NodeJS.Timeout;

  constructor(@Inject(METRICS_REGISTRY) registry: Registry) {
    const delay = new Histogram({
      name: 'xtrace_event_loop_delay_seconds',
      help: 'How late a timer comes that is due five times a second.',
      buckets: DELAY_SECONDS,
      registers: [registry],
    });
    new Counter({
      name: 'xtrace_event_loop_active_seconds_total',
      help: 'Time in which the event loop was not idle; its rate is the share of one core.',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(performance.eventLoopUtilization().active / 1000);
      },
    });
    let dueMs = performance.now() + PERIOD_MS;
    this.timer = setInterval(() => {
      const nowMs = performance.now();
      delay.observe(Math.max(0, nowMs - dueMs) / 1000);
      dueMs = nowMs + PERIOD_MS;
    }, PERIOD_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
