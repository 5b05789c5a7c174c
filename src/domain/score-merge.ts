import { compareBytewise, type JsonText, type JsonValue } from './json.js';
import { canonicalJson, type Stamped } from './merge.js';
import { type ScorePatch, type ScoreSubject, type ScoreVerdict } from './score.js';
import { type Micros } from './time.js';

/**
 * How what messages say becomes one score. As in merge.ts, folding is commutative, associative and idempotent: any
 * order, any split and any repetition of the same messages give the same state.
 */

/** What the message with the lowest stamp decides: a score never moves. */
export interface ScoreOrigin extends ScoreSubject {
  readonly timestamp: Micros;
  readonly environment: string | null;
}

/** Fields that a message may leave out; the highest stamp that states one decides it, each on its own. */
export const OPTIONAL_SCORE_FIELDS = ['comment', 'metadata', 'queueId', 'authorUserId', 'executionTraceId'] as const;
export type OptionalScoreField = (typeof OPTIONAL_SCORE_FIELDS)[number];

/** What is known of a score. */
export interface ScoreState {
  readonly origin: Stamped<ScoreOrigin>;
  /** The highest stamp decides all of it: a value means nothing without its type. */
  readonly verdict: Stamped<ScoreVerdict>;
  /** What nobody has stated is missing. */
  readonly optional: ReadonlyMap<OptionalScoreField, Stamped<string>>;
}

/** What `patch` alone says; `verdict` is what `settleScore` made of it. */
export function scoreStateOf(patch: ScorePatch, verdict: ScoreVerdict): ScoreState {
  const { stamp, timestamp, subject, environment } = patch;
  const optional = new Map<OptionalScoreField, Stamped<string>>();
  for (const field of OPTIONAL_SCORE_FIELDS) {
    const value = patch[field];
    if (value !== undefined) optional.set(field, { value, stamp });
  }
  return {
    origin: { value: { ...subject, timestamp, environment: environment ?? null }, stamp },
    verdict: { value: verdict, stamp },
    optional,
  };
}

/** What two sets of messages say together; `known` itself when `other` adds nothing. */
export function foldScores(known: ScoreState, other: ScoreState): ScoreState {
  const origin = earlierOrigin(known.origin, other.origin);
  const verdict = later(known.verdict, other.verdict, (a, b) => compareBytewise(verdictText(a), verdictText(b)) > 0);
  let optional: Map<OptionalScoreField, Stamped<string>> | undefined;
  for (const [field, stated] of other.optional) {
    const before = known.optional.get(field);
    const after = before === undefined ? stated : later(before, stated, isGreater(field));
    if (after !== before) (optional ??= new Map(known.optional)).set(field, after);
  }
  if (origin === known.origin && verdict === known.verdict && optional === undefined) return known;
  return { origin, verdict, optional: optional ?? known.optional };
}

function earlierOrigin(known: Stamped<ScoreOrigin>, other: Stamped<ScoreOrigin>): Stamped<ScoreOrigin> {
  if (other.stamp !== known.stamp) return other.stamp < known.stamp ? other : known;
  return compareBytewise(originText(other.value), originText(known.value)) > 0 ? other : known;
}

function later<V>(known: Stamped<V>, other: Stamped<V>, wins: (other: V, known: V) => boolean): Stamped<V> {
  if (other.stamp !== known.stamp) return other.stamp > known.stamp ? other : known;
  return wins(other.value, known.value) ? other : known;
}

function isGreater(field: OptionalScoreField): (other: string, known: string) => boolean {
  // What is stored of metadata comes back with its keys in another order.
  const comparable = field === 'metadata' ? canonicalText : (text: string) => text;
  return (other, known) => compareBytewise(comparable(other), comparable(known)) > 0;
}

function canonicalText(text: JsonText): JsonText {
  return canonicalJson(JSON.parse(text) as JsonValue);
}

// Texts that are equal for equal values and for these alone; which of two rivals is greater means nothing.
function verdictText({ name, source, dataType, value, stringValue, configId }: ScoreVerdict): JsonText {
  return JSON.stringify([name, source, dataType, value, stringValue, configId]);
}

function originText({
  traceId,
  observationId,
  sessionId,
  datasetRunId,
  timestamp,
  environment,
}: ScoreOrigin): JsonText {
  return JSON.stringify([traceId, observationId, sessionId, datasetRunId, timestamp, environment]);
}
