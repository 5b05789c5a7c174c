import { type LogMessage } from '../../domain/log.js';
import { type AttributeValue } from './otlp.span.js';
import { parseContainer, toJson, toText } from './otlp.values.js';

/**
 * Messages that come one per log record: `gen_ai.system.message`, `.user.`, `.assistant.`, `.tool.` and `gen_ai.choice`
 * (OpenTelemetry semantic conventions 1.28 to 1.36, docs/gen-ai/gen-ai-events.md). They are brought to the form in which
 * messages are stored: `{role, content: string | parts[], tool_calls?: [{id, name, arguments}], tool_call_id?,
 * finish_reason?}`.
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
    return write('output', message.get('role') ?? 'assistant', {
      content: message.get('content'),
      toolCalls: message.get('tool_calls') ?? outer.get('tool_calls'),
      finishReason: outer.get('finish_reason'),
    });
  }
  const role = outer.get('role') ?? ROLES.get(eventName)!;
  return write('input', role, {
    content: outer.get('content') ?? (typeof body === 'string' ? body : undefined),
    toolCalls: outer.get('tool_calls'),
    toolCallId: eventName === 'gen_ai.tool.message' ? outer.get('id') : undefined,
  });
}

interface Said {
  readonly content: AttributeValue | undefined;
  readonly toolCalls: AttributeValue | undefined;
  readonly toolCallId?: AttributeValue | undefined;
  readonly finishReason?: AttributeValue | undefined;
}

function write(side: LogMessage['side'], role: AttributeValue, said: Said): LogMessage | undefined {
  const content = isEmpty(said.content) ? undefined : contentOf(said.content!, toText(role) === 'tool');
  const toolCalls = listOf(said.toolCalls)?.map(toolCall) ?? [];
  if (content === undefined && toolCalls.length === 0) return undefined;
  const message = new Map<string, AttributeValue>([['role', toText(role)]]);
  if (content !== undefined) message.set('content', content);
  if (toolCalls.length > 0) message.set('tool_calls', toolCalls);
  if (!isEmpty(said.toolCallId)) message.set('tool_call_id', said.toolCallId!);
  if (!isEmpty(said.finishReason)) message.set('finish_reason', said.finishReason!);
  return { side, content: toJson(message) };
}

/** One text, or parts; what a tool gave is text whatever it is. */
function contentOf(content: AttributeValue, isOfTool: boolean): AttributeValue {
  if (typeof content !== 'object') return toText(content);
  const parts = listOf(content);
  if (parts === undefined) return isOfTool ? toText(content) : [content];
  const read = parts.map(partOf);
  const [first] = read;
  return read.length === 1 && first instanceof Map && first.get('type') === 'text'
    ? (first.get('text') as string)
    : read;
}

function partOf(value: AttributeValue): AttributeValue {
  const members = membersOf(value);
  const text = members === undefined ? toText(value) : members.get('text');
  const isText = members === undefined || (members.get('type') ?? 'text') === 'text';
  if (!isText || typeof text !== 'string') return members ?? value;
  return new Map([
    ['type', 'text'],
    ['text', text],
  ]);
}

/** OpenAI's `{id, type, function: {name, arguments}}`. */
function toolCall(value: AttributeValue): AttributeValue {
  const members = membersOf(value);
  if (members === undefined) return value;
  const called = membersOf(members.get('function')) ?? members;
  const call = new Map<string, AttributeValue>();
  const id = members.get('id');
  if (!isEmpty(id)) call.set('id', id!);
  call.set('name', called.get('name') ?? null);
  const stated = called.get('arguments');
  if (stated !== undefined) call.set('arguments', membersOf(stated) ?? stated);
  return call;
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
