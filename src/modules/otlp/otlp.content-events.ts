import { readConversation, readTools } from './otlp.conversation.js';
import { isObject, type Member, member, membersOf } from './otlp.members.js';
import { type Message, MessageList } from './otlp.messages.js';
import { parseSafely } from './otlp.message-text.js';
import { type Attributes, type AttributeValue } from './otlp.span.js';

/**
 * Messages that came as events, on a span or as log records (OpenTelemetry semantic conventions for GenAI, events; those
 * before 1.37 one message an event, later one event for all).
 */

/** What one event says. */
export interface EventContent {
  readonly input: readonly Message[];
  readonly output: readonly Message[];
  readonly tools: readonly unknown[];
  /** The event states its whole input or output, so that others are not put beside it. */
  readonly isWhole: boolean;
}

/** Roles of per-message events. */
const MESSAGE_EVENTS: ReadonlyMap<string, string> = new Map([
  ['gen_ai.system.message', 'system'],
  ['gen_ai.user.message', 'user'],
  ['gen_ai.assistant.message', 'assistant'],
  ['gen_ai.tool.message', 'tool'],
  ['gen_ai.choice', 'assistant'],
]);
const CHOICE = 'gen_ai.choice';
const DETAILS = 'gen_ai.client.inference.operation.details';
const PROMPT = 'gen_ai.content.prompt';
const COMPLETION = 'gen_ai.content.completion';

export function isContentEvent(name: string): boolean {
  return MESSAGE_EVENTS.has(name) || name === DETAILS || name === PROMPT || name === COMPLETION;
}

/** Attributes of content events that become messages; all others stay with the event. */
export const EVENT_CONTENT_KEYS: ReadonlySet<string> = new Set([
  ...['role', 'content', 'message', 'tool_calls', 'id', 'name', 'finish_reason', 'tool.result', 'index'],
  ...['gen_ai.event.content', 'gen_ai.prompt', 'gen_ai.completion'],
  ...['gen_ai.system_instructions', 'gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.tool.definitions'],
]);

/**
 * Messages of one GenAI event: `gen_ai.{system,user,assistant,tool}.message`, `gen_ai.choice`,
 * `gen_ai.content.{prompt,completion}` and `gen_ai.client.inference.operation.details`.
 * @param body of a log record; undefined for span events, whose attributes say it all
 * @returns undefined for other events and where nothing was captured. Never throws.
 */
export function readEventContent(
  name: string,
  body: AttributeValue | undefined,
  attributes: Attributes,
): EventContent | undefined {
  const role = MESSAGE_EVENTS.get(name);
  if (role !== undefined) return readMessageEvent(name, role, body, attributes);
  if (name === DETAILS) return readDetails(body, attributes);
  if (name !== PROMPT && name !== COMPLETION) return undefined;
  const key = name === PROMPT ? 'gen_ai.prompt' : 'gen_ai.completion';
  const value = attributes.get(key) ?? (isObject(body) ? member(body, key) : body);
  if (value === undefined || value === null || value === '') return undefined;
  const messages = readMessagesOrText(value, name === PROMPT ? 'user' : 'assistant');
  const isPrompt = name === PROMPT;
  return { input: isPrompt ? messages : [], output: isPrompt ? [] : messages, tools: [], isWhole: false };
}

function readMessageEvent(
  name: string,
  role: string,
  body: AttributeValue | undefined,
  attributes: Attributes,
): EventContent | undefined {
  const members = eventMembers(body, attributes);
  // Strands puts the messages of a tool's answer or of a choice into one attribute.
  if (!members.has('content') && !members.has('message') && !members.has('tool_calls')) return undefined;
  const message = members.get('message');
  if (typeof message === 'string' || Array.isArray(message)) {
    members.set('content', message);
    members.delete('message');
  }
  // Older producers put the calls of a choice beside its message.
  const inner = members.get('message');
  if (isObject(inner) && members.has('tool_calls')) {
    members.set('message', new Map([...membersOf(inner), ['tool_calls', members.get('tool_calls')]]));
    members.delete('tool_calls');
  }
  const list = new MessageList();
  if (!list.add(members, role)) return undefined;
  const { messages } = list;
  const isOutput = name === CHOICE;
  return { input: isOutput ? [] : messages, output: isOutput ? messages : [], tools: [], isWhole: false };
}

/** Why the model ended the first of its choices, as that event tells it, content or not; undefined of other events. */
export function readChoiceEnd(name: string, body: AttributeValue | undefined, attributes: Attributes): unknown {
  if (name !== CHOICE) return undefined;
  const members = eventMembers(body, attributes);
  return Number(members.get('index') ?? 0) === 0 ? members.get('finish_reason') : undefined;
}

/** The body of a log record, or the attributes of a span event, with JSON text read. */
function eventMembers(body: AttributeValue | undefined, attributes: Attributes): Map<string, unknown> {
  const members = new Map<string, unknown>();
  const nested = attributes.get('gen_ai.event.content');
  const source = readBody(body) ?? (typeof nested === 'string' ? parseSafely(nested) : nested) ?? undefined;
  if (isObject(source)) for (const [key, value] of membersOf(source)) addEventMember(members, [key, value]);
  else if (typeof source === 'string') members.set('content', readText(source));
  if (source === undefined) for (const entry of attributes) addEventMember(members, entry);
  return members;
}

/** A body that is JSON text of a message as that message, any other as it is. */
function readBody(body: AttributeValue | undefined): unknown {
  const parsed = typeof body === 'string' ? readText(body) : undefined;
  const isMessage =
    isObject(parsed) && ['content', 'message', 'tool_calls'].some((key) => member(parsed, key) !== undefined);
  return isMessage ? parsed : body;
}

function addEventMember(members: Map<string, unknown>, [key, value]: Member): void {
  if (value === null || !EVENT_CONTENT_KEYS.has(key)) return;
  members.set(key, typeof value === 'string' ? readText(value) : value);
}

/** JSON text as a value; other text, and text that merely looks like JSON, as it is. */
function readText(text: string): unknown {
  return parseSafely(text) ?? text;
}

function readDetails(body: AttributeValue | undefined, attributes: Attributes): EventContent | undefined {
  const get = (key: string): unknown => {
    const value = attributes.get(key) ?? (isObject(body) ? member(body, key) : undefined) ?? undefined;
    return typeof value === 'string' ? readText(value) : value;
  };
  const list = readConversation(get('gen_ai.input.messages'))?.messages ?? [];
  const system = get('gen_ai.system_instructions');
  const tools = get('gen_ai.tool.definitions');
  const input = system === undefined ? list : [...systemMessages(system), ...list];
  const output = readConversation(get('gen_ai.output.messages'))?.messages ?? [];
  if (input.length === 0 && output.length === 0) return undefined;
  return { input, output, tools: Array.isArray(tools) ? tools.flatMap(readTools) : [], isWhole: true };
}

/** Instructions, as text or parts, as messages of role `system`. */
export function systemMessages(instructions: unknown): readonly Message[] {
  const list = new MessageList();
  list.prependSystem(instructions);
  return list.messages;
}

/** Messages as far as the value has any, else one message of `role` with the text. */
export function readMessagesOrText(value: unknown, role: string): readonly Message[] {
  const parsed = typeof value === 'string' ? parseSafely(value) : value;
  const conversation = readConversation(parsed);
  if (conversation !== undefined && conversation.others.length === 0) return conversation.messages;
  const list = new MessageList();
  const text = typeof value === 'string' ? value : undefined;
  list.add(new Map<string, unknown>([['content', text ?? [value]]]), role);
  return list.messages;
}
