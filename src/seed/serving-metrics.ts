import { type Rhythm } from './rhythm.js';
import { type GpuNode, HOT_NODE, NODES, type Replica, REPLICAS, servingAt } from './serving.js';

/** A point as `POST /v1/metrics/batch` takes it. */
export interface WirePoint {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp: string;
}

const MEAN_PROMPT_PER_ANSWER = 6.5;
const ROOM_CELSIUS = 27;
/** How much later than its load a GPU is warm. */
const WARM_UP_MS = 8 * 60_000;
const THROTTLE_CELSIUS = 87;

/** Series that {@link pointsAt} gives for one moment. */
export const SERIES_COUNT = NODES.reduce((sum, { gpuCount }) => sum + gpuCount * 4, 0) + REPLICAS.length * 7;

/** All points of one moment: every GPU, and every replica of a model server. */
export function pointsAt(rhythm: Rhythm, timeMs: number): WirePoint[] {
  const points: WirePoint[] = [];
  const timestamp = new Date(timeMs).toISOString();
  const add = (labels: WirePoint['labels'], values: Readonly<Record<string, number>>): void => {
    for (const [name, value] of Object.entries(values)) points.push({ name, labels, value: round(value), timestamp });
  };
  for (const node of NODES) {
    for (let gpu = 0; gpu < node.gpuCount; gpu += 1) {
      const labels = { node_id: node.nodeId, gpu_index: String(gpu), gpu_name: node.gpuName };
      add(labels, gpuValues(rhythm, node, gpu, timeMs));
    }
  }
  for (const replica of REPLICAS) {
    const { modelUid: model_uid, replicaId: replica_id, nodeId: node_id } = replica;
    add({ model_uid, replica_id, node_id }, replicaValues(rhythm, replica, timeMs));
  }
  return points;
}

function gpuValues(rhythm: Rhythm, node: GpuNode, gpu: number, timeMs: number): Record<string, number> {
  const replica = REPLICAS.find(({ nodeId, gpus }) => nodeId === node.nodeId && gpus.includes(gpu));
  const isHot = isHotAt(rhythm, node.nodeId, timeMs);
  const seed = hash(node.nodeId.length * 97 + node.nodeId.charCodeAt(node.nodeId.length - 1) * 13 + gpu);
  const load = utilization(rhythm, node, timeMs);
  const earlier = utilization(rhythm, node, timeMs - WARM_UP_MS);
  const percent = clamp(load * 100 + wander(seed, timeMs) * 6, 0, 100);
  const warm = ROOM_CELSIUS + 6 + 41 * ((load + earlier) / 2) + (gpu % 2) * 3;
  const celsius = isHot ? THROTTLE_CELSIUS + 2 * wander(seed + 1, timeMs) : warm + 1.5 * wander(seed + 1, timeMs);
  const watts = node.idleWatts + (node.maxWatts - node.idleWatts) * (percent / 100) * (isHot ? 0.55 : 0.9);
  const memory = node.memoryMb * clamp((replica?.memoryShare ?? 0.01) + 0.004 * wander(seed + 2, timeMs), 0, 1);
  return {
    gpu_utilization: percent,
    gpu_memory_used_mb: Math.round(memory),
    gpu_temperature_celsius: celsius,
    gpu_power_watts: watts,
  };
}

function replicaValues(rhythm: Rhythm, replica: Replica, timeMs: number): Record<string, number> {
  const isHot = isHotAt(rhythm, replica.nodeId, timeMs);
  const { occupancy, waiting, queueMs, speed } = servingAt(rhythm, timeMs, isHot);
  const seed = hash(replica.replicaId.length * 131 + replica.replicaId.charCodeAt(0) * 31 + replica.slots);
  const busy = clamp(occupancy * (1 + 0.12 * wander(seed, timeMs)), 0, 1);
  const running = Math.round(busy * replica.slots);
  const tokens = running * replica.tokensPerSecondPerSlot * speed;
  const isEmbedder = replica.tokensPerSecondPerSlot === 0;
  return {
    running_requests: running,
    pending_requests: Math.max(0, Math.round(waiting * (1 + 0.25 * wander(seed + 1, timeMs)))),
    kv_cache_usage: isEmbedder ? 0 : clamp(0.06 + 0.86 * busy + 0.03 * wander(seed + 2, timeMs), 0, 1),
    prefix_cache_hit_rate: isEmbedder ? 0 : clamp(0.62 + 0.08 * wander(seed + 3, timeMs) - 0.2 * busy, 0, 1),
    generation_tokens_per_second: tokens,
    prompt_tokens_per_second: isEmbedder ? running * 900 : tokens * MEAN_PROMPT_PER_ANSWER,
    time_to_first_token_seconds: (0.15 + 0.25 * busy + queueMs / 1000) * (1 + 0.1 * wander(seed + 4, timeMs)),
  };
}

/** Share of the time in which the GPU computes. Saturates before the batch is full. */
function utilization(rhythm: Rhythm, node: GpuNode, timeMs: number): number {
  const isHot = isHotAt(rhythm, node.nodeId, timeMs);
  return 1 - Math.exp(-2.6 * servingAt(rhythm, timeMs, isHot).occupancy);
}

function isHotAt(rhythm: Rhythm, nodeId: string, timeMs: number): boolean {
  return nodeId === HOT_NODE && rhythm.isHot(timeMs);
}

const KNOT_MS = 7 * 60_000;

/** Smooth noise from -1 to 1: random values every few minutes, joined by curves, with a little of its own at each moment. */
function wander(seed: number, timeMs: number): number {
  const knot = Math.floor(timeMs / KNOT_MS);
  const x = timeMs / KNOT_MS - knot;
  const s = x * x * (3 - 2 * x);
  const from = unit(seed, knot);
  return 0.85 * (from + (unit(seed, knot + 1) - from) * s) + 0.15 * unit(seed ^ 0x5bd1e995, Math.floor(timeMs / 1000));
}

function unit(seed: number, position: number): number {
  return hash(seed ^ hash(position | 0)) / 2_147_483_648 - 1;
}

/** Mixes the bits of a 32-bit number (finalizer of MurmurHash3). Hundreds of thousands of points need it cheap. */
function hash(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
