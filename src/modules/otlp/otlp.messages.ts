import {
  firstMember,
  isNothing,
  isObject,
  type Member,
  member,
  membersOf,
  otherMembers,
  textMember,
  writeMembers,
  writeValue,
} from './otlp.members.js';
import { type Part, type Parts, readPart, readToolCall, type ToolCall, type ToolResult } from './otlp.message-parts.js';
import { parseSafely } from './otlp.message-text.js';

/**
 * The one form in which messages are stored, whatever convention they came in:
 * `[{role, content: string | parts[], name?, tool_calls?: [{id, name, arguments}], tool_call_id?, finish_reason?}]`.
 * Every result of a tool is a message of role `tool`. Members that the form has no word for stay on their message.
 */
export interface Message {
  /** `system`, `user`, `assistant`, `tool`, or another word of the producer's. */
  readonly role: string;
  /** Text where the message is one text; absent where it only calls tools. */
  readonly content: string | readonly Part[] | undefined;
  readonly name: string | undefined;
  readonly toolCalls: readonly ToolCall[];
  /** Of a message of role `tool`: the call it answers. */
  readonly toolCallId: string | undefined;
  readonly finishReason: string | undefined;
  readonly others: readonly Member[];
}

/** Words for the roles in LangChain, Gemini, Cohere and OpenAI's first functions. */
const ROLES: ReadonlyMap<string, string> = new Map([
  ['human', 'user'],
  ['HumanMessage', 'user'],
  ['HumanMessageChunk', 'user'],
  ['USER', 'user'],
  ['ai', 'assistant'],
  ['AIMessage', 'assistant'],
  ['AIMessageChunk', 'assistant'],
  ['model', 'assistant'],
  ['CHATBOT', 'assistant'],
  ['SystemMessage', 'system'],
  ['SYSTEM', 'system'],
  ['ToolMessage', 'tool'],
  ['function', 'tool'],
  ['FunctionMessage', 'tool'],
]);
/** Words that LangChain has in `type` for what others have in `role`. */
const LANGCHAIN_TYPES: ReadonlySet<string> = new Set(['human', 'ai', 'system', 'tool', 'function', 'AIMessageChunk']);

const CONTENT_KEYS = ['parts', 'contents', 'content', '_content'];
const FINISH_KEYS = ['finish_reason', 'finishReason', 'stop_reason', 'stopReason'];
const TOOL_ID_KEYS = ['tool_call_id', 'toolCallId', 'id'];
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  ...CONTENT_KEYS,
  ...FINISH_KEYS,
  ...['role', 'name', 'tool_calls', 'toolCalls', 'tool_call_id', 'toolCallId', 'function_call'],
  ...['function_call_name', 'function_call_arguments_json', 'reasoning_content', 'reasoning', 'event.name'],
]);
const FORM_KEYS: ReadonlySet<string> = new Set(['role', 'content', 'name', 'tool_call_id', 'finish_reason']);

/** Messages that are read one after the other, and whether any of them had to change its form. */
export class MessageList {
  readonly messages: Message[] = [];
  isUnchanged = true;

  /**
   * Adds what `value` says, which may be several messages (results of tools count one each).
   * @param role of a value that does not name its own
   * @returns false when it is no message; the list is then as it was.
   */
  add(value: unknown, role?: string): boolean {
    if (!isObject(value)) return false;
    const unwrapped = unwrap(value);
    if (unwrapped !== undefined) {
      this.isUnchanged = false;
      return this.addBody(unwrapped.body, unwrapped.role ?? role, unwrapped.finishReason, unwrapped.others);
    }
    return this.addItem(value) || this.addBody(value, role, undefined, []);
  }

  /** Puts instructions in front, given as text or as parts. */
  prependSystem(instructions: unknown): void {
    const list = new MessageList();
    const content = Array.isArray(instructions) || typeof instructions === 'string' ? instructions : [instructions];
    list.push('system', content, new Map(), undefined, []);
    this.messages.unshift(...list.messages);
    this.isUnchanged = false;
  }

  /** Items of OpenAI's Responses API, and of LiveKit, that are no messages but stand between them. */
  private addItem(item: object): boolean {
    const type = textMember(item, 'type');
    if (type !== 'function_call' && type !== 'function_call_output' && type !== 'reasoning') return false;
    if (member(item, 'role') !== undefined) return false;
    this.push('assistant', [item], new Map(), undefined, []);
    return true;
  }

  private addBody(body: object, role: string | undefined, finish: string | undefined, others: Member[]): boolean {
    const type = textMember(body, 'type');
    const own = textMember(body, 'role') ?? (type !== undefined && LANGCHAIN_TYPES.has(type) ? type : role);
    const content = firstMember(body, CONTENT_KEYS);
    const isContent = content === undefined || typeof content === 'string' || typeof content === 'object';
    if (own === undefined || !isContent) return false;
    const said = content ?? (own === role ? textMember(body, 'text') : undefined);
    if (said === undefined && !mentionsTools(body) && member(body, 'role') === undefined) return false;
    this.push(own, said, body, finish, others);
    return true;
  }

  private push(role: string, content: unknown, body: object, finish: string | undefined, more: Member[]): void {
    if (this.isUnchanged) this.isUnchanged = isInForm(role, content, body);
    const found: Parts = { parts: [], toolCalls: [], toolResults: [] };
    const reasoning = textMember(body, 'reasoning_content') ?? textMember(body, 'reasoning');
    if (reasoning !== undefined && reasoning !== '')
      readPart(
        new Map([
          ['type', 'reasoning'],
          ['text', reasoning],
        ]),
        found,
      );
    let text: string | undefined;
    const list = typeof content === 'string' ? parseParts(content) : content;
    if (typeof list === 'string') text = list;
    else if (Array.isArray(list)) for (const item of list) readPart(item, found);
    else if (isObject(list)) readPart(list, found);
    if (text !== undefined && text !== '' && found.parts.length > 0) readPart(text, found);
    readCalls(body, found.toolCalls);

    const own = ROLES.get(role) ?? role;
    const name = textMember(body, 'name');
    for (const result of found.toolResults) this.messages.push(toolMessage(result));
    const isAnswered = found.toolResults.length > 0 && found.parts.length === 0 && found.toolCalls.length === 0;
    if (isAnswered && (text === undefined || text === '')) return;
    const finishReason = firstMember(body, FINISH_KEYS) ?? finish;
    const callId = own === 'tool' ? firstMember(body, TOOL_ID_KEYS) : member(body, 'tool_call_id');
    const others = otherMembers(body, KNOWN_KEYS).filter(
      ([key, value]) => value !== content && !isSaid(key, value, own, found.toolCalls),
    );
    this.messages.push({
      role: own,
      content: found.parts.length === 0 ? joinText(text, found) : singleText(found.parts),
      name: name === '' ? undefined : name,
      toolCalls: found.toolCalls,
      toolCallId: typeof callId === 'string' && callId !== '' ? callId : undefined,
      finishReason: typeof finishReason === 'string' && finishReason !== '' ? finishReason : undefined,
      others: [...others, ...more],
    });
  }
}

interface Unwrapped {
  readonly body: object;
  readonly role: string | undefined;
  readonly finishReason: string | undefined;
  readonly others: Member[];
}

const CHOICE_KEYS: ReadonlySet<string> = new Set(['message', 'delta', 'index', 'text', 'event.name', ...FINISH_KEYS]);
const CANDIDATE_KEYS: ReadonlySet<string> = new Set(['content', 'index', ...FINISH_KEYS]);

/** The message inside a choice (OpenAI), a candidate (Gemini), a generation or a serialised message (LangChain). */
function unwrap(value: object): Unwrapped | undefined {
  const kwargs = member(value, 'kwargs');
  if (isObject(kwargs) && member(value, 'lc') !== undefined) {
    const id = member(value, 'id');
    const last: unknown = Array.isArray(id) ? id.at(-1) : undefined;
    return { body: kwargs, role: typeof last === 'string' ? last : undefined, finishReason: undefined, others: [] };
  }
  if (member(value, 'role') !== undefined) return undefined;
  const data = member(value, 'data');
  const type = textMember(value, 'type');
  if (isObject(data) && type !== undefined && LANGCHAIN_TYPES.has(type))
    return { body: data, role: type, finishReason: undefined, others: [] };
  const message = firstMember(value, ['message', 'delta']);
  const info = member(value, 'generation_info');
  const stated = firstMember(value, FINISH_KEYS) ?? (isObject(info) ? firstMember(info, FINISH_KEYS) : undefined);
  const finishReason = typeof stated === 'string' ? stated : undefined;
  if (isObject(message)) {
    const inner = unwrap(message);
    const others = otherMembers(value, CHOICE_KEYS);
    return { body: inner?.body ?? message, role: inner?.role ?? 'assistant', finishReason, others };
  }
  const content = member(value, 'content');
  if (isObject(content) && member(content, 'parts') !== undefined)
    return { body: content, role: 'assistant', finishReason, others: otherMembers(value, CANDIDATE_KEYS) };
  return undefined;
}

function mentionsTools(body: object): boolean {
  return ['tool_calls', 'toolCalls', 'function_call', 'function_call_name'].some(
    (key) => member(body, key) !== undefined,
  );
}

function readCalls(body: object, into: ToolCall[]): void {
  const kwargs = member(body, 'additional_kwargs');
  const stated = firstMember(body, ['tool_calls', 'toolCalls']);
  const fallback = isObject(kwargs) ? member(kwargs, 'tool_calls') : undefined;
  const calls = Array.isArray(stated) && stated.length > 0 ? stated : fallback;
  if (Array.isArray(calls)) {
    const known = new Set(into.map(({ id }) => id));
    for (const item of calls) {
      const call = readToolCall(item);
      // Anthropic through LangChain says each call in the content and in the list.
      if (call !== undefined && (call.id === undefined || !known.has(call.id))) into.push(call);
    }
  }
  const legacy = readToolCall(member(body, 'function_call')) ?? readLegacyCall(body);
  if (legacy !== undefined && into.length === 0) into.push(legacy);
}

/** OpenInference's `message.function_call_name` and `message.function_call_arguments_json`. */
function readLegacyCall(body: object): ToolCall | undefined {
  const name = textMember(body, 'function_call_name');
  if (name === undefined) return undefined;
  return readToolCall(
    new Map([
      ['name', name],
      ['arguments', textMember(body, 'function_call_arguments_json') ?? ''],
    ]),
  );
}

/** Content that is JSON text of parts (older OpenLLMetry) or, in a tool's answer, just text. */
function parseParts(content: string): unknown {
  if (!content.startsWith('[{')) return content;
  const list = parseSafely(content);
  const isParts = Array.isArray(list) && list.every((item) => isObject(item) && textMember(item, 'type') !== undefined);
  return isParts ? list : content;
}

/** Whether a member says only what other members have said already. */
function isSaid(key: string, value: unknown, role: string, calls: readonly ToolCall[]): boolean {
  if (key === 'id') return role === 'tool';
  // The order of the messages says what their index does.
  if (key === 'type' || key === 'index') return true;
  if (key !== 'additional_kwargs' || !isObject(value) || calls.length === 0) return false;
  for (const [inner] of membersOf(value)) if (inner !== 'tool_calls' && inner !== 'function_call') return false;
  return true;
}

/** Whether the message can stay as it was written. */
function isInForm(role: string, content: unknown, body: object): boolean {
  if (typeof content !== 'string' || content.startsWith('[{') || ROLES.has(role)) return false;
  for (const [key, value] of membersOf(body)) if (!FORM_KEYS.has(key) || typeof value !== 'string') return false;
  return true;
}

function joinText(text: string | undefined, { toolCalls }: Parts): string | undefined {
  return text === undefined || text === '' ? (toolCalls.length > 0 ? undefined : '') : text;
}

/** One plain text is no list. */
function singleText(parts: readonly Part[]): string | readonly Part[] {
  const [first] = parts;
  if (parts.length > 1 || !(first instanceof Map) || first.size !== 2 || first.get('type') !== 'text') return parts;
  return first.get('text') as string;
}

function toolMessage({ callId, name, content, others }: ToolResult): Message {
  return {
    role: 'tool',
    content: typeof content === 'string' ? content : resultContent(content),
    name,
    toolCalls: [],
    toolCallId: callId,
    finishReason: undefined,
    others,
  };
}

function resultContent(content: unknown): string | readonly Part[] {
  if (isNothing(content)) return '';
  if (!Array.isArray(content)) {
    // The AI SDK says of a result whether it is text or JSON.
    const type = isObject(content) ? textMember(content, 'type') : undefined;
    const value = isObject(content) && (type === 'text' || type === 'json') ? member(content, 'value') : undefined;
    return value === undefined ? writeValue(content) : typeof value === 'string' ? value : writeValue(value);
  }
  const found: Parts = { parts: [], toolCalls: [], toolResults: [] };
  for (const item of content) readPart(item, found);
  const isParts =
    found.parts.length === content.length && found.parts.every((part) => part instanceof Map && part.has('type'));
  return isParts ? singleText(found.parts) : writeValue(content);
}

/** The messages as JSON text, not yet checked for what cannot be stored. */
export function writeMessages(messages: readonly Message[]): string {
  return `[${messages.map(writeMessage).join(',')}]`;
}

function writeMessage(message: Message): string {
  const { content, name, toolCalls, toolCallId, finishReason } = message;
  let text = `{"role":${JSON.stringify(message.role)}`;
  if (content !== undefined) text += `,"content":${writeValue(content)}`;
  if (name !== undefined) text += `,"name":${JSON.stringify(name)}`;
  if (toolCalls.length > 0) text += `,"tool_calls":[${toolCalls.map(writeCall).join(',')}]`;
  if (toolCallId !== undefined) text += `,"tool_call_id":${JSON.stringify(toolCallId)}`;
  if (finishReason !== undefined) text += `,"finish_reason":${JSON.stringify(finishReason)}`;
  for (const [key, value] of message.others) text += `,${JSON.stringify(key)}:${writeValue(value)}`;
  return `${text}}`;
}

function writeCall({ id, name, arguments: args, others }: ToolCall): string {
  const members: Member[] = [];
  if (id !== undefined) members.push(['id', id]);
  if (name !== undefined) members.push(['name', name]);
  if (args !== undefined) members.push(['arguments', args]);
  return writeMembers([...members, ...others]);
}
