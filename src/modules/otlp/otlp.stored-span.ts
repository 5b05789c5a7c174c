import { type ObservationWithPayload } from '../../domain/observation.js';
import { isBrowserScope } from './otlp.browser-scopes.js';
import { MAPPING_KEY } from './otlp.metadata.js';
import { isValidId, SPAN_ID_DIGITS, TRACE_ID_DIGITS, type AttributeValue } from './otlp.span.js';

/** What is left of a span in the metadata of its observation (see `observationMetadata`). */
export interface StoredSpan {
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly resource: ReadonlyMap<string, AttributeValue>;
  readonly isLangfuse: boolean;
  /** The name of its scope, where that watches a page in a browser. */
  readonly browserScope: string | undefined;
  /** By field the key that filled it, where its attribute is not among `attributes`. */
  readonly sources: ReadonlyMap<string, string>;
  /** What a reader of the mapping should know besides. */
  readonly notes: readonly string[];
}

/** Undefined when the observation is no span. */
export function readStored({ id, traceId, metadata }: ObservationWithPayload): StoredSpan | undefined {
  if (!isValidId(id, SPAN_ID_DIGITS) || !isValidId(traceId, TRACE_ID_DIGITS) || metadata === null) return undefined;
  const members = membersOf(JSON.parse(Buffer.from(metadata).toString()));
  // Where a client has a key of the same name, ours has stepped aside.
  const ours = (key: string): unknown => members.get(`otel.${key}`) ?? members.get(key);
  const scope = membersOf(ours('scope'));
  if (!['attributes', 'resourceAttributes', 'scope', 'kind'].some((key) => ours(key) !== undefined)) return undefined;
  const sources = [...membersOf(ours(MAPPING_KEY))].filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const stated = scope.get('name');
  const name = typeof stated === 'string' ? stated : '';
  return {
    attributes: attributesOf(ours('attributes')),
    resource: attributesOf(ours('resourceAttributes')),
    isLangfuse: name.startsWith('langfuse-sdk'),
    browserScope: isBrowserScope(name) ? name : undefined,
    sources: new Map(sources),
    notes: notesOf(ours),
  };
}

function notesOf(ours: (key: string) => unknown): string[] {
  const notes: string[] = [];
  const dropped = ours('droppedAttributesCount');
  if (typeof dropped === 'number') {
    notes.push(
      `The sender dropped ${dropped} attributes of this span before it was sent: the limit of its SDK ` +
        '(OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT, 128 unless set) may be the reason why a field is empty.',
    );
  }
  const operation = attributesOf(ours('attributes')).get('gen_ai.operation.name');
  if (operation === 'invoke_agent' || operation === 'agent_step') {
    notes.push(
      `A span of the operation ${operation} sums up its children: where calls below it are counted, its own tokens and cost are left out of the sums of the trace.`,
    );
  }
  if (ours('clock') !== undefined)
    notes.push('A time of this span was not in nanoseconds or out of range; metadata.clock has it as it was sent.');
  return notes;
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : new Map<string, unknown>();
}

/** Stored attributes are plain JSON; objects are key-value lists again. */
function attributesOf(value: unknown): ReadonlyMap<string, AttributeValue> {
  return new Map([...membersOf(value)].map(([key, item]) => [key, toAttributeValue(item)]));
}

function toAttributeValue(value: unknown): AttributeValue {
  if (Array.isArray(value)) return value.map(toAttributeValue);
  return typeof value === 'object' && value !== null ? attributesOf(value) : (value as AttributeValue);
}
