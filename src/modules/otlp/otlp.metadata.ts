import { type JsonText, quoteText, toJsonText, toStorableText } from '../../domain/json.js';
import { type Family, type Field } from './otlp.attributes.js';
import { type Contents } from './otlp.content.js';
import { withoutContent } from './otlp.content-span-events.js';
import { type KeyMeaning, meaningOf, type Picks, type Sources } from './otlp.picks.js';
import {
  type AttributeValue,
  type Attributes,
  type OtlpEvent,
  type OtlpLink,
  type OtlpResourceSpans,
  type OtlpScopeSpans,
  type OtlpSpan,
} from './otlp.span.js';
import { isStorableJson, toJson, toMembers, toMetadataValue, writeJson } from './otlp.values.js';

/**
 * What of a span has no field of its own, as metadata: the client's own keys, then `attributes`, `resourceAttributes`
 * and `scope` as Langfuse names them, then whatever else OTLP says that is not empty. Nothing that was sent gets lost.
 */

export type Metadata = Map<string, JsonText>;

/** Metadata of clients, by what it belongs to. */
interface OwnMetadata {
  readonly observation: Metadata;
  readonly trace: Metadata;
}

/** Metadata that all spans of one scope share, as text that is built once. */
export interface SharedMetadata {
  /** Stated on the resource. */
  readonly own: OwnMetadata;
  readonly resourceAttributes: JsonText | undefined;
  readonly resourceSchemaUrl: JsonText | undefined;
  readonly droppedResourceAttributesCount: number;
}

export interface ScopeMetadata extends SharedMetadata {
  readonly scope: JsonText | undefined;
}

export function resourceMetadata(
  { resource, schemaUrl }: Omit<OtlpResourceSpans, 'scopeSpans'>,
  picks: Picks,
): SharedMetadata {
  const own = readBareMetadata(picks);
  for (const [key, value] of resource.attributes) addOwn(own, meaningOf(key), value);
  return {
    own,
    resourceAttributes: resource.attributes.size === 0 ? undefined : toJson(resource.attributes),
    resourceSchemaUrl: schemaUrl === '' ? undefined : toJsonText(schemaUrl),
    droppedResourceAttributesCount: resource.droppedAttributesCount,
  };
}

export function scopeMetadata(
  { scope, schemaUrl }: Omit<OtlpScopeSpans, 'spans'>,
  shared: SharedMetadata,
): ScopeMetadata {
  const members = new Map<string, AttributeValue>();
  if (scope.name !== '') members.set('name', scope.name);
  if (scope.version !== '') members.set('version', scope.version);
  if (scope.attributes.size > 0) members.set('attributes', scope.attributes);
  if (schemaUrl !== '') members.set('schemaUrl', schemaUrl);
  if (scope.droppedAttributesCount > 0) members.set('droppedAttributesCount', scope.droppedAttributesCount);
  return { ...shared, scope: members.size === 0 ? undefined : toJson(members) };
}

/** The metadata of one span, ready to be handed out to its observation and its trace. */
export interface SpanMetadata {
  readonly own: OwnMetadata;
  /** Raw attributes that are stored nowhere else, or small. */
  readonly attributes: JsonText | undefined;
  /** By field the key that stated it, where that attribute is not among `attributes`; see `MAPPING_KEY`. */
  readonly sources: JsonText | undefined;
}

/**
 * Metadata key of `{field: key}`: the keys that filled fields although their attributes are not kept raw. What is kept
 * raw needs no note, nor do the keys that Langfuse's SDKs use.
 */
export const MAPPING_KEY = 'mapping';

/**
 * @param meanings of the span's attributes, in their order
 * @param contents what was found as input and output: those attributes are kept raw only as far as something is left of them
 * @param sources what else is known to have filled a field; what is found here is added to it
 * @param isRawKept whether attributes that have found a field of their own are kept raw as well, unless they are content
 */
export function spanMetadata(
  attributes: Attributes,
  meanings: readonly KeyMeaning[],
  picks: Picks,
  shared: ScopeMetadata,
  isRawKept: boolean,
  contents: Contents,
  sources: Sources,
): SpanMetadata {
  const own = readBareMetadata(picks);
  for (const [key, value] of shared.own.observation) if (!own.observation.has(key)) own.observation.set(key, value);
  const rest: (readonly [KeyMeaning, AttributeValue])[] = [];
  let i = 0;
  for (const [key, value] of attributes) {
    const meaning = meanings[i]!;
    i += 1;
    if (contents.takenKeys.has(key)) {
      const left = contents.takenKeys.get(key);
      if (left !== undefined) rest.push([meaning, left]);
    } else if (addOwn(own, meaning, value) || picks.isStored(meaning, value, isRawKept)) {
      if (meaning.slot !== undefined || meaning.members !== undefined) picks.addSources(sources, meaning, value);
    } else rest.push([meaning, value]);
  }
  noteContent(sources, 'input', contents.inputSources);
  noteContent(sources, 'output', contents.outputSources);
  return {
    own,
    attributes: rest.length === 0 ? undefined : writeRest(rest),
    sources: sources.size === 0 ? undefined : toJson(sources),
  };
}

function noteContent(sources: Sources, side: 'input' | 'output', keys: readonly string[]): void {
  if (keys.length > 0 && keys[0] !== `langfuse.observation.${side}`) sources.set(side, keys.join(', '));
}

/** The bare metadata keys: an object gives its members, any other value is kept under `metadata`. */
function readBareMetadata(picks: Picks): OwnMetadata {
  const own = { observation: new Map<string, JsonText>(), trace: new Map<string, JsonText>() };
  addBare(picks, 'looseMetadata', own.observation);
  addBare(picks, 'sharedMetadata', own.observation, own.trace);
  addBare(picks, 'observationMetadata', own.observation);
  addBare(picks, 'traceMetadata', own.trace);
  return own;
}

function addBare(picks: Picks, field: Field, ...targets: Metadata[]): void {
  const value = picks.get(field);
  if (value === undefined) return;
  picks.use(field);
  const members = toMembers(value);
  if (members === undefined) {
    const text = toMetadataValue(value);
    if (text !== undefined) for (const target of targets) target.set('metadata', text);
    return;
  }
  for (const [key, member] of members) {
    if (member === null) continue;
    // Members of a key-value list are attribute values, those of JSON text are JSON: the former know bigint and maps.
    const text = value instanceof Map ? toMetadataValue(member as AttributeValue) : toJsonText(member);
    if (text !== undefined) for (const target of targets) target.set(toStorableText(key), text);
  }
}

const OWN_FAMILIES: ReadonlySet<Family | undefined> = new Set([
  'observationMetadata',
  'traceMetadata',
  'sharedMetadata',
  'traceloopProperties',
  'aiMetadata',
  'langSmithMetadata',
  'laminarMetadata',
  'liteLlmMetadata',
]);
/** Those that are the trace's too, or the trace's alone. */
const TRACE_FAMILIES: ReadonlySet<Family | undefined> = new Set(['traceMetadata', 'sharedMetadata']);

/** Whether the attribute is metadata of the client's; if so it is added. */
function addOwn(own: OwnMetadata, { family, suffix }: KeyMeaning, value: AttributeValue): boolean {
  if (family === undefined || !OWN_FAMILIES.has(family)) return false;
  const text = toMetadataValue(value);
  if (text === undefined) return true;
  const key = toStorableText(suffix);
  if (family !== 'traceMetadata') own.observation.set(key, text);
  if (TRACE_FAMILIES.has(family)) own.trace.set(key, text);
  return true;
}

function writeRest(rest: readonly (readonly [KeyMeaning, AttributeValue])[]): JsonText {
  const write = (encode: (text: string) => string): string => {
    let text = '{';
    for (const [{ member }, value] of rest) text += `${text === '{' ? '' : ','}${member}${writeJson(value, encode)}`;
    return `${text}}`;
  };
  const text = write(quoteText);
  return isStorableJson(text) ? text : write(toJsonText);
}

const SPAN_KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'];

/** What of the span itself its observation's fields do not say. */
export interface Notes {
  readonly clock: JsonText | undefined;
  /** A parent id that is none. */
  readonly parentSpanId: string | undefined;
  /** The span's status is overruled by, or says more than, level and status message. */
  readonly isStatusKept: boolean;
  /** The name of the span where the observation's is another. */
  readonly spanName: string | undefined;
}

/** @param takenEvents events whose content is stored as input or output */
export function observationMetadata(
  span: OtlpSpan,
  md: SpanMetadata,
  shared: ScopeMetadata,
  takenEvents: ReadonlySet<OtlpEvent>,
  notes: Notes,
): Metadata {
  const metadata: Metadata = new Map(md.own.observation);
  add(metadata, 'attributes', md.attributes);
  add(metadata, 'resourceAttributes', shared.resourceAttributes);
  add(metadata, 'scope', shared.scope);
  if (span.events.length > 0)
    add(metadata, 'events', toJson(span.events.map((event) => eventMembers(event, takenEvents))));
  if (span.links.length > 0) add(metadata, 'links', toJson(span.links.map(linkMembers)));
  if (notes.spanName !== undefined) add(metadata, 'spanName', toJsonText(notes.spanName));
  if (span.kind !== 0) add(metadata, 'kind', toJson(SPAN_KINDS[span.kind] ?? span.kind));
  if (span.flags !== 0) add(metadata, 'flags', toJson(span.flags));
  if (span.traceState !== '') add(metadata, 'traceState', toJsonText(span.traceState));
  if (notes.isStatusKept) add(metadata, 'status', toJson(statusMembers(span)));
  if (notes.parentSpanId !== undefined) add(metadata, 'parentSpanId', toJsonText(notes.parentSpanId));
  add(metadata, 'clock', notes.clock);
  add(metadata, MAPPING_KEY, md.sources);
  add(metadata, 'resourceSchemaUrl', shared.resourceSchemaUrl);
  addCount(metadata, 'droppedAttributesCount', span.droppedAttributesCount);
  addCount(metadata, 'droppedEventsCount', span.droppedEventsCount);
  addCount(metadata, 'droppedLinksCount', span.droppedLinksCount);
  addCount(metadata, 'droppedResourceAttributesCount', shared.droppedResourceAttributesCount);
  return metadata;
}

/**
 * What a trace shows of a span's surroundings (Langfuse server, OtelIngestionProcessor): of its root span all that is the
 * client's, of any other where it ran.
 */
export function inheritedMetadata(md: SpanMetadata, shared: ScopeMetadata, isRoot: boolean): Metadata | undefined {
  const metadata: Metadata = new Map(shared.own.trace);
  if (isRoot) {
    for (const [key, value] of md.own.observation) metadata.set(key, value);
    add(metadata, 'attributes', md.attributes);
  }
  add(metadata, 'resourceAttributes', shared.resourceAttributes);
  add(metadata, 'scope', shared.scope);
  return metadata.size === 0 ? undefined : metadata;
}

function add(metadata: Metadata, key: string, value: JsonText | undefined): void {
  if (value === undefined) return;
  // A client's own key of the same name keeps it; ours steps aside.
  metadata.set(metadata.has(key) ? `otel.${key}` : key, value);
}

function addCount(metadata: Metadata, key: string, count: number): void {
  if (count > 0) add(metadata, key, String(count));
}

function statusMembers(span: OtlpSpan): Attributes {
  const members = new Map<string, AttributeValue>([['code', STATUS_CODES[span.statusCode] ?? span.statusCode]]);
  if (span.statusMessage !== '') members.set('message', span.statusMessage);
  return members;
}

/** Times stay text in nanoseconds: events follow each other within a microsecond. */
function eventMembers(event: OtlpEvent, takenEvents: ReadonlySet<OtlpEvent>): Attributes {
  const attributes = takenEvents.has(event) ? withoutContent(event) : event.attributes;
  const members = new Map<string, AttributeValue>([['name', event.name]]);
  if (event.timeUnixNano !== 0n) members.set('timeUnixNano', String(event.timeUnixNano));
  if (attributes.size > 0) members.set('attributes', attributes);
  if (event.droppedAttributesCount > 0) members.set('droppedAttributesCount', event.droppedAttributesCount);
  return members;
}

function linkMembers(link: OtlpLink): Attributes {
  const members = new Map<string, AttributeValue>([
    ['traceId', link.traceId],
    ['spanId', link.spanId],
  ]);
  if (link.traceState !== '') members.set('traceState', link.traceState);
  if (link.attributes.size > 0) members.set('attributes', link.attributes);
  if (link.droppedAttributesCount > 0) members.set('droppedAttributesCount', link.droppedAttributesCount);
  if (link.flags !== 0) members.set('flags', link.flags);
  return members;
}
