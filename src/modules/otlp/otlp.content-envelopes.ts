import { toJsonText } from '../../domain/json.js';
import { asSent, readEncoded, type Reader, storable } from './otlp.content-readers.js';
import { readConversation, writeConversation } from './otlp.conversation.js';
import {
  isNothing,
  isObject,
  member,
  type Member,
  membersOf,
  otherMembers,
  writeMembers,
  writeValue,
} from './otlp.members.js';
import { parseSafely } from './otlp.message-text.js';

/**
 * OpenLLMetry's envelopes around what a function was given or gave: what they hold is the content, what stood beside it stays
 * a raw attribute. Texts are JSON as well.
 */
export function asEnveloped(key: string): Reader {
  return (found, type) => {
    const value = found.take(key);
    if (value === undefined) return undefined;
    const parsed = typeof value === 'string' ? parseSafely(value) : value;
    const opened = isObject(parsed) ? openEnvelope(parsed) : undefined;
    if (opened === undefined) return readEncoded(value, type);
    if (opened.others.length > 0) found.leave(key, storable(writeMembers(opened.others)));
    if (typeof opened.content === 'string') return toJsonText(opened.content);
    const conversation = type === 'GENERATION' ? readConversation(opened.content) : undefined;
    return conversation === undefined ? storable(writeValue(opened.content)) : writeConversation(conversation);
  };
}

/**
 * The instrumentation of LangChain by OpenLLMetry writes the same envelope under the keys of the conventions for tools; any
 * other client means these as they are.
 * @param twin what only OpenLLMetry writes as well
 */
export function asToolContent(key: string, twin: string): Reader {
  const read = { asSent: asSent(key), asEnveloped: asEnveloped(key) };
  return (found, type) => {
    const value = found.peek(key);
    const isEnvelope = typeof value === 'string' && value === found.peek(twin);
    return isEnvelope ? read.asEnveloped(found, type) : read.asSent(found, type);
  };
}

const ENVELOPES: ReadonlySet<string> = new Set([
  ...['args', 'kwargs', 'inputs', 'outputs', 'output', 'tags', 'metadata'],
  // LangChain's tools: the arguments as Python writes them, for `inputs` or in its place.
  'input_str',
]);

interface Opened {
  readonly content: unknown;
  readonly others: readonly Member[];
}

function openEnvelope(envelope: object): Opened | undefined {
  for (const [key] of membersOf(envelope)) if (!ENVELOPES.has(key)) return undefined;
  const inner = ['inputs', 'outputs', 'output', 'input_str'].find((key) => member(envelope, key) !== undefined);
  if (inner !== undefined)
    return { content: member(envelope, inner), others: otherMembers(envelope, new Set([inner])) };
  const args = member(envelope, 'args');
  const kwargs = member(envelope, 'kwargs');
  if (otherMembers(envelope, CALL_KEYS).length > 0) return undefined;
  if (isNothing(args) && !isNothing(kwargs)) return { content: kwargs, others: [] };
  if (!isNothing(kwargs) || !Array.isArray(args) || args.length === 0) return undefined;
  return { content: args.length === 1 ? args[0] : args, others: [] };
}

const CALL_KEYS: ReadonlySet<string> = new Set(['args', 'kwargs']);
