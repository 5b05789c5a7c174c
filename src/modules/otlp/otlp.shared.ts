import { type Attributes, type AttributeValue, type OtlpResource, type OtlpScope } from './otlp.span.js';
import { toJson } from './otlp.values.js';

/**
 * What the attributes of a resource or a scope may take, in characters: they are stored with every span and log record
 * below, so that a request of one megabyte could else ask for gigabytes. Real ones take some hundred, with the labels of
 * Kubernetes and a command line a few thousand.
 */
const MAX_SHARED_CHARACTERS = 64 * 1024;
/** The same of a name or a version. */
const MAX_NAME_CHARACTERS = 1024;

interface Attributed {
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
}

/** The message with a resource of bounded size: attributes that do not fit are left out, and counted as dropped. */
export function fitResource<T extends { readonly resource: OtlpResource }>(message: T): T {
  const resource = fitAttributes(message.resource);
  return resource === message.resource ? message : { ...message, resource };
}

/** The message with a scope of bounded size, in the same way. */
export function fitScope<T extends { readonly scope: OtlpScope }>(message: T): T {
  const scope = fitAttributes(message.scope);
  const name = scope.name.slice(0, MAX_NAME_CHARACTERS);
  const version = scope.version.slice(0, MAX_NAME_CHARACTERS);
  if (scope === message.scope && name === scope.name && version === scope.version) return message;
  return { ...message, scope: { ...scope, name, version } };
}

function fitAttributes<T extends Attributed>(message: T): T {
  const fitting = new Map<string, AttributeValue>();
  let rest = MAX_SHARED_CHARACTERS;
  for (const [key, value] of message.attributes) {
    const size = key.length + sizeOf(value);
    if (size > rest) continue;
    rest -= size;
    fitting.set(key, value);
  }
  const leftOutCount = message.attributes.size - fitting.size;
  if (leftOutCount === 0) return message;
  return { ...message, attributes: fitting, droppedAttributesCount: message.droppedAttributesCount + leftOutCount };
}

function sizeOf(value: AttributeValue): number {
  if (typeof value === 'string') return value.length;
  // Numbers and the like have some twenty digits at most.
  return typeof value === 'object' && value !== null ? toJson(value).length : 20;
}
