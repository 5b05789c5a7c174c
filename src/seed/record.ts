import { type Cost, type TokenUsage } from './models.js';

/** What the applications did, before it is written down in the shape of a door. Times are whole milliseconds since the epoch. */

export type ObservationType =
  'SPAN' | 'GENERATION' | 'EVENT' | 'EMBEDDING' | 'AGENT' | 'TOOL' | 'CHAIN' | 'RETRIEVER' | 'EVALUATOR' | 'GUARDRAIL';
export type Level = 'DEFAULT' | 'WARNING' | 'ERROR';
export type Metadata = Readonly<Record<string, unknown>>;

export interface ModelCallRecord {
  readonly model: string;
  readonly provider: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly usage: TokenUsage;
  readonly cost: Cost;
  /** Only of streamed answers. */
  readonly firstTokenMs?: number;
  readonly prompt?: { readonly name: string; readonly version: number };
}

export interface ObservationRecord {
  readonly id: string;
  readonly parentId?: string;
  readonly type: ObservationType;
  readonly name: string;
  readonly startMs: number;
  endMs: number;
  level: Level;
  statusMessage?: string;
  readonly input?: unknown;
  output?: unknown;
  readonly metadata: Metadata;
  readonly call?: ModelCallRecord;
}

export interface TraceRecord {
  readonly id: string;
  readonly name: string;
  readonly sessionId?: string;
  readonly userId: string;
  readonly environment: string;
  readonly release: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly metadata: Metadata;
  readonly input: unknown;
  readonly output: unknown;
  readonly startMs: number;
  readonly endMs: number;
  /** In the order in which they began. */
  readonly observations: readonly ObservationRecord[];
}
