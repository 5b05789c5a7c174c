import { type Rhythm } from './rhythm.js';

/** How the self-hosted model servers fare: read by the traces of their callers and by the time series of the servers. */
export interface ServingState {
  /** Share of the batch slots in use, 0 to 1. */
  readonly occupancy: number;
  /** Requests that wait for a slot on each replica. */
  readonly waiting: number;
  /** How long a request waits for its slot. */
  readonly queueMs: number;
  /** Share of the usual speed at which tokens come, 0 to 1: a full batch is slower, a hot GPU much slower. */
  readonly speed: number;
}

/** Demand above which requests have to wait. */
const CAPACITY = 1.05;
const WAITING_PER_EXCESS = 60;
const MS_PER_WAITING = 190;
/** What a GPU that slows itself down still does. */
const HOT_SPEED = 0.45;

/** The state of one replica. @param isHot whether it runs on the node whose cooling has failed. */
export function servingAt(rhythm: Rhythm, timeMs: number, isHot: boolean): ServingState {
  const capacity = isHot ? CAPACITY * HOT_SPEED : CAPACITY;
  const demand = rhythm.demandAt(timeMs);
  const waiting = Math.max(0, demand - capacity) * WAITING_PER_EXCESS;
  const occupancy = Math.min(1, demand / capacity);
  return {
    occupancy,
    waiting,
    queueMs: waiting * MS_PER_WAITING,
    speed: (1 - 0.35 * occupancy) * (isHot ? HOT_SPEED : 1),
  };
}

/** A GPU server. */
export interface GpuNode {
  readonly nodeId: string;
  readonly gpuName: string;
  readonly gpuCount: number;
  readonly memoryMb: number;
  readonly idleWatts: number;
  readonly maxWatts: number;
}

/** One copy of a model, and the GPUs that it has to itself. */
export interface Replica {
  readonly modelUid: string;
  readonly replicaId: string;
  readonly nodeId: string;
  readonly gpus: readonly number[];
  /** Requests that it answers at once. */
  readonly slots: number;
  readonly tokensPerSecondPerSlot: number;
  /** Share of the GPUs' memory that weights and cache take; servers reserve it at start. */
  readonly memoryShare: number;
}

export const NODES: readonly GpuNode[] = [
  { nodeId: 'gpu-node-1', gpuName: 'NVIDIA A100 80GB', gpuCount: 4, memoryMb: 81_920, idleWatts: 58, maxWatts: 400 },
  { nodeId: 'gpu-node-2', gpuName: 'NVIDIA A100 80GB', gpuCount: 4, memoryMb: 81_920, idleWatts: 61, maxWatts: 400 },
  { nodeId: 'gpu-node-3', gpuName: 'NVIDIA L40S', gpuCount: 2, memoryMb: 46_068, idleWatts: 34, maxWatts: 350 },
];

/** The node whose cooling fails. */
export const HOT_NODE = 'gpu-node-2';

const large = { modelUid: 'qwen2.5-72b-instruct', slots: 48, tokensPerSecondPerSlot: 22, memoryShare: 0.91 };

export const REPLICAS: readonly Replica[] = [
  { ...large, replicaId: 'qwen-0', nodeId: 'gpu-node-1', gpus: [0, 1, 2, 3] },
  { ...large, replicaId: 'qwen-1', nodeId: 'gpu-node-2', gpus: [0, 1, 2, 3] },
  {
    modelUid: 'llama-3.1-8b-instruct',
    replicaId: 'llama-0',
    nodeId: 'gpu-node-3',
    gpus: [0],
    slots: 96,
    tokensPerSecondPerSlot: 38,
    memoryShare: 0.88,
  },
  {
    modelUid: 'bge-m3',
    replicaId: 'bge-0',
    nodeId: 'gpu-node-3',
    gpus: [1],
    slots: 64,
    tokensPerSecondPerSlot: 0,
    memoryShare: 0.34,
  },
];
