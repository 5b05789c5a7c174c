import { type JsonObject } from './api.js';

/**
 * What a stored input or output says, one line a message: `user: What time is it?`, `assistant: calls get_weather
 * {"city":"Oslo"}`, `tool: 7 degrees, rain`. It reads the normal form of messages (role, content as text or parts,
 * tool calls) and knows no convention of a client: what comes in another form is not normalised and gives other lines.
 */
export function saidIn(value: unknown, speaker: 'user' | 'assistant'): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'string') return [`${speaker}: ${value}`];
  if (Array.isArray(value)) return value.map((item) => line(item as JsonObject, speaker));
  const object = value as JsonObject;
  if (Array.isArray(object['messages'])) return saidIn(object['messages'], speaker);
  return [line(object, speaker)];
}

function line(message: JsonObject, speaker: string): string {
  if (typeof message === 'string') return `${speaker}: ${message as string}`;
  const { role, content, parts, tool_calls: calls } = message;
  const said = [...piecesOf(content), ...piecesOf(parts), ...(Array.isArray(calls) ? calls.map(callText) : [])];
  return `${typeof role === 'string' ? role : '?'}: ${said.join(' | ')}`;
}

function piecesOf(content: unknown): string[] {
  if (content === null || content === undefined || content === '') return [];
  if (!Array.isArray(content)) return [typeof content === 'string' ? content : JSON.stringify(content)];
  return content.flatMap((part: JsonObject | string) => {
    if (typeof part === 'string') return [part];
    if (part['type'] === 'reasoning' || part['type'] === 'thinking') return [];
    if (part['type'] === 'tool_call') return [callText(part)];
    if (part['type'] === 'tool_call_response') return piecesOf(part['response'] ?? part['result'] ?? part['content']);
    return piecesOf(part['content'] ?? part['text'] ?? part);
  });
}

function callText(call: JsonObject): string {
  const { name, arguments: given } = (call['function'] ?? call) as JsonObject;
  return `calls ${String(name)} ${typeof given === 'string' ? compact(given) : JSON.stringify(given)}`;
}

function compact(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
}
