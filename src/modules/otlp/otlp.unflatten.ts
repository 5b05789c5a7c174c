/**
 * Lists that an instrumentation spread over attributes, one a leaf (OpenInference, spec/semantic_conventions.md;
 * OpenLLMetry): `llm.input_messages.0.message.content`. Only keys below known prefixes are read so; to take every dotted
 * key apart would break the others. Trees are maps: no key becomes a property name, no index a length.
 */

/** How many leaves one span may have in all its lists; further ones stay attributes. Langfuse has the same bound. */
export const MAX_LEAVES = 10_000;
const MAX_INDEX_DIGITS = 7;
/** The deepest key of the conventions has nine segments. */
const MAX_SEGMENTS = 16;

/** Levels of OpenInference that say only what kind of thing stands below them. */
const WRAPPERS: ReadonlySet<string> = new Set([
  ...['message', 'tool_call', 'document', 'message_content', 'embedding', 'tool', 'prompt', 'completion'],
]);

const DIGITS = /^[0-9]+$/;

/** Where a leaf belongs: an index, then names and further indexes (numbers). */
export type LeafPath = readonly (string | number)[];

/**
 * Reads what follows the prefix of a list. Digits are an index where something follows them, and at the start.
 * @returns undefined when it is no such path: the key does not begin with an index, or exceeds the limits.
 */
export function readLeafPath(rest: string): LeafPath | undefined {
  const segments = rest.split('.', MAX_SEGMENTS + 1);
  if (segments.length > MAX_SEGMENTS) return undefined;
  const path: (string | number)[] = [];
  for (const [i, segment] of segments.entries()) {
    const isIndex = (i === 0 || i < segments.length - 1) && DIGITS.test(segment);
    if (i === 0 && !isIndex) return undefined;
    if (isIndex && segment.length > MAX_INDEX_DIGITS) return undefined;
    path.push(isIndex ? Number(segment) : segment);
  }
  return path;
}

class Node {
  value: unknown = undefined;
  children: Map<string | number, Node> | undefined;
  hasNames = false;

  child(segment: string | number): Node {
    this.children ??= new Map();
    let node = this.children.get(segment);
    if (node === undefined) {
      node = new Node();
      this.children.set(segment, node);
      if (typeof segment === 'string') this.hasNames = true;
    }
    return node;
  }

  /** A leaf's value, a dense list in order of the indexes, or a map. */
  build(): unknown {
    if (this.children === undefined) return this.value;
    if (!this.hasNames) return this.buildList(this.children);
    const members = new Map<string, unknown>();
    for (const [segment, node] of this.children) {
      const key = String(segment);
      members.set(key, node.build());
      // Stated both itself and by what lies below it: both are kept.
      if (node.children !== undefined && node.value !== undefined) members.set(`${key}.value`, node.value);
    }
    return members;
  }

  private buildList(children: ReadonlyMap<string | number, Node>): unknown[] {
    const indexes = [...children.keys()] as number[];
    indexes.sort((a, b) => a - b);
    return indexes.map((index) => unwrapItem(children.get(index)!.build()));
  }
}

function unwrapItem(item: unknown): unknown {
  if (!(item instanceof Map) || item.size !== 1) return item;
  const [key, value] = [...(item as Map<string, unknown>)][0]!;
  return WRAPPERS.has(key) && value instanceof Map ? value : item;
}

/** One list of a span, built leaf by leaf in any order. */
export class FlatList {
  private readonly root = new Node();
  /** Keys of the leaves, whole. */
  readonly keys: string[] = [];

  add(key: string, path: LeafPath, value: unknown): void {
    let node = this.root;
    for (const segment of path) node = node.child(segment);
    node.value = value;
    this.keys.push(key);
  }

  /** The items in order of their indexes, without gaps. */
  toList(): unknown[] {
    return this.root.build() as unknown[];
  }
}
