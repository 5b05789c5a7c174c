import { type LogMessage } from '../../domain/log.js';
import { readEventContent } from './otlp.content-events.js';
import { writeMessages } from './otlp.messages.js';
import { type Attributes, type AttributeValue } from './otlp.span.js';
import { toStorableJson } from './otlp.values.js';

/**
 * Messages that come one per log record (OpenTelemetry semantic conventions 1.28 to 1.36, docs/gen-ai/gen-ai-events.md),
 * in the form in which messages are stored.
 */

const MESSAGE_EVENTS: ReadonlySet<string> = new Set([
  'gen_ai.system.message',
  'gen_ai.user.message',
  'gen_ai.assistant.message',
  'gen_ai.tool.message',
  'gen_ai.choice',
]);

/** Whether records of that event name are messages. */
export function isMessageEvent(eventName: string): boolean {
  return MESSAGE_EVENTS.has(eventName);
}

/** The messages of an event that `isMessageEvent`; undefined where it carries no content (capturing is off). */
export function messageOf(eventName: string, body: AttributeValue, attributes: Attributes): LogMessage | undefined {
  const said = readEventContent(eventName, body ?? undefined, attributes);
  if (said === undefined) return undefined;
  const side = said.output.length > 0 ? 'output' : 'input';
  const isCaptured = said[side].some(({ content, toolCalls }) => (content ?? '') !== '' || toolCalls.length > 0);
  if (!isCaptured) return undefined;
  // Without the brackets: all messages of a span are put into one list.
  return { side, content: toStorableJson(writeMessages(said[side])).slice(1, -1) };
}
