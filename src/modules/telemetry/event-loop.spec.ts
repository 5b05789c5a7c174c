import { EventLoop } from './event-loop.js';
import { newRegistry } from './registry.js';

/** The lines of one series. */
async function linesOf(registry: ReturnType<typeof newRegistry>, name: string): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
}

describe('the event loop', () => {
  test('that is blocked for a while counts as late, and as active', async () => {
    const registry = newRegistry();
    const loop = new EventLoop(registry);
    try {
      const until = performance.now() + 700;
      while (performance.now() < until);
      const count = 'xtrace_event_loop_delay_seconds_count';
      while ((await linesOf(registry, count))[0] === `${count} 0`)
        await new Promise((resolve) => setImmediate(resolve));
      // Due after 200 ms, it came after 700.
      expect(await linesOf(registry, 'xtrace_event_loop_delay_seconds_bucket{le="0.25"}')).toEqual([
        'xtrace_event_loop_delay_seconds_bucket{le="0.25"} 0',
      ]);
      const [active] = await linesOf(registry, 'xtrace_event_loop_active_seconds_total');
      expect(Number(active!.split(' ')[1])).toBeGreaterThan(0);
    } finally {
      loop.onApplicationShutdown();
    }
  });

  test('is told by no other series, which would measure it worse', () => {
    const names = newRegistry()
      .getMetricsAsArray()
      .map(({ name }) => name);
    expect(names).toContain('process_resident_memory_bytes');
    expect(names.filter((name) => name.startsWith('nodejs_eventloop_lag_'))).toEqual([]);
  });
});
