import { firstMember, isObject, type Member, member, membersOf, otherMembers, textMember } from './otlp.members.js';
import { parseSafely } from './otlp.message-text.js';

/**
 * Parts of messages, as the providers and frameworks write them, in one form:
 * `{type: "text" | "reasoning", text}`, `{type: "image" | "audio" | "video" | "file", url | file_id | data, mime_type?, name?}`.
 * Calls of tools and their results leave the list: they have places of their own. What a part says beyond that stays on it,
 * and a part of an unknown type stays as it came.
 */

/** A part in the form above (a map), or one of unknown form, as it came. */
export type Part = unknown;

export interface ToolCall {
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** JSON; text only where it is no JSON object or list. */
  readonly arguments: unknown;
  /** What else was said. */
  readonly others: readonly Member[];
}

export interface ToolResult {
  readonly callId: string | undefined;
  readonly name: string | undefined;
  readonly content: unknown;
  readonly others: readonly Member[];
}

/** What the parts of one message come to. */
export interface Parts {
  readonly parts: Part[];
  readonly toolCalls: ToolCall[];
  readonly toolResults: ToolResult[];
}

type Reader = (item: object, into: Parts) => boolean;

const textReader: Reader = (item, into) => {
  const text = textMember(item, 'text') ?? textMember(item, 'content') ?? textMember(item, 'refusal');
  if (text === undefined) return false;
  into.parts.push(new Map<string, unknown>([['type', 'text'], ['text', text], ...otherMembers(item, TEXT_KEYS)]));
  return true;
};
const TEXT_KEYS: ReadonlySet<string> = new Set(['type', 'text', 'content', 'refusal']);

const REASONING_TEXT = ['content', 'text', 'thinking', 'reasoning', 'reasoning_content'];
const REASONING_KEYS: ReadonlySet<string> = new Set(['type', ...REASONING_TEXT, 'summary', 'thought', 'reasoningText']);

const reasoningReader: Reader = (item, into) => {
  const text = REASONING_TEXT.map((key) => textMember(item, key)).find((value) => value !== undefined);
  const nested = member(item, 'reasoningText');
  const summary = member(item, 'summary');
  const known: Member[] = [['type', 'reasoning']];
  if (text !== undefined) known.push(['text', text]);
  else if (isObject(nested)) known.push(...membersOf(nested));
  else if (Array.isArray(summary)) known.push(['text', summary.map(plainText).join('\n\n')]);
  into.parts.push(new Map([...known, ...otherMembers(item, REASONING_KEYS)]));
  return true;
};

function plainText(item: unknown): string {
  return isObject(item) ? (textMember(item, 'text') ?? '') : typeof item === 'string' ? item : '';
}

const CALL_ID = ['id', 'toolCallId', 'tool_call_id', 'call_id', 'toolUseId', 'ref'];
const CALL_NAME = ['name', 'toolName', 'tool_name'];
const CALL_ARGUMENTS = ['arguments', 'input', 'args', 'arguments_json'];
const CALL_KEYS: ReadonlySet<string> = new Set([
  ...['type', 'function', 'tool_call', 'index'],
  ...CALL_ID,
  ...CALL_NAME,
  ...CALL_ARGUMENTS,
]);

/** Undefined when it is no call of a tool. */
export function readToolCall(value: unknown): ToolCall | undefined {
  if (!isObject(value)) return undefined;
  const wrapped = member(value, 'function') ?? member(value, 'tool_call');
  const call = isObject(wrapped) ? wrapped : value;
  const name = firstMember(call, CALL_NAME);
  if (typeof name !== 'string') return undefined;
  // The Responses API has an `id` of the item besides the `call_id` that results refer to.
  const id = textMember(value, 'call_id') ?? firstMember(value, CALL_ID) ?? firstMember(call, CALL_ID);
  const stated = firstMember(call, CALL_ARGUMENTS);
  return {
    id: id === undefined ? undefined : asText(id),
    name,
    arguments: typeof stated === 'string' ? (parseSafely(stated) ?? stated) : stated,
    others: otherMembers(value, CALL_KEYS),
  };
}

const callReader: Reader = (item, into) => {
  const call = readToolCall(item);
  if (call === undefined) return false;
  into.toolCalls.push(call);
  return true;
};

const RESULT_ID = ['tool_use_id', 'tool_call_id', 'toolCallId', 'call_id', 'toolUseId', 'id', 'ref'];
const RESULT_CONTENT = ['response', 'result', 'content', 'output'];
const RESULT_KEYS: ReadonlySet<string> = new Set(['type', ...RESULT_ID, ...CALL_NAME, ...RESULT_CONTENT, 'origin']);

const resultReader: Reader = (item, into) => {
  const origin = member(item, 'origin');
  const source = isObject(origin) ? origin : item;
  const id = firstMember(source, RESULT_ID);
  const name = firstMember(source, CALL_NAME);
  into.toolResults.push({
    callId: id === undefined ? undefined : asText(id),
    name: typeof name === 'string' ? name : undefined,
    content: firstMember(item, RESULT_CONTENT),
    others: otherMembers(item, RESULT_KEYS),
  });
  return true;
};

function asText(value: unknown): string {
  return typeof value === 'string' ? value : String(value);
}

const MEDIA_ALIASES: ReadonlyMap<string, string> = new Map([
  ...['url', 'uri', 'file_uri', 'fileUri', 'image_url', 'file_url'].map((key) => [key, 'url'] as const),
  ...['data', 'bytes', 'file_data', 'content', 'image', 'audio', 'file'].map((key) => [key, 'data'] as const),
  ...['mime_type', 'mimeType', 'media_type', 'mediaType', 'contentType'].map((key) => [key, 'mime_type'] as const),
  ...['file_id', 'fileId'].map((key) => [key, 'file_id'] as const),
  ...['filename', 'fileName'].map((key) => [key, 'name'] as const),
]);
const MEDIA_HOLDERS: ReadonlySet<string> = new Set([
  ...['image_url', 'image', 'source', 'file', 'input_audio', 'audio', 'inline_data', 'inlineData', 'file_data'],
  ...['fileData', 'media', 'document', 'video', 'data'],
]);
const MODALITIES: ReadonlySet<string> = new Set(['image', 'audio', 'video']);
const URL_SCHEME = /^(?:https?|data|gs|s3|file|blob):/;
const MAX_HOLDERS = 4;

/** An image, a recording or a file: by reference where there is one, else with its data as base64. */
const mediaReader: Reader = (item, into) => {
  const found = new Map<string, unknown>();
  collectMedia(item, found, MAX_HOLDERS);
  if (!found.has('url') && !found.has('data') && !found.has('file_id')) return false;
  const type = textMember(item, 'type') ?? '';
  const mime = found.get('mime_type');
  const words = [found.get('modality'), typeof mime === 'string' ? mime.split('/', 1)[0] : undefined];
  for (const word of MODALITIES) if (type.includes(word) || member(item, word) !== undefined) words.push(word);
  found.delete('modality');
  found.delete('type');
  const modality = words.find((word) => typeof word === 'string' && MODALITIES.has(word)) ?? 'file';
  into.parts.push(new Map([['type', modality], ...found]));
  return true;
};

function collectMedia(item: object, found: Map<string, unknown>, depth: number): void {
  for (const [key, value] of membersOf(item)) {
    if (value === null || value === undefined) continue;
    if (isObject(value) && MEDIA_HOLDERS.has(key) && depth > 0) {
      collectMedia(value, found, depth - 1);
      continue;
    }
    let name = MEDIA_ALIASES.get(key) ?? key;
    if (name === 'data' && typeof value === 'string' && URL_SCHEME.test(value)) name = 'url';
    if (!found.has(name)) found.set(name, value);
  }
}

const BY_TYPE: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...['text', 'input_text', 'output_text', 'refusal', 'summary_text'].map((type) => [type, textReader] as const),
  ...['reasoning', 'thinking', 'redacted_thinking', 'reasoning_content'].map((t) => [t, reasoningReader] as const),
  ...['tool_call', 'tool_use', 'tool-call', 'function_call', 'toolCall'].map((type) => [type, callReader] as const),
  ...['tool_call_response', 'tool_result', 'tool-result', 'function_call_output', 'function_response'].map(
    (type) => [type, resultReader] as const,
  ),
  ...['image', 'image_url', 'input_image', 'audio', 'input_audio', 'video', 'video_url', 'file', 'input_file'].map(
    (type) => [type, mediaReader] as const,
  ),
  ...['document', 'blob', 'uri', 'media'].map((type) => [type, mediaReader] as const),
]);

/** Gemini, Bedrock, Genkit and Haystack name a part by the one member it has; the value is what the reader gets. */
const BY_MEMBER: readonly (readonly [key: string, reader: Reader])[] = [
  ...['function_call', 'functionCall', 'toolUse', 'toolRequest', 'tool_call'].map((key) => [key, callReader] as const),
  ...['function_response', 'functionResponse', 'toolResult', 'toolResponse', 'tool_call_result'].map(
    (key) => [key, resultReader] as const,
  ),
  ['reasoningContent', reasoningReader],
  ...['inline_data', 'inlineData', 'file_data', 'fileData', 'media', 'image', 'video', 'document'].map(
    (key) => [key, mediaReader] as const,
  ),
];

/** Adds one part to what its message comes to. Never fails: an unknown part is kept as it is. */
export function readPart(item: unknown, into: Parts): void {
  if (typeof item === 'string') {
    into.parts.push(
      new Map([
        ['type', 'text'],
        ['text', item],
      ]),
    );
  } else if (!isObject(item) || !isKnownPart(item, into)) {
    into.parts.push(item);
  }
}

function isKnownPart(item: object, into: Parts): boolean {
  const type = textMember(item, 'type');
  if (type !== undefined) return BY_TYPE.get(type)?.(item, into) ?? false;
  for (const [key, reader] of BY_MEMBER) {
    const value = member(item, key);
    if (isObject(value)) return reader(reader === mediaReader ? item : value, into);
  }
  if (member(item, 'thought') === true || textMember(item, 'reasoning') !== undefined)
    return reasoningReader(item, into);
  return textMember(item, 'text') !== undefined && textReader(item, into);
}
