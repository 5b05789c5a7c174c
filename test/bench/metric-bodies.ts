/** Series of one body: what an agent with many gauges sends at one moment. */
export const POINTS_PER_BODY = 1000;

const TIME = '2026-01-01T00:00:00.000Z';

/**
 * A `POST /v1/metrics/batch` body of 1,000 series with four labels each, whose time is overwritten in place, so that the
 * client costs little while it measures.
 */
export class PointBody {
  readonly bytes: Buffer;
  private readonly spots: readonly number[];

  /** @param node tells the series of one body from those of another. */
  constructor(
    node: number,
    private timeMs: number,
  ) {
    const metrics = Array.from({ length: POINTS_PER_BODY }, (_, i) => ({
      name: NAMES[i % NAMES.length],
      labels: {
        node_id: `node-${node}`,
        gpu_index: String(Math.floor(i / NAMES.length) % 8),
        model_uid: `model-${Math.floor(i / NAMES.length / 8)}`,
        replica_id: 'replica-0',
      },
      value: Math.round(1e4 * Math.abs(Math.sin(i + node))) / 100,
      timestamp: TIME,
    }));
    const text = JSON.stringify({ metrics });
    this.bytes = Buffer.from(text);
    this.spots = [...text.matchAll(new RegExp(TIME, 'g'))].map((match) => match.index);
  }

  /** The same series, a tenth of a second later. */
  next(): Buffer {
    this.timeMs += 100;
    const time = new Date(this.timeMs).toISOString();
    for (const at of this.spots) this.bytes.write(time, at, 'latin1');
    return this.bytes;
  }
}

export const NAMES = [
  'gpu_utilization',
  'gpu_memory_used_mb',
  'kv_cache_usage',
  'pending_requests',
  'prefix_cache_hit_rate',
  'tokens_per_second',
  'time_to_first_token_ms',
  'queue_time_ms',
  'gpu_temperature_celsius',
  'gpu_power_watts',
];
