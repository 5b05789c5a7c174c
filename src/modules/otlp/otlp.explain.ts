import { type JsonValue } from '../../domain/json.js';
import { type ObservationWithPayload } from '../../domain/observation.js';
import { runStateOf } from '../../domain/run-state.js';
import { stepTypeOf } from '../../domain/step.js';
import { type Trace } from '../../domain/trace.js';
import { FAMILIES, type Field, FIELD_RULES } from './otlp.attributes.js';
import { contentKeyOf, contentKeys } from './otlp.content-sources.js';
import { type FieldRule, type Row, rowName } from './otlp.rows.js';
import { assumedKey, isBlank, meaningOf, scalarOf } from './otlp.picks.js';
import { readStored, type StoredSpan } from './otlp.stored-span.js';
import { isCostKey, isCountKey } from './otlp.usage.js';
import { toMembers } from './otlp.values.js';

/**
 * Which attribute filled which field of a stored observation. Found out on reading, by the table that mapped it, from
 * what is stored: the raw attributes, those of the resource, and the note of keys whose attributes are not kept raw.
 */

export interface Explanation {
  readonly source: 'otlp' | 'other';
  readonly fields: readonly FieldExplanation[];
  /** Attributes that fill no field, in their order; they are in the metadata. */
  readonly attributesWithoutField: readonly string[];
  readonly notes: readonly string[];
}

export interface FieldExplanation {
  readonly field: string;
  /** As stored; of a long one the beginning. */
  readonly value: JsonValue;
  /** The key that filled it, or in words what else did; null when the field is empty or another message filled it. */
  readonly filledBy: string | null;
  /** Attributes that would have stated it and did not. */
  readonly lost: readonly LostAttribute[];
  /** For an empty field the keys that fill it, those that win first; keys of one name in several places are listed once each. */
  readonly wouldBeFilledBy: readonly string[];
}

export interface LostAttribute {
  readonly key: string;
  readonly value: string;
  readonly reason: string;
}

interface ShownField {
  readonly name: string;
  /** Fields of the table that state it, those that win first. */
  readonly from: readonly Field[];
  readonly value: (observation: ObservationWithPayload, trace: Trace) => unknown;
  /** What fills it where no attribute of `from` does. */
  readonly otherwise?: string;
  /** What is stored is counted from what the attribute says, so that the two cannot be compared. */
  readonly isCounted?: true;
  /** The prefix of attributes that make it up together. */
  readonly family?: string;
  /** Whether an attribute is one of those; by default those of the family are. */
  readonly isPart?: (key: string) => boolean;
  readonly isOfTrace?: true;
  /** It is found by the table of `otlp.content-sources.ts` instead. */
  readonly content?: 'input' | 'output';
}

const SHOWN: readonly ShownField[] = [
  { name: 'type', from: ['type'], value: (o) => o.type, otherwise: 'what the span carries: a model, tokens, an agent' },
  { name: 'name', from: ['name', 'toolName', 'functionId'], value: (o) => o.name, otherwise: 'the name of the span' },
  {
    name: 'level',
    from: ['level', 'errorType'],
    value: (o) => o.level,
    otherwise: 'the status of the span, or its last exception',
  },
  {
    name: 'statusMessage',
    from: ['statusMessage', 'errorMessage'],
    value: (o) => o.statusMessage,
    otherwise: 'the status message of the span, or its last exception',
  },
  { name: 'model', from: ['model'], value: (o) => o.model },
  { name: 'requestedModel', from: ['requestedModel'], value: (o) => o.requestedModel },
  { name: 'provider', from: ['provider'], value: (o) => o.provider },
  {
    name: 'modelParameters',
    from: ['modelParameters', 'invocationParameters'],
    value: (o) => o.modelParameters,
    family: FAMILIES.modelParameters.prefix,
    otherwise: 'attributes of single parameters',
  },
  { name: 'finishReason', from: ['finishReason'], value: (o) => o.finishReason },
  {
    name: 'toolName',
    from: ['toolName', 'traceloopEntity'],
    value: (o) => o.toolName,
    otherwise: 'the name of the span',
  },
  { name: 'agentName', from: ['agentName', 'traceloopEntity'], value: (o) => o.agentName },
  {
    name: 'completionStartTime',
    from: ['completionStartTime', 'timeToFirstToken', 'timeToFirstByte'],
    value: (o) => o.completionStartTime,
    isCounted: true,
    otherwise: 'the event of the first chunk',
  },
  { name: 'promptName', from: ['promptName'], value: (o) => o.promptName },
  { name: 'promptVersion', from: ['promptVersion'], value: (o) => o.promptVersion },
  {
    name: 'usage',
    from: ['usageDetails'],
    value: (o) => o.usage,
    family: 'gen_ai.usage.',
    isPart: isCountKey,
    otherwise: 'attributes of single token counts',
  },
  {
    name: 'cost',
    from: ['costDetails'],
    value: (o) => o.statedCost,
    isPart: isCostKey,
    otherwise: 'attributes of single costs',
  },
  { name: 'input', from: [], value: (o) => text(o.input), content: 'input' },
  { name: 'output', from: [], value: (o) => text(o.output), content: 'output' },
  { name: 'turnId', from: ['turnId'], value: (o) => o.turnId },
  { name: 'runId', from: ['runId'], value: (o) => o.runId },
  { name: 'stepId', from: ['stepId'], value: (o) => o.stepId },
  { name: 'parentStepId', from: ['parentStepId'], value: (o) => o.parentStepId },
  {
    name: 'stepType',
    from: ['stepType'],
    value: (o) => stepTypeOf(o),
    otherwise: 'the name or type of the observation',
  },
  { name: 'attemptIndex', from: ['attemptIndex'], value: (o) => o.attemptIndex },
  { name: 'runState', from: ['runState'], value: (o) => runStateOf(o), otherwise: 'the end and the level of the span' },
  { name: 'environment', from: ['environment'], value: (o) => o.environment },
  { name: 'version', from: ['version'], value: (o) => o.version },
  {
    name: 'trace.name',
    from: ['traceName'],
    value: (_, t) => t.name,
    otherwise: 'the name of its root or earliest span',
    isOfTrace: true,
  },
  { name: 'trace.sessionId', from: ['sessionId'], value: (_, t) => t.sessionId, isOfTrace: true },
  { name: 'trace.userId', from: ['userId'], value: (_, t) => t.userId, isOfTrace: true },
  { name: 'trace.release', from: ['release'], value: (_, t) => t.release, isOfTrace: true },
  { name: 'trace.tags', from: ['tags'], value: (_, t) => (t.tags.length === 0 ? null : t.tags), isOfTrace: true },
  { name: 'trace.public', from: ['public'], value: (_, t) => t.public, isOfTrace: true },
];

const NOT_OTLP =
  'This observation did not come as an OpenTelemetry span: its fields were stated by name, and nothing was mapped.';

export function explainMapping(observation: ObservationWithPayload, trace: Trace): Explanation {
  const stored = readStored(observation);
  if (stored === undefined) return { source: 'other', fields: [], attributesWithoutField: [], notes: [NOT_OTLP] };
  return {
    source: 'otlp',
    fields: SHOWN.map((shown) => {
      const value = shown.value(observation, trace) ?? null;
      return shown.content === undefined
        ? explainField(shown, stored, value)
        : explainContent(shown.content, stored, value);
    }),
    attributesWithoutField: [...stored.attributes.keys(), ...stored.resource.keys()].filter((key) => !isKnown(key)),
    notes: stored.notes,
  };
}

function isKnown(key: string): boolean {
  const { slot, members, family, parameter } = meaningOf(key);
  const isOfField = slot !== undefined || members !== undefined || family !== undefined || parameter !== undefined;
  return isOfField || OTHER_KEYS.has(key) || isCountKey(key) || isCostKey(key) || contentKeyOf(key) !== null;
}

/** Keys of resources, and those that a row needs beside its own. */
const OTHER_KEYS: ReadonlySet<string> = new Set(
  Object.values<FieldRule>(FIELD_RULES).flatMap(({ rows }) =>
    rows.flatMap(({ on, key, beside }) => [...(on === 'span' ? [] : [key]), ...(beside === undefined ? [] : [beside])]),
  ),
);

function explainField(shown: ShownField, stored: StoredSpan, value: unknown): FieldExplanation {
  const lost: LostAttribute[] = [];
  let filledBy: string | null = null;
  for (const field of shown.from) {
    for (const found of findRows(field, stored)) {
      if (filledBy === null && value !== null && isFilledBy(found, shown, value)) {
        filledBy = found.key;
      } else if (found.key !== filledBy)
        lost.push({ key: found.key, value: preview(found.sent), reason: whyLost(found, filledBy) });
    }
    filledBy ??= value === null ? null : filledUnseen(field, shown, stored);
  }
  if (filledBy === null && value !== null) filledBy = filledOtherwise(shown, stored);
  const rows = shown.from.flatMap((field) => FIELD_RULES[field].rows as readonly Row[]);
  return {
    field: shown.name,
    value: shownValue(value),
    filledBy,
    lost,
    wouldBeFilledBy:
      value === null ? [...new Set([...rows.map(rowName), ...(shown.family ? [`${shown.family}*`] : [])])] : [],
  };
}

/** Input or output: which key won is noted; those that lost are still among the attributes. */
function explainContent(side: 'input' | 'output', stored: StoredSpan, value: unknown): FieldExplanation {
  const keys = contentKeys(side);
  const own = stored.isLangfuse ? `langfuse.observation.${side}` : null;
  const filledBy = value === null ? null : (stored.sources.get(side) ?? own);
  // What of an attribute is no content is kept raw under its key.
  const winners = new Set(filledBy?.split(', '));
  const isOfSide = (key: string): boolean =>
    keys.includes(key) || keys.some((list) => list.endsWith('.*') && key.startsWith(list.slice(0, -1)));
  return {
    field: side,
    value: shownValue(value),
    filledBy,
    lost: [...stored.attributes]
      .filter(([key]) => isOfSide(key) && !winners.has(key))
      .map(([key, sent]) => ({
        key,
        value: preview(sent),
        reason: filledBy === null ? 'it holds no content, or another message states it' : `${filledBy} goes before it`,
      })),
    wouldBeFilledBy: value === null ? keys : [],
  };
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}

interface Found {
  readonly key: string;
  readonly sent: unknown;
  /** Undefined when the value says nothing that the field knows. */
  readonly reading: unknown;
  /** Why a value that says something is not taken from this span. */
  readonly refusal?: string;
}

/** The attributes that are there for a field, in the order of the table. */
function findRows(field: Field, { attributes, resource, sources, browserScope }: StoredSpan): Found[] {
  const found: Found[] = [];
  for (const row of FIELD_RULES[field].rows as readonly Row[]) {
    const places = row.on === 'both' ? [attributes, resource] : [row.on === 'span' ? attributes : resource];
    for (const place of places) {
      const holder = place.get(row.key);
      const sent = row.member === undefined ? holder : toMembers(holder)?.get(row.member);
      if (sent === undefined || sent === null) continue;
      const value = sent as Exclude<typeof holder, undefined>;
      const members = row.member === undefined ? place : toMembers(holder)!;
      const beside = row.beside === undefined ? undefined : scalarOf(members, row.beside);
      if (row.beside !== undefined && beside === undefined) continue;
      // Found together with another key already.
      if (row.beside === undefined && found.some(({ key }) => key.startsWith(`${rowName(row)} + `))) continue;
      const isSaying = !isBlank(value);
      const refusal = row.isNotOfBrowsers === true && browserScope !== undefined ? ofBrowser(browserScope) : undefined;
      const isRead = isSaying && refusal === undefined;
      const reading = isRead ? (row.read === undefined ? value : row.read(value, beside)) : undefined;
      found.push({ key: rowName(row), sent, reading, ...(isSaying && refusal !== undefined && { refusal }) });
    }
    const noted = sources.get(field);
    if (noted === rowName(row) && !found.some(({ key }) => key === noted)) {
      found.push({ key: noted, sent: '(kept in the field)', reading: UNSEEN });
    }
  }
  return found;
}

/** Stands for a value of which only the field is left: it is what the field shows. */
const UNSEEN = Symbol('unseen');

function isFilledBy({ reading }: Found, { isCounted }: ShownField, value: unknown): boolean {
  return reading !== undefined && (isCounted === true || isShownBy(reading, value));
}

/** Whether what was read is what is stored. Lists, maps and times are stored in other forms, so that they are not compared. */
function isShownBy(reading: unknown, value: unknown): boolean {
  const isPlain = (x: unknown) => typeof x === 'string' || typeof x === 'number' || typeof x === 'boolean';
  if (reading === UNSEEN || !isPlain(reading) || !isPlain(value) || typeof reading !== typeof value) return true;
  return reading === value;
}

function ofBrowser(scope: string): string {
  return (
    `it is the visit of a page in a browser (scope ${scope}), which makes no session; ` +
    'state langfuse.session.id, gen_ai.conversation.id or xtrace.session_id where it is a conversation'
  );
}

function whyLost({ reading, sent, refusal }: Found, winner: string | null): string {
  if (refusal !== undefined) return refusal;
  if (reading === undefined) return isBlank(sent as string) ? 'it is empty' : 'its value is none that this field knows';
  return winner === null
    ? 'another message states something else, or it is not taken here'
    : `${winner} goes before it`;
}

/** What Langfuse's SDKs send is not kept raw once it has a field; their key is the one that is assumed. */
function filledUnseen(field: Field, { isOfTrace }: ShownField, { isLangfuse }: StoredSpan): string | null {
  if (!isLangfuse) return null;
  return isOfTrace ? `${assumedKey(field)}, on this or another span of the trace` : assumedKey(field);
}

function filledOtherwise(shown: ShownField, { attributes, sources }: StoredSpan): string | null {
  const { name, otherwise, family, isOfTrace } = shown;
  const isPart = shown.isPart ?? (family === undefined ? undefined : (key: string) => key.startsWith(family));
  const noted = sources.get(name);
  if (noted !== undefined) return noted;
  const keys = isPart === undefined ? [] : [...attributes.keys()].filter(isPart);
  if (keys.length > 0) return keys.join(', ');
  return otherwise ?? (isOfTrace ? 'another span or message of the trace' : null);
}

const MAX_PREVIEW_CHARACTERS = 200;

function preview(value: unknown): string {
  const text =
    typeof value === 'string' ? value : JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value);
  return text.length > MAX_PREVIEW_CHARACTERS ? `${text.slice(0, MAX_PREVIEW_CHARACTERS)}…` : text;
}

function shownValue(value: unknown): JsonValue {
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : preview(value);
}
