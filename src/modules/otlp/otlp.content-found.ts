import { type JsonText } from '../../domain/json.js';
import { type LeafPath, FlatList, MAX_LEAVES } from './otlp.unflatten.js';
import { type AttributeValue } from './otlp.span.js';

/**
 * The attributes of one span that may be content. Readers take what they use; what has been taken is not kept among the raw
 * attributes as well.
 */
export class FoundContent {
  private readonly values = new Map<string, AttributeValue>();
  private readonly lists = new Map<string, FlatList>();
  private leafCount = 0;
  private pending: { keys: string[]; sources: string[] } = { keys: [], sources: [] };
  private readonly left = new Map<string, JsonText>();
  /** Keys whose values have become content, with what is left of them as JSON text. */
  readonly taken = new Map<string, JsonText | undefined>();

  add(key: string, value: AttributeValue): void {
    this.values.set(key, value);
  }

  /** @returns false when the span has too many leaves already: the attribute then stays one. */
  addLeaf(prefix: string, path: LeafPath, key: string, value: AttributeValue): boolean {
    if (this.leafCount >= MAX_LEAVES) return false;
    this.leafCount += 1;
    let list = this.lists.get(prefix);
    if (list === undefined) {
      list = new FlatList();
      this.lists.set(prefix, list);
    }
    list.add(key, path, value);
    return true;
  }

  /** The value without taking it. */
  peek(key: string): AttributeValue | undefined {
    return this.values.get(key);
  }

  take(key: string): AttributeValue | undefined {
    const value = this.values.get(key);
    if (value === undefined) return undefined;
    this.pending.keys.push(key);
    this.pending.sources.push(key);
    return value;
  }

  hasList(prefix: string): boolean {
    return this.lists.has(prefix);
  }

  /** States what of a taken value is no content. */
  leave(key: string, rest: JsonText): void {
    this.left.set(key, rest);
  }

  /** The items of a list; empty when there is none. */
  takeList(prefix: string): unknown[] {
    const list = this.lists.get(prefix);
    if (list === undefined) return [];
    for (const key of list.keys) this.pending.keys.push(key);
    this.pending.sources.push(`${prefix}*`);
    return list.toList();
  }

  /** Leaves what was taken since the last call as it was. */
  putBack(): void {
    this.pending = { keys: [], sources: [] };
  }

  /** Confirms what was taken since the last call. @returns the keys by which it is known, `prefix.*` for a list. */
  keep(): readonly string[] {
    const { keys, sources } = this.pending;
    for (const key of keys) this.taken.set(key, this.left.get(key));
    this.putBack();
    return sources;
  }
}
