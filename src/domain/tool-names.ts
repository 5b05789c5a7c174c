import { isStorableText, type JsonText } from './json.js';

/**
 * Which tools a model was offered and which it called, by the messages of a call (langfuse.md §4.11). Read once, when a
 * message is written: over millions of rows nobody can look into inputs.
 */

/** Of one input or output; more are no tools that anybody tells apart. */
const MAX_NAMES = 256;
/** Providers take names of up to 128 characters. */
const MAX_NAME_LENGTH = 200;
/** How far answers wrap what a model said. */
const MAX_DEPTH = 12;

// Most inputs and outputs have no tools: these searches, 0.6 µs for 2.8 KB, are all that they pay, a fifth of what one
// expression takes. Every form of a definition and of a call has one of the words behind a quote, be it one within a text.
const OFFER_WORDS = ['"tools', '"function'];
const CALL_WORDS = ['"tool', '"function', '"custom_tool', '"server_tool', '"mcp_call'];

/** Names as one column holds them: one a line; empty for none. */
export type ToolNames = string;

export function splitToolNames(names: ToolNames | null): string[] {
  return names === null || names === '' ? [] : names.split('\n');
}

/** Names of the definitions in an input, each once, in their order; undefined where it has none. */
export function offeredToolNames(input: JsonText): ToolNames | undefined {
  if (!hasAny(input, OFFER_WORDS)) return undefined;
  const names = new Set<string>();
  addOffered(parseContent(input), names, 0);
  return joinNames(names);
}

/** Names of the calls in an output, one for each call, in their order; undefined where it has none. */
export function calledToolNames(output: JsonText): ToolNames | undefined {
  if (!hasAny(output, CALL_WORDS)) return undefined;
  const names: string[] = [];
  addCalled(parseContent(output), names, 0);
  return joinNames(names);
}

function hasAny(text: JsonText, words: readonly string[]): boolean {
  for (const word of words) if (text.includes(word)) return true;
  return false;
}

function joinNames(names: Iterable<string>): ToolNames | undefined {
  const kept: string[] = [];
  for (const name of names) {
    // JSON within a text can escape what the text itself must not have.
    if (name === '' || name.length > MAX_NAME_LENGTH || name.includes('\n') || !isStorableText(name)) continue;
    kept.push(name);
    if (kept.length === MAX_NAMES) break;
  }
  return kept.length === 0 ? undefined : kept.join('\n');
}

/** A text may be JSON once more: clients that state texts alone write their messages so. */
function parseContent(text: JsonText): unknown {
  const value: unknown = JSON.parse(text);
  return typeof value === 'string' ? parseText(value) : value;
}

function parseText(text: string): unknown {
  if (!text.startsWith('{') && !text.startsWith('[')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  const list = typeof value === 'string' ? parseText(value) : value;
  return Array.isArray(list) ? (list as readonly unknown[]) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A request holds its tools beside its messages, or in one of its members: `config`, `kwargs`, `body`. */
function addOffered(value: unknown, names: Set<string>, depth: number): void {
  const members = membersOf(value);
  if (members === undefined) {
    for (const item of listOf(value)) addOfferedByMessage(item, names);
    return;
  }
  for (const tool of listOf(members['tools'])) addDefinition(tool, names);
  // What OpenAI's tools were called first.
  for (const definition of listOf(members['functions'])) addDefinition(definition, names);
  for (const message of listOf(members['messages'])) addOfferedByMessage(message, names);
  if (depth >= 2) return;
  for (const member of Object.values(members)) if (membersOf(member)) addOffered(member, names, depth + 1);
}

/** Callbacks of LangChain list each tool as a message of role `tool` whose content is the definition. */
function addOfferedByMessage(message: unknown, names: Set<string>): void {
  const members = membersOf(message);
  if (members === undefined) return;
  for (const tool of listOf(members['tools'])) addDefinition(tool, names);
  const content = members['role'] === 'tool' ? membersOf(members['content']) : undefined;
  if (content !== undefined && membersOf(content['function'])) addDefinition(content, names);
}

/** OpenAI, Anthropic, the AI SDK and MCP; Gemini lists declarations in each, Bedrock wraps a specification. */
function addDefinition(tool: unknown, names: Set<string>): void {
  const members = membersOf(typeof tool === 'string' ? parseText(tool) : tool);
  if (members === undefined) return;
  for (const list of ['function_declarations', 'functionDeclarations'])
    for (const declaration of listOf(members[list])) addDefinition(declaration, names);
  const wrapped = membersOf(members['function']) ?? membersOf(members['toolSpec']);
  const name = textOf(wrapped?.['name']) ?? textOf(members['name']);
  if (name !== undefined) names.add(name);
}

/** Where answers hold what a model said. */
const HOLDERS = [
  'choices',
  'candidates',
  'generations',
  'replies',
  'messages',
  'message',
  'output',
  'response',
  'content',
  'parts',
  'items',
  'kwargs',
];
/** What parts and items of an answer say that they are, where they are calls. */
const CALL_TYPES: ReadonlySet<unknown> = new Set([
  'tool_call',
  'tool-call',
  'tool_use',
  'server_tool_use',
  'function',
  'function_call',
  'custom_tool_call',
  'mcp_call',
]);
const CALL_MEMBERS = ['functionCall', 'function_call', 'toolUse'];

function addCalled(value: unknown, names: string[], depth: number): void {
  if (depth > MAX_DEPTH || names.length >= MAX_NAMES) return;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) addCalled(item, names, depth + 1);
    return;
  }
  const members = membersOf(value);
  if (members === undefined) return;
  const listed = firstList(members['tool_calls'], members['toolCalls']);
  if (listed.length > 0) {
    // The content of such a message repeats them.
    for (const call of listed) addCall(call, names);
    return;
  }
  if (CALL_TYPES.has(members['type'])) {
    addCall(members, names);
    return;
  }
  const before = names.length;
  for (const key of CALL_MEMBERS) if (membersOf(members[key])) addCall(members[key], names);
  for (const key of HOLDERS) {
    const held = members[key];
    if (typeof held === 'object') addCalled(held, names, depth + 1);
  }
  // LangChain keeps there what its providers said, which is also in the message unless the message is an old one.
  if (names.length === before) addCalled(members['additional_kwargs'], names, depth + 1);
}

function firstList(...candidates: readonly unknown[]): readonly unknown[] {
  return candidates.map(listOf).find((list) => list.length > 0) ?? [];
}

function addCall(call: unknown, names: string[]): void {
  const members = membersOf(call);
  if (members === undefined) return;
  const name =
    textOf(membersOf(members['function'])?.['name']) ?? textOf(members['name']) ?? textOf(members['toolName']);
  if (name !== undefined) names.push(name);
}
