import { type JsonText } from '../../domain/json.js';
import { type ObservationType } from '../../domain/observation.js';
import { EVENT_CONTENT_KEYS, type EventContent, isContentEvent, readEventContent } from './otlp.content-events.js';
import { readDocuments } from './otlp.content-readers.js';
import { writeConversation } from './otlp.conversation.js';
import { writeValue } from './otlp.members.js';
import { type Attributes, type AttributeValue, type OtlpEvent } from './otlp.span.js';
import { isStorableJson, toContent, toStorableJson } from './otlp.values.js';

/** Input and output that stand in the events of a span: GenAI messages, and the hits of a vector database (OpenLLMetry). */

const QUERY_RESULT = 'db.query.result';

export function isEventWithContent({ name }: OtlpEvent): boolean {
  return isContentEvent(name) || name === QUERY_RESULT;
}

/** What is left of an event's attributes once its content is stored as input or output. */
export function withoutContent({ name, attributes }: OtlpEvent): Attributes {
  const isHit = name === QUERY_RESULT;
  return new Map(
    [...attributes].filter(([key]) => !(isHit ? hitMember(key) !== undefined : EVENT_CONTENT_KEYS.has(key))),
  );
}

export interface SpanEventContent {
  readonly content: JsonText;
  /** The events that it was read from. */
  readonly events: readonly OtlpEvent[];
}

/** @returns undefined when no event says anything about that side. */
export function readSpanEvents(
  events: readonly OtlpEvent[],
  side: 'input' | 'output',
  type: ObservationType,
): SpanEventContent | undefined {
  const inOrder = events.filter(isEventWithContent).sort(byTime);
  if (side === 'output') {
    const hits = inOrder.filter(({ name }) => name === QUERY_RESULT);
    if (hits.length > 0) return { content: storable(writeValue(readDocuments(hits.map(readHit)))), events: hits };
  }
  if (type === 'TOOL') return readToolEvent(inOrder, side);
  const read: (readonly [OtlpEvent, EventContent])[] = [];
  for (const event of inOrder) {
    const said = readEventContent(event.name, undefined, event.attributes);
    if (said !== undefined && said[side].length > 0) read.push([event, said]);
  }
  const whole = read.find(([, { isWhole }]) => isWhole);
  const chosen = whole === undefined ? read : [whole];
  const messages = chosen.flatMap(([, said]) => said[side]);
  if (messages.length === 0) return undefined;
  const tools = side === 'input' ? chosen.flatMap(([, said]) => said.tools) : [];
  const content = writeConversation({ messages, tools, others: [], isUnchanged: false });
  return { content, events: chosen.map(([event]) => event) };
}

function byTime(a: OtlpEvent, b: OtlpEvent): number {
  return a.timeUnixNano < b.timeUnixNano ? -1 : a.timeUnixNano > b.timeUnixNano ? 1 : 0;
}

/** Strands: arguments of a tool's call and its result are messages, of which only the content matters. */
function readToolEvent(events: readonly OtlpEvent[], side: 'input' | 'output'): SpanEventContent | undefined {
  const name = side === 'input' ? 'gen_ai.tool.message' : 'gen_ai.choice';
  for (const event of events) {
    if (event.name !== name) continue;
    const value = event.attributes.get('content') ?? event.attributes.get('message') ?? undefined;
    if (value !== undefined && value !== '') return { content: toContent(value), events: [event] };
  }
  return undefined;
}

function hitMember(key: string): string | undefined {
  return HIT_MEMBERS.get(key);
}

const HIT_MEMBERS: ReadonlyMap<string, string> = new Map([
  ...['id', 'score', 'distance', 'metadata'].map((name) => [`${QUERY_RESULT}.${name}`, name] as const),
  [`${QUERY_RESULT}.document`, 'content'],
]);

function readHit({ attributes }: OtlpEvent): ReadonlyMap<string, AttributeValue> {
  const hit = new Map<string, AttributeValue>();
  for (const [key, value] of attributes) {
    const name = hitMember(key);
    if (name !== undefined && value !== null) hit.set(name, value);
  }
  return hit;
}

function storable(text: string): JsonText {
  return isStorableJson(text) ? text : toStorableJson(text);
}
