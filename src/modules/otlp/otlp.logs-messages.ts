import { type LogMessage } from '../../domain/log.js';
import { type AttributeValue } from './otlp.span.js';
import { parseContainer, toJson, toText } from './otlp.values.js';

/**
 * Messages that come one per log record: `gen_ai.system.message`, `.user.`, `.assistant.`, `.tool.` and `gen_ai.choice`
 * (OpenTelemetry semantic conventions 1.28 to 1.36, docs/gen-ai/gen-ai-events.md). They are brought to the form of
 * `gen_ai.input.messages` (1.37 and later): role and parts.
 */

const ROLES: ReadonlyMap<string, string> = new Map([
  ['gen_ai.system.message', 'system'],
  ['gen_ai.user.message', 'user'],
  ['gen_ai.assistant.message', 'assistant'],
  ['gen_ai.tool.message', 'tool'],
]);
const CHOICE = 'gen_ai.choice';

/** Whether records of that event name are messages. */
export function isMessageEvent(eventName: string): boolean {
  return ROLES.has(eventName) || eventName === CHOICE;
}

type Members = ReadonlyMap<string, AttributeValue>;

/** The message of an event that `isMessageEvent`; undefined where it carries no content (capturing is off). */
export function messageOf(eventName: string, body: AttributeValue, attributes: Members): LogMessage | undefined {
  const outer = membersOf(body) ?? attributes;
  if (eventName === CHOICE) {
    const inner = outer.get('message');
    const message = membersOf(inner) ?? (inner === undefined ? outer : new Map([['content', inner]]));
    // Older producers put tool calls beside the message.
    const parts = partsOf(message.get('content'), message.get('tool_calls') ?? outer.get('tool_calls'));
    const finishReason = outer.get('finish_reason');
    return wrap('output', message.get('role') ?? 'assistant', parts, finishReason);
  }
  const role = outer.get('role') ?? ROLES.get(eventName)!;
  const content = outer.get('content') ?? (typeof body === 'string' ? body : undefined);
  if (eventName === 'gen_ai.tool.message') {
    if (isEmpty(content)) return undefined;
    return wrap('input', role, [toolResponse(outer.get('id'), content!)]);
  }
  return wrap('input', role, partsOf(content, outer.get('tool_calls')));
}

function wrap(
  side: LogMessage['side'],
  role: AttributeValue,
  parts: readonly AttributeValue[],
  finishReason?: AttributeValue,
): LogMessage | undefined {
  if (parts.length === 0) return undefined;
  const message = new Map<string, AttributeValue>([
    ['role', toText(role)],
    ['parts', parts],
  ]);
  if (!isEmpty(finishReason)) message.set('finish_reason', finishReason!);
  return { side, content: toJson(message) };
}

function partsOf(content: AttributeValue | undefined, toolCalls: AttributeValue | undefined): AttributeValue[] {
  const parts = isEmpty(content) ? [] : (listOf(content) ?? [content!]).map(partOf);
  if (!isEmpty(toolCalls)) parts.push(...(listOf(toolCalls) ?? []).map(toolCall));
  return parts;
}

function partOf(value: AttributeValue): AttributeValue {
  const members = membersOf(value);
  if (members === undefined) return textPart(toText(value));
  const text = members.get('text');
  const isText = (members.get('type') ?? 'text') === 'text' && typeof text === 'string';
  return isText ? textPart(text) : members;
}

function textPart(content: string): AttributeValue {
  return new Map([
    ['type', 'text'],
    ['content', content],
  ]);
}

/** OpenAI's `{id, type, function: {name, arguments}}`. */
function toolCall(value: AttributeValue): AttributeValue {
  const members = membersOf(value);
  if (members === undefined) return value;
  const called = membersOf(members.get('function')) ?? members;
  const part = new Map<string, AttributeValue>([['type', 'tool_call']]);
  const id = members.get('id');
  if (!isEmpty(id)) part.set('id', id!);
  part.set('name', called.get('name') ?? null);
  const stated = called.get('arguments');
  if (stated !== undefined) part.set('arguments', membersOf(stated) ?? stated);
  return part;
}

function toolResponse(id: AttributeValue | undefined, response: AttributeValue): AttributeValue {
  const part = new Map<string, AttributeValue>([['type', 'tool_call_response']]);
  if (!isEmpty(id)) part.set('id', id!);
  return part.set('response', response);
}

function isEmpty(value: AttributeValue | undefined): boolean {
  return value === undefined || value === null || value === '';
}

function listOf(value: AttributeValue | undefined): readonly AttributeValue[] | undefined {
  return Array.isArray(value) ? (value as readonly AttributeValue[]) : undefined;
}

/** The members of a key-value list, or of an object that came as JSON text. */
function membersOf(value: AttributeValue | undefined): Members | undefined {
  if (value instanceof Map) return value as Members;
  if (typeof value !== 'string') return undefined;
  const parsed = parseContainer(value);
  return parsed === undefined || Array.isArray(parsed) ? undefined : (fromJson(parsed) as Members);
}

/** What JSON.parse gave, as attribute values. */
function fromJson(value: unknown): AttributeValue {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return value as AttributeValue;
  return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}
