/**
 * Which usage is a repetition of other usage in its trace, and so must not be summed (OpenTelemetry producers: agents and
 * workflows repeat what the calls below them used, gateways trace one call twice). Tokens and cost are judged apart:
 *
 * - Model calls (GENERATION, EMBEDDING, and what has no type yet) are summed. Other types keep theirs to themselves.
 * - Of a model call and one directly below it, of the same type and model and with equal token counts, the lower counts.
 * - An AGENT counts where no model call below it, at any depth, states any, and no such agent is above it.
 */

/** What of an observation decides. */
export interface UsageNode {
  readonly id: string;
  readonly parentId: string | null;
  readonly type: string | null;
  readonly model: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly totalTokens: number | null;
  readonly costNanoUsd: number | null;
}

/** Bits of what is left out of sums. */
export const TOKENS = 1;
export const COST = 2;

export interface UsageJudgement {
  /** Bits by id; an id that is not in it is summed in full. */
  readonly repeated: ReadonlyMap<string, number>;
  /** An agent counts because nothing below it does yet: whatever comes next may change that. */
  readonly isOpen: boolean;
}

export function hasTokens(node: UsageNode): boolean {
  return Boolean(node.inputTokens) || Boolean(node.outputTokens) || Boolean(node.totalTokens);
}

export function hasUsage(node: UsageNode): boolean {
  return hasTokens(node) || Boolean(node.costNanoUsd);
}

/** Whether its usage is summed unless it is repeated below. */
export function isModelCall(node: Pick<UsageNode, 'type'>): boolean {
  return node.type === null || node.type === 'GENERATION' || node.type === 'EMBEDDING';
}

/** Whether `child`, directly below `parent`, is the same call traced once more. */
export function isSameCall(parent: UsageNode, child: UsageNode): boolean {
  return (
    parent.id !== child.id &&
    parent.type === child.type &&
    parent.type !== null &&
    isModelCall(parent) &&
    parent.model === child.model &&
    hasTokens(child) &&
    parent.inputTokens === child.inputTokens &&
    parent.outputTokens === child.outputTokens &&
    parent.totalTokens === child.totalTokens
  );
}

/** What is left out of an observation that has none above or below it to be compared with, agents aside. */
export function repeatedByType(node: UsageNode): number {
  if (isModelCall(node)) return 0;
  return (hasTokens(node) ? TOKENS : 0) | (node.costNanoUsd ? COST : 0);
}

/** Judges all observations of one trace. Any order of `nodes` gives the same; ids are distinct. Parents may be missing. */
export function judgeUsage(nodes: Iterable<UsageNode>): UsageJudgement {
  const byId = new Map<string, UsageNode>();
  for (const node of nodes) byId.set(node.id, node);
  const repeated = new Map<string, number>();
  const leaveOut = (id: string, bits: number): void => {
    if (bits !== 0) repeated.set(id, (repeated.get(id) ?? 0) | bits);
  };

  const agents: UsageNode[] = [];
  for (const node of byId.values()) {
    if (node.type === 'AGENT') {
      if (hasUsage(node)) agents.push(node);
      continue;
    }
    leaveOut(node.id, repeatedByType(node));
    const parent = node.parentId === null ? undefined : byId.get(node.parentId);
    if (parent === undefined || !isSameCall(parent, node)) continue;
    leaveOut(parent.id, TOKENS | (parent.costNanoUsd && node.costNanoUsd ? COST : 0));
  }
  if (agents.length === 0) return { repeated, isOpen: false };

  let isOpen = false;
  for (const [bit, states] of [
    [TOKENS, hasTokens],
    [COST, (node: UsageNode) => Boolean(node.costNanoUsd)],
  ] as const) {
    const stating = agents.filter(states);
    if (stating.length === 0) continue;
    const covered = findAncestors(
      byId,
      [...byId.values()].filter((node) => isModelCall(node) && states(node)),
    );
    const open = new Set(stating.filter(({ id }) => !covered.has(id)).map(({ id }) => id));
    isOpen ||= open.size > 0;
    const isBelowOpen = belowAny(byId, open);
    for (const { id } of stating) if (covered.has(id) || isBelowOpen(id)) leaveOut(id, bit);
  }
  return { repeated, isOpen };
}

/** Ids of all that is above one of `nodes`. Ends on parents that go round in a circle. */
function findAncestors(byId: ReadonlyMap<string, UsageNode>, nodes: readonly UsageNode[]): Set<string> {
  const found = new Set<string>();
  for (const node of nodes) {
    let above = node.parentId;
    while (above !== null && !found.has(above)) {
      found.add(above);
      above = byId.get(above)?.parentId ?? null;
    }
  }
  return found;
}

/** Tells whether one of `tops` is above an id. Each step of a path is walked once, however many ask. */
function belowAny(byId: ReadonlyMap<string, UsageNode>, tops: ReadonlySet<string>): (id: string) => boolean {
  const known = new Map<string, boolean>();
  return (id) => {
    const path: string[] = [];
    const onPath = new Set<string>();
    let answer = false;
    for (let at = id; ;) {
      const before = known.get(at);
      if (before !== undefined) {
        answer = before;
        break;
      }
      if (onPath.has(at)) break;
      path.push(at);
      onPath.add(at);
      const parentId = byId.get(at)?.parentId ?? null;
      if (parentId === null || parentId === at) break;
      if (tops.has(parentId)) {
        answer = true;
        break;
      }
      at = parentId;
    }
    for (const step of path) known.set(step, answer);
    return answer;
  };
}
