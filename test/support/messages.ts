import { type IngestBatch } from '../../src/domain/ingest-batch.js';
import { type ObservationPatch } from '../../src/domain/observation.js';
import { inheritedStamp } from '../../src/domain/time.js';
import { type TracePatch } from '../../src/domain/trace.js';

export type Patch = TracePatch | ObservationPatch;

/** A repeatable source of randomness (mulberry32). */
export class Random {
  constructor(private seed: number) {}

  next(): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j]!, result[i]!];
    }
    return result;
  }
}

export interface MessageShape {
  readonly traces: number;
  readonly sessions: number;
  readonly observationsPerTrace: number;
  /** Start of the time range in which everything happens, in microseconds. */
  readonly epoch: number;
}

/** Messages about a few traces and their observations, made to collide: few values, few distinct stamps, many repetitions of a key. */
export function randomMessages(random: Random, shape: MessageShape): Patch[] {
  const messages: Patch[] = [];
  for (let t = 0; t < shape.traces; t += 1) {
    const traceId = `trace-${t}`;
    const time = (): number => shape.epoch + random.below(40) * 1_000_000;
    for (let n = 1 + random.below(4); n > 0; n -= 1) messages.push(randomTracePatch(random, traceId, time, shape));
    for (let o = random.below(shape.observationsPerTrace); o >= 0; o -= 1) {
      // Ids repeat across traces: the key is the pair.
      for (let n = 1 + random.below(4); n > 0; n -= 1)
        messages.push(randomObservationPatch(random, traceId, `obs-${o}`, time));
    }
  }
  return messages;
}

function randomTracePatch(random: Random, traceId: string, time: () => number, shape: MessageShape): TracePatch {
  const stamp = random.chance(0.4) ? inheritedStamp(time(), random.chance(0.3)) : time() * 2 + random.below(2);
  const patch: TracePatch = { kind: 'trace', index: 0, traceId, stamp };
  if (random.chance(0.5)) patch.name = orNull(random, `name ${random.below(5)}`);
  if (random.chance(0.3)) patch.userId = orNull(random, `user-${random.below(6)}`);
  if (random.chance(0.6)) patch.sessionId = orNull(random, `session-${random.below(shape.sessions)}`);
  if (random.chance(0.3)) patch.release = orNull(random, `r${random.below(3)}`);
  if (random.chance(0.2)) patch.version = `v${random.below(3)}`;
  if (random.chance(0.3)) patch.public = random.chance(0.5);
  if (random.chance(0.2)) patch.bookmarked = random.chance(0.5);
  if (random.chance(0.1)) patch.externalId = `external ${random.below(3)}`;
  if (random.chance(0.3)) patch.timestamp = time();
  if (random.chance(0.3) && stamp > 0) patch.environment = random.pick(['prod', 'dev', 'test']);
  if (random.chance(0.5))
    patch.tags = Array.from({ length: random.below(4) }, () =>
      random.pick(['α', 'b', 'c', '{d}', 'e,f', '"g"', '😀', '\uff5e']),
    );
  if (random.chance(0.5)) patch.metadata = randomMetadata(random);
  if (random.chance(0.4)) patch.input = JSON.stringify(random.pick(['😀', '\uff5e', 'in', { a: random.below(3) }]));
  if (random.chance(0.4)) patch.output = JSON.stringify({ out: random.below(50) });
  if (random.chance(0.1)) patch.statedCostUsd = random.below(100) / 8;
  if (random.chance(0.1)) patch.statedLatencySeconds = orNull(random, random.below(100) / 7);
  return patch;
}

function randomObservationPatch(random: Random, traceId: string, id: string, time: () => number): ObservationPatch {
  const patch: ObservationPatch = { kind: 'observation', index: 0, traceId, id, stamp: time() * 2 + random.below(2) };
  if (random.chance(0.7)) patch.startTime = time() + random.below(3) * 3_600_000_000;
  if (random.chance(0.6)) patch.endTime = orNull(random, time() + random.below(9) * 3_600_000_000);
  if (random.chance(0.6)) patch.type = random.pick(['SPAN', 'GENERATION', 'GENERATION', 'TOOL', 'AGENT']);
  if (random.chance(0.3)) patch.fallbackType = 'GENERATION';
  if (random.chance(0.5)) patch.name = orNull(random, `step ${random.below(5)}`);
  if (random.chance(0.3)) patch.level = random.pick(['ERROR', 'DEFAULT', 'WARNING']);
  if (random.chance(0.5)) patch.model = orNull(random, random.pick(['gpt-x', 'claude-y', 'qwen-z']));
  // Few counts, so that one call is often like the other.
  if (random.chance(0.5))
    patch.usage = random.chance(0.2)
      ? { input: 9, output: random.below(2) }
      : random.chance(0.8)
        ? { input: random.below(1000), output: random.below(500), input_cached: 7 }
        : orNull(random, { total: 5 });
  if (random.chance(0.4)) patch.statedCost = { total: random.below(10_000) / 1e6, input: 0.000123 };
  if (random.chance(0.3)) patch.environment = random.pick(['prod', 'dev', 'test']);
  if (random.chance(0.2)) patch.statedLatencySeconds = random.below(100) / 4;
  if (random.chance(0.4)) patch.parentObservationId = `obs-${random.below(5)}`;
  if (random.chance(0.2)) patch.completionStartTime = orNull(random, time());
  if (random.chance(0.2)) patch.statusMessage = orNull(random, random.pick(['😀', '\uff5e', '']));
  if (random.chance(0.2)) patch.modelParameters = JSON.stringify({ temperature: random.below(3) / 10 });
  if (random.chance(0.2)) patch.version = orNull(random, `v${random.below(3)}`);
  if (random.chance(0.1)) patch.promptId = `prompt ${random.below(2)}`;
  if (random.chance(0.1)) patch.promptName = `prompt ${random.below(2)}`;
  if (random.chance(0.1)) patch.promptVersion = String(random.below(12));
  if (random.chance(0.1)) patch.usageUnit = orNull(random, 'CHARACTERS');
  if (random.chance(0.1)) patch.statedTimeToFirstTokenSeconds = random.below(100) / 7;
  if (random.chance(0.1)) patch.modelId = `model ${random.below(2)}`;
  if (random.chance(0.1)) patch.inputPriceUsd = random.below(12) / 1e7;
  if (random.chance(0.1)) patch.outputPriceUsd = orNull(random, random.below(12) / 1e7);
  if (random.chance(0.1)) patch.totalPriceUsd = random.below(12) / 1e7;
  if (random.chance(0.2)) patch.requestedModel = orNull(random, random.pick(['gpt-x', 'gpt-x-latest']));
  if (random.chance(0.2)) patch.provider = orNull(random, random.pick(['openai', 'aws.bedrock']));
  if (random.chance(0.2)) patch.finishReason = orNull(random, random.pick(['stop', 'length']));
  if (random.chance(0.2)) patch.toolName = orNull(random, random.pick(['search', '😀']));
  if (random.chance(0.2)) patch.toolNames = orNull(random, random.pick(['search', 'search\nbook', '😀']));
  if (random.chance(0.2)) patch.calledToolNames = orNull(random, random.pick(['search', 'search\nsearch\nbook']));
  if (random.chance(0.2)) patch.agentName = orNull(random, random.pick(['planner', 'writer']));
  if (random.chance(0.2)) patch.turnId = orNull(random, `turn-${random.below(3)}`);
  if (random.chance(0.2)) patch.runId = orNull(random, `run-${random.below(3)}`);
  if (random.chance(0.2)) patch.stepId = orNull(random, `step-${random.below(3)}`);
  if (random.chance(0.2)) patch.parentStepId = orNull(random, `step-${random.below(3)}`);
  if (random.chance(0.2)) patch.stepType = orNull(random, random.pick(['planner', 'handoff']));
  if (random.chance(0.2)) patch.attemptIndex = orNull(random, random.below(3));
  if (random.chance(0.2)) patch.runState = orNull(random, random.pick(['running', 'success']));
  if (random.chance(0.1)) patch.experiment = orNull(random, { name: random.pick(['a', 'b']), id: 'e' });
  if (random.chance(0.4)) patch.metadata = randomMetadata(random);
  if (random.chance(0.5)) patch.input = JSON.stringify(`in ${random.below(1_000_000)} ${'é'.repeat(random.below(40))}`);
  if (random.chance(0.5)) patch.output = JSON.stringify(random.pick(['😀', '\uff5e', [random.below(9)]]));
  return patch;
}

function orNull<T>(random: Random, value: T): T | null {
  return random.chance(0.1) ? null : value;
}

function randomMetadata(random: Random): Map<string, string> {
  const values = [1, 'x', [1, 2], { z: random.below(3), aa: 1 }, { aa: 1, z: 2 }, [['aa', 1]], { aa: 1 }, true, null];
  const metadata = new Map<string, string>();
  for (let k = random.below(4); k >= 0; k -= 1) {
    metadata.set(
      random.pick(['k0', 'k1', 'long key', '__proto__', 'constructor']),
      JSON.stringify(random.pick(values)),
    );
  }
  return metadata;
}

/** The messages as one batch of a project. */
export function batchOf(projectNo: number, patches: readonly Patch[]): IngestBatch {
  return {
    project: { no: projectNo, id: `project ${projectNo}` },
    traces: patches.filter((patch): patch is TracePatch => patch.kind === 'trace'),
    observations: patches.filter((patch): patch is ObservationPatch => patch.kind === 'observation'),
    bytes: patches.length * 100,
  };
}

/** When everything arrives in tests that compare rows, so that no column depends on the clock of the machine. */
export const NOW_MS = Date.UTC(2026, 0, 31, 9, 30);

/** `items` cut into pieces of 1 to `largest`. */
export function cutInPieces<T>(random: Random, items: readonly T[], largest: number): T[][] {
  const pieces: T[][] = [];
  for (let at = 0; at < items.length;) {
    const piece = items.slice(at, at + 1 + random.below(largest));
    pieces.push(piece);
    at += piece.length;
  }
  return pieces;
}

/** The messages in another order, and about every `1 / share`-th of them once more. */
export function disordered<T>(random: Random, items: readonly T[], share = 0.2): T[] {
  return random.shuffled([...items, ...items.filter(() => random.chance(share))]);
}
