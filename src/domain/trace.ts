import { type JsonText } from './json.js';
import { type ObservationWithPayload } from './observation.js';
import { type Micros } from './time.js';

/** Fields of a trace that the higher stamp decides, each on its own; `undefined` and `null` as in ObservationFields. */
export interface TraceFields {
  name?: string | null;
  userId?: string | null;
  sessionId?: string | null;
  release?: string | null;
  version?: string | null;
  public?: boolean | null;
  bookmarked?: boolean | null;
  externalId?: string | null;
  /** Facts a client computed itself (xtrace batch API); shown only while the trace has no observations to derive them from. */
  statedLatencySeconds?: number | null;
  statedCostUsd?: number | null;
}

/**
 * What one message says about one trace. A span that speaks for its trace gives up to two patches: what it states on
 * the trace (`eventStamp`), and what the trace inherits from it (`inheritedStamp`).
 */
export interface TracePatch extends TraceFields {
  readonly kind: 'trace';
  /** Position among the traces of its request (or of the span it comes from), for telling the caller which one failed. */
  readonly index: number;
  readonly traceId: string;
  readonly stamp: number;
  /** The earliest of all stated times wins. */
  timestamp?: Micros;
  /** The first statement wins. */
  environment?: string;
  input?: JsonText;
  output?: JsonText;
  /** Merged by union; the smallest MAX_TAGS bytewise are kept. */
  tags?: readonly string[];
  metadata?: ReadonlyMap<string, JsonText>;
}

export const MAX_TAGS = 500;

/** Sums over the observations of a trace or session, maintained with every write. */
export interface Totals {
  observationCount: number;
  generationCount: number;
  errorCount: number;
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
  /** In billionths of a USD. */
  costNanoUsd: number;
}

/** A stored trace as lists show it. Payload fields are null when they were not asked for. */
export interface Trace extends Required<TraceFields> {
  traceId: string;
  /** Stated, else the first observation's start, else the arrival of the first message. */
  timestamp: Micros;
  environment: string | null;
  tags: string[];
  totals: Totals;
  /** Earliest start and latest end (or start) of its observations; null without any that has a time. */
  firstStart: Micros | null;
  lastEnd: Micros | null;
  createdAt: Micros;
  updatedAt: Micros;
  input: JsonText | null;
  output: JsonText | null;
  metadata: JsonText | null;
}

/** A trace of a list; ids of its observations in start order when they were asked for. */
export interface TraceListItem extends Trace {
  observationIds: string[];
}

/** A trace with everything in it, observations in start order. */
export interface TraceDetail extends Trace {
  observations: ObservationWithPayload[];
}
