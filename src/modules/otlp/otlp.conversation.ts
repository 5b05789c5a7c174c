import { type JsonText } from '../../domain/json.js';
import {
  firstMember,
  isNothing,
  isObject,
  type Member,
  member,
  membersOf,
  textMember,
  writeMembers,
  writeValue,
} from './otlp.members.js';
import { type Message, MessageList, writeMessages } from './otlp.messages.js';
import { isStorableJson, toStorableJson } from './otlp.values.js';

/**
 * What a model was given or gave: messages, the tools it could call, and what else stood beside the messages in a request
 * or response. Stored as a plain list of messages, or, where there is more, as `{messages, tools?, …}`.
 */
export interface Conversation {
  readonly messages: readonly Message[];
  /** Definitions: `{type: "function", name, description?, parameters?}`, or as they came. */
  readonly tools: readonly unknown[];
  readonly others: readonly Member[];
  /** The value was a plain list in this form already. */
  readonly isUnchanged: boolean;
}

/** Where requests and responses hold their messages, most specific first. */
const HOLDERS: readonly string[] = [
  'messages', // OpenAI, Anthropic, AI SDK, LangChain, Haystack
  'contents', // Gemini, Google ADK
  'choices', // OpenAI
  'candidates', // Gemini
  'generations', // LangChain
  'replies', // Haystack
  'items', // LiveKit
  'message', // Genkit, Ollama
  'output', // OpenAI Responses, Bedrock
  'input', // OpenAI Responses
];
/** Of these holders each item is what the model said, even where it names no role. */
const ANSWERS: ReadonlySet<string> = new Set(['choices', 'candidates', 'generations', 'replies']);
const SYSTEM_KEYS = ['system', 'system_instruction', 'systemInstruction', 'instructions'];

/**
 * Reads a value that may hold messages, in any of the shapes of `HOLDERS`, as a list, a list of one list, or as a single
 * message. Values are JSON as parsed or attribute values.
 * @returns undefined when the shape is none of these: the value is then best kept as it is. Never throws.
 */
export function readConversation(value: unknown): Conversation | undefined {
  if (Array.isArray(value)) return readList(value);
  if (!isObject(value)) return undefined;
  for (const key of HOLDERS) {
    const held = member(value, key);
    const list = held === undefined ? undefined : readHeld(held, ANSWERS.has(key) ? 'assistant' : undefined);
    if (list !== undefined) return completeRequest(value, key, list);
  }
  const list = new MessageList();
  if (!list.add(value)) return undefined;
  return { messages: list.messages, tools: [], others: [], isUnchanged: false };
}

function readList(values: readonly unknown[]): Conversation | undefined {
  const list = readHeld(values, undefined);
  if (list === undefined) return undefined;
  return { messages: list.messages, tools: [], others: [], isUnchanged: list.isUnchanged };
}

function readHeld(held: unknown, role: string | undefined): MessageList | undefined {
  // LangChain writes a list of batches, which in a trace has one; of several the boundaries would be lost.
  const nested = Array.isArray(held) && held.length === 1 && Array.isArray(held[0]);
  const items: unknown = nested ? held[0] : held;
  const list = new MessageList();
  for (const item of Array.isArray(items) ? (items as readonly unknown[]) : [items]) {
    if (!list.add(item, role)) return undefined;
  }
  if (nested) list.isUnchanged = false;
  return list.messages.length === 0 ? undefined : list;
}

/** Beside the messages: instructions become the first of them, tools are listed, the rest stays. */
function completeRequest(request: object, holder: string, list: MessageList): Conversation {
  const tools: unknown[] = [];
  const others: Member[] = [];
  let system: unknown;
  for (const [key, value] of membersOf(request)) {
    if (key === holder || isNothing(value)) continue;
    if (SYSTEM_KEYS.includes(key) && (typeof value === 'string' || typeof value === 'object')) system = value;
    else if (key === 'tools' && Array.isArray(value)) tools.push(...value.flatMap(readTools));
    else if (key === 'config' && isObject(value)) {
      const rest: Member[] = [];
      for (const entry of membersOf(value)) {
        if (SYSTEM_KEYS.includes(entry[0]) && !isNothing(entry[1])) system ??= entry[1];
        else if (entry[0] === 'tools' && Array.isArray(entry[1])) tools.push(...entry[1].flatMap(readTools));
        else rest.push(entry);
      }
      if (rest.length > 0) others.push([key, new Map(rest)]);
    } else if (key === 'messages') others.push([`${holder}.messages`, value]);
    else others.push([key, value]);
  }
  const instructions = isObject(system) ? (firstMember(system, ['parts', 'content']) ?? system) : system;
  if (!isNothing(instructions) && instructions !== '') list.prependSystem(instructions);
  return { messages: list.messages, tools, others, isUnchanged: false };
}

/**
 * Definitions of tools in one form: OpenAI's `{type, function: {…}}` loses its wrapper, Gemini's lists of declarations are
 * listed one by one, JSON text is read. Others stay as they are.
 */
export function readTools(tool: unknown): unknown[] {
  if (!isObject(tool)) return [tool];
  const definition = member(tool, 'function');
  if (isObject(definition) && textMember(definition, 'name') !== undefined) {
    return [new Map<string, unknown>([['type', 'function'], ...membersOf(definition)])];
  }
  const declared = firstMember(tool, ['function_declarations', 'functionDeclarations']);
  if (Array.isArray(declared)) {
    return declared.map((item: unknown) =>
      isObject(item) ? new Map<string, unknown>([['type', 'function'], ...membersOf(item)]) : item,
    );
  }
  return [tool];
}

/** The conversation as it is stored. */
export function writeConversation({ messages, tools, others }: Conversation): JsonText {
  let text = writeMessages(messages);
  if (tools.length > 0 || others.length > 0) {
    text = `{"messages":${text}`;
    if (tools.length > 0) text += `,"tools":${writeValue(tools)}`;
    text += others.length > 0 ? `,${writeMembers(others).slice(1)}` : '}';
  }
  return isStorableJson(text) ? text : toStorableJson(text);
}
