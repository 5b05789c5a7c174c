import { type ClientBase } from 'pg';
import { type LogRecord } from '../domain/log.js';
import { foldMessages, insertLogs, type LogRow, type MessagePatches, type MessageTarget } from './log-table.js';
import { bucketAt, bucketStartMs, type TraceWork } from './trace-writer.js';

/** A work with the log records that concern it. */
export interface LoggedWork extends TraceWork {
  /** Of the trace; those of no trace at all come in a work whose trace id is empty. */
  readonly logs: readonly LogRecord[];
}

/**
 * Stores the log records of `works` and returns what is left to merge: the works that say something about a trace, those
 * whose spans got messages extended by what all their messages, stored and new, make of inputs and outputs. Runs inside
 * the caller's transaction, under the lane locks of the traces, before `writeTraces`.
 */
export async function writeLogs(
  client: ClientBase,
  works: readonly LoggedWork[],
  nowMs: number,
): Promise<readonly TraceWork[]> {
  const bucket = bucketAt(nowMs);
  const rows = works.flatMap(({ projectNo, logs }) =>
    logs.map((log): LogRow => ({ projectNo, bucket, createdAt: nowMs * 1000, log })),
  );
  if (rows.length === 0) return works;
  await insertLogs(client, rows, bucketStartMs(bucket) * 1000);
  const targets = works.flatMap((work) => messageTargets(work, bucket));
  const complements = targets.length === 0 ? [] : await foldMessages(client, targets);
  return withComplements(works, complements).filter((work) => speaksOfTrace(work));
}

/** Whether it has anything to merge: log records alone make no trace. */
export function speaksOfTrace({ patches, observations }: TraceWork): boolean {
  return patches.length > 0 || observations.size > 0;
}

function messageTargets({ projectNo, traceId, logs }: LoggedWork, bucket: number): MessageTarget[] {
  const spanIds = new Set<string>();
  for (const { message, spanId } of logs) if (message !== undefined && spanId !== null) spanIds.add(spanId);
  return [...spanIds].map((spanId) => ({ projectNo, traceId, spanId, bucket }));
}

function withComplements(
  works: readonly LoggedWork[],
  complements: readonly (MessagePatches | undefined)[],
): readonly LoggedWork[] {
  let at = 0;
  return works.map((work) => {
    // As many as its targets, in their order.
    const count = messageTargets(work, 0).length;
    if (count === 0) return work;
    const patches = [...work.patches];
    const observations = new Map(work.observations);
    for (const said of complements.slice(at, at + count)) {
      if (said === undefined) continue;
      const { observation, trace } = said;
      observations.set(observation.id, [...(observations.get(observation.id) ?? []), observation]);
      patches.push(trace);
    }
    at += count;
    return { ...work, patches, observations };
  });
}
