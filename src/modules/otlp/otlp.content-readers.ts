import { isWithinDepth, type JsonText, toJsonText } from '../../domain/json.js';
import { type ObservationType } from '../../domain/observation.js';
import { type FoundContent } from './otlp.content-found.js';
import { systemMessages } from './otlp.content-events.js';
import { readConversation, readTools, writeConversation } from './otlp.conversation.js';
import { isNothing, isObject, type Member, member, membersOf, textMember, writeValue } from './otlp.members.js';
import { parseSafely } from './otlp.message-text.js';
import { type Message, MessageList, writeMessages } from './otlp.messages.js';
import { type AttributeValue } from './otlp.span.js';
import { isStorableJson, toContent, toStorableJson } from './otlp.values.js';

/** How the attributes of one source become input or output; undefined when they say nothing after all. */
export type Reader = (found: FoundContent, type: ObservationType) => JsonText | undefined;

export function storable(text: string): JsonText {
  return isStorableJson(text) ? text : toStorableJson(text);
}

/** The value as it is: for what the client has shaped itself, and for values that hold no messages. */
export function asSent(key: string): Reader {
  return (found, type) => {
    const value = found.take(key);
    if (value === undefined) return undefined;
    return type === 'EMBEDDING' && !key.startsWith('langfuse.') ? withoutVectors(value) : toContent(value);
  };
}

/** Text that is never JSON. */
export function asText(key: string): Reader {
  return (found) => {
    const value = found.take(key);
    return typeof value === 'string' ? toJsonText(value) : value === undefined ? undefined : toContent(value);
  };
}

/** Values that may hold anything: read as messages only where the span is a model call. */
export function asAny(key: string, mimeKey?: string): Reader {
  return (found, type) => {
    const value = found.take(key);
    if (value === undefined) return undefined;
    if (mimeKey !== undefined && found.peek(mimeKey) === 'text/plain' && typeof value === 'string')
      return toJsonText(value);
    return readAny(value, type);
  };
}

function readAny(value: AttributeValue, type: ObservationType): JsonText {
  if (type === 'GENERATION') return readMessages(value, undefined, []) ?? toContent(value);
  return type === 'EMBEDDING' ? withoutVectors(value) : toContent(value);
}

/**
 * Messages, with instructions and tools where they have attributes of their own.
 * @param richerList where LiteLLM states the calls of tools that it leaves out of a message
 */
export function asMessages(key: string, systemKey?: string, toolsKey?: string, richerList?: string): Reader {
  return (found) => {
    const value = found.take(key);
    if (richerList !== undefined && found.hasList(richerList) && isWordless(value)) return undefined;
    const system = systemKey === undefined ? undefined : takeJson(found, systemKey);
    const tools = toolsKey === undefined ? [] : takeTools(found, toolsKey);
    const text = readMessages(value, system, tools);
    if (text !== undefined || value === undefined) return text;
    // Cut off, or of an unknown shape: it is kept as it came, and what belongs to it stays where it is.
    found.putBack();
    found.take(key);
    return toContent(value);
  };
}

function isWordless(value: AttributeValue | undefined): boolean {
  const messages = readConversation(typeof value === 'string' ? parseSafely(value) : value)?.messages;
  return messages?.every(({ content, toolCalls }) => content === '' && toolCalls.length === 0) ?? false;
}

function takeJson(found: FoundContent, key: string): unknown {
  const value = found.take(key);
  return typeof value === 'string' ? (parseSafely(value) ?? value) : value;
}

function takeTools(found: FoundContent, key: string): unknown[] {
  const value = takeJson(found, key);
  if (isNothing(value)) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  // The AI SDK has a list of JSON texts.
  return list.map((item) => (typeof item === 'string' ? (parseSafely(item) ?? item) : item)).flatMap(readTools);
}

/** Undefined when `value` has no messages. */
function readMessages(
  value: AttributeValue | undefined,
  system: unknown,
  tools: readonly unknown[],
): JsonText | undefined {
  const parsed = typeof value === 'string' ? parseSafely(value) : value;
  const conversation = parsed === undefined || isNothing(parsed) ? undefined : readConversation(parsed);
  const isSystem = !isNothing(system) && system !== '';
  if (conversation === undefined) {
    const isEmpty = value === undefined || (parsed !== undefined && isNothing(parsed));
    if (!isSystem || !isEmpty) return undefined;
    return writeConversation({ messages: systemMessages(system), tools, others: [], isUnchanged: false });
  }
  if (conversation.isUnchanged && !isSystem && tools.length === 0 && typeof value === 'string')
    return toStorableJson(value);
  const messages = isSystem ? withSystem(system, conversation.messages) : conversation.messages;
  return writeConversation({ ...conversation, messages, tools: [...tools, ...conversation.tools] });
}

/** OpenLIT states the instructions twice. */
function withSystem(system: unknown, messages: readonly Message[]): readonly Message[] {
  const added = systemMessages(system);
  const [first] = messages;
  const isSaid = first?.role === 'system' && added.length === 1 && writeMessages(added) === writeMessages([first]);
  return isSaid ? messages : [...added, ...messages];
}

/** Messages spread over attributes, with the tools beside them. */
export function asFlatMessages(prefix: string, role: string, toolsPrefix?: string): Reader {
  return (found) => {
    const items = found.takeList(prefix);
    const list = new MessageList();
    for (const item of items) if (!list.add(item, role)) list.add(new Map([['content', [item]]]), role);
    if (list.messages.length === 0) return undefined;
    const tools = toolsPrefix === undefined ? [] : found.takeList(toolsPrefix).flatMap(readFlatTool);
    return writeConversation({ messages: list.messages, tools, others: [], isUnchanged: false });
  };
}

function readFlatTool(item: unknown): unknown[] {
  if (!isObject(item)) return [item];
  const schema = member(item, 'json_schema');
  if (typeof schema === 'string') return readTools(parseSafely(schema) ?? schema);
  const members: Member[] = [...membersOf(item)].map(([key, value]) =>
    key === 'parameters' && typeof value === 'string' ? [key, parseSafely(value) ?? value] : [key, value],
  );
  return [new Map<string, unknown>([['type', 'function'], ...members])];
}

/** Documents of a retrieval or a reranker: `[{id?, score?, content?, metadata?}]`. */
export function readDocuments(items: readonly unknown[]): unknown[] {
  return items.map((item) => {
    if (!isObject(item)) return item;
    const metadata = textMember(item, 'metadata');
    const parsed = metadata === undefined ? undefined : parseSafely(metadata);
    return parsed === undefined ? item : new Map<string, unknown>([...membersOf(item), ['metadata', parsed]]);
  });
}

export function asDocuments(prefix: string): Reader {
  return (found) => {
    const documents = readDocuments(found.takeList(prefix));
    return documents.length === 0 ? undefined : storable(writeValue(documents));
  };
}

/** What a reranker was given: `{query?, documents?}`. */
export const rerankerInput: Reader = (found) => {
  const query = found.take('reranker.query');
  const documents = readDocuments(found.takeList('reranker.input_documents.'));
  const members = new Map<string, unknown>();
  if (query !== undefined) members.set('query', query);
  if (documents.length > 0) members.set('documents', documents);
  return members.size === 0 ? undefined : storable(writeValue(members));
};

/** What was embedded: a text, or a list of them. */
export const embeddedTexts: Reader = (found) => {
  const items = found.takeList('embedding.embeddings.');
  const texts = items.map((item) => (isObject(item) ? member(item, 'text') : undefined)).filter(isSaid);
  if (texts.length === 0) return undefined;
  return storable(writeValue(texts.length === 1 ? texts[0] : texts));
};

function isSaid(value: unknown): boolean {
  return value !== undefined;
}

/** Vectors are many numbers that nobody reads: only how many there were and how long is kept. */
export const flatVectors: Reader = (found) => {
  const items = found.takeList('embedding.embeddings.');
  const vectors = items.map((item) => (isObject(item) ? member(item, 'vector') : undefined)).filter(isSaid);
  return vectors.length === 0 ? undefined : writeVectors(vectors);
};

export function asVectors(key: string): Reader {
  return (found) => {
    const value = takeJson(found, key);
    if (!Array.isArray(value)) return undefined;
    return writeVectors(typeof value[0] === 'number' ? [value] : value);
  };
}

function writeVectors(vectors: readonly unknown[]): JsonText {
  const [first] = vectors;
  const vector: unknown = typeof first === 'string' ? parseSafely(first) : first;
  const dimensions = Array.isArray(vector) ? vector.length : undefined;
  return JSON.stringify({ dimensions, count: vectors.length });
}

/** A list of this many numbers is a vector. */
const MIN_DIMENSIONS = 16;

/** The output of an embedding call, with each vector replaced by `{dimensions}`; as it was where it has none. */
function withoutVectors(value: AttributeValue): JsonText {
  const parsed = typeof value === 'string' ? parseSafely(value) : value;
  if (typeof parsed !== 'object' || parsed === null || !isWithinDepth(parsed)) return toContent(value);
  let count = 0;
  const strip = (item: unknown): unknown => {
    if (Array.isArray(item)) {
      if (item.length >= MIN_DIMENSIONS && item.every((number) => typeof number === 'number')) {
        count += 1;
        return new Map([['dimensions', item.length]]);
      }
      return item.map(strip);
    }
    if (!isObject(item)) return item;
    return new Map([...membersOf(item)].map(([key, inner]) => [key, strip(inner)]));
  };
  const stripped = strip(parsed);
  return count === 0 ? toContent(value) : storable(writeValue(stripped));
}

/** MLflow writes every value as JSON, texts included. */
export function asEncoded(key: string): Reader {
  return (found, type) => {
    const value = found.take(key);
    return value === undefined ? undefined : readEncoded(value, type);
  };
}

export function readEncoded(value: AttributeValue, type: ObservationType): JsonText {
  if (typeof value === 'string' && value.startsWith('"') && value.endsWith('"')) {
    const list = parseSafely(`[${value}]`);
    if (Array.isArray(list) && list.length === 1) return toJsonText(list[0]);
  }
  return readAny(value, type);
}

/** The AI SDK writes a value, or each of a list, as JSON. */
export function asParsed(key: string): Reader {
  return (found) => {
    const value = found.take(key);
    if (value === undefined) return undefined;
    const items = Array.isArray(value) ? (value as readonly AttributeValue[]) : [value];
    const parsed = items.map((item) => (typeof item === 'string' ? parseSafely(`[${item}]`) : undefined));
    if (!parsed.every((list): list is [unknown] => Array.isArray(list) && list.length === 1)) return toContent(value);
    const [first] = parsed;
    // Objects and lists as they were written.
    if (!Array.isArray(value) && typeof first?.[0] === 'object') return toContent(value);
    return storable(writeValue(Array.isArray(value) ? parsed.map(([item]) => item) : first?.[0]));
  };
}

/** Pydantic AI, first version: one list of events for what was said and, as `gen_ai.choice`, what was answered. */
export function asEventList(key: string, side: 'input' | 'output'): Reader {
  return (found) => {
    const events = takeJson(found, key);
    if (!Array.isArray(events)) return undefined;
    const list = new MessageList();
    for (const event of events as readonly unknown[]) {
      if (!isObject(event)) return undefined;
      const name = textMember(event, 'event.name') ?? '';
      if ((name === 'gen_ai.choice') !== (side === 'output')) continue;
      if (!list.add(event, 'assistant')) return undefined;
    }
    if (list.messages.length === 0) return undefined;
    return writeConversation({ messages: list.messages, tools: [], others: [], isUnchanged: false });
  };
}

/** The outer span of the AI SDK: `{system?, prompt | messages}`. */
export const aiPrompt: Reader = (found) => {
  const value = found.take('ai.prompt');
  if (value === undefined) return undefined;
  const parsed = typeof value === 'string' ? parseSafely(value) : value;
  const prompt = isObject(parsed) ? member(parsed, 'prompt') : undefined;
  if (!isObject(parsed) || prompt === undefined) return readMessages(value, undefined, []) ?? toContent(value);
  for (const [key] of membersOf(parsed)) if (key !== 'system' && key !== 'prompt') return toContent(value);
  const messages =
    typeof prompt === 'string'
      ? [
          new Map([
            ['role', 'user'],
            ['content', prompt],
          ]),
        ]
      : prompt;
  const request = new Map<string, unknown>([
    ['messages', messages],
    ['system', member(parsed, 'system')],
  ]);
  const conversation = readConversation(request);
  return conversation === undefined ? toContent(value) : writeConversation(conversation);
};

/** The AI SDK's answer: the text or the object where that is all, else one message. */
export function aiAnswer(prefix: string): Reader {
  return (found) => {
    const text = found.take(`${prefix}text`);
    const object = found.take(`${prefix}object`);
    const calls = takeJson(found, `${prefix}toolCalls`);
    const reasoning = found.take(`${prefix}reasoning`);
    const files = takeJson(found, `${prefix}files`);
    if (isNothing(calls) && isNothing(reasoning) && isNothing(files)) {
      if (object !== undefined) return toContent(object);
      return typeof text === 'string' ? toJsonText(text) : undefined;
    }
    const parts: unknown[] = [];
    if (reasoning !== undefined)
      parts.push(
        new Map<string, unknown>([
          ['type', 'reasoning'],
          ['text', reasoning],
        ]),
      );
    if (text !== undefined && text !== '') parts.push(text);
    if (object !== undefined)
      parts.push(
        new Map<string, unknown>([
          ['type', 'object'],
          ['object', object],
        ]),
      );
    if (Array.isArray(files)) parts.push(...(files as unknown[]).map(filePart));
    const message = new Map<string, unknown>([
      ['content', parts],
      ['tool_calls', calls],
    ]);
    const finish = found.peek('ai.response.finishReason');
    if (typeof finish === 'string') message.set('finish_reason', finish);
    const list = new MessageList();
    list.add(message, 'assistant');
    return writeConversation({ messages: list.messages, tools: [], others: [], isUnchanged: false });
  };
}

function filePart(file: unknown): unknown {
  return isObject(file) ? new Map<string, unknown>([['type', 'file'], ...membersOf(file)]) : file;
}
