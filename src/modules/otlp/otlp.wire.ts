import { InvalidInput } from '../../domain/errors.js';
import {
  type AttributeValue,
  type Attributes,
  MAX_ATTRIBUTE_DEPTH,
  MAX_VALUES,
  NO_ATTRIBUTES,
  type OtlpResource,
  type OtlpScope,
  Unreadable,
} from './otlp.span.js';

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
const GROUP_START = 3;
const GROUP_END = 4;
export const FIXED32 = 5;

/** How deep unknown groups may nest; they are only skipped, but each level is a call. */
const MAX_GROUP_DEPTH = 100;
/** A varint of 64 bits has at most this many bytes. */
const MAX_VARINT_BYTES = 10;

/** `field << 3 | wire type`, as it stands before every value. */
export const tag = (field: number, wireType: number): number => field * 8 + wireType;

/**
 * Reads protobuf's wire format, and the messages that all OTLP signals share (common/v1/common.proto,
 * resource/v1/resource.proto). As protobuf asks of every reader, unknown fields are skipped, and so are known fields that
 * come with another wire type. Every method is given the `end` of its message, and throws `Unreadable` before it would
 * read beyond it.
 */
export abstract class WireReader {
  protected pos = 0;
  private valueCount = 0;

  constructor(protected readonly bytes: Buffer) {}

  protected readResource(end: number): OtlpResource {
    const attributes = new Map<string, AttributeValue>();
    let droppedAttributesCount = 0;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) this.readKeyValue(this.readEnd(end), attributes, 0);
      else if (t === tag(2, VARINT)) droppedAttributesCount = this.readUint32(end);
      else this.skip(t, end);
    }
    return { attributes, droppedAttributesCount };
  }

  protected readScope(end: number): OtlpScope {
    let name = '';
    let version = '';
    const attributes = new Map<string, AttributeValue>();
    let droppedAttributesCount = 0;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) name = this.readText(end);
      else if (t === tag(2, LENGTH)) version = this.readText(end);
      else if (t === tag(3, LENGTH)) this.readKeyValue(this.readEnd(end), attributes, 0);
      else if (t === tag(4, VARINT)) droppedAttributesCount = this.readUint32(end);
      else this.skip(t, end);
    }
    return { name, version, attributes, droppedAttributesCount };
  }

  protected readKeyValue(end: number, into: Map<string, AttributeValue>, depth: number): void {
    let key = '';
    let value: AttributeValue = null;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) key = this.readKey(end);
      else if (t === tag(2, LENGTH)) value = this.readAnyValue(this.readEnd(end), depth);
      else this.skip(t, end);
    }
    into.set(key, value);
  }

  protected readAnyValue(end: number, depth: number): AttributeValue {
    this.valueCount += 1;
    if (this.valueCount > MAX_VALUES) {
      throw new Unreadable('', `holds more than ${MAX_VALUES} attributes, members and items`, 'TOO_MANY');
    }
    let value: AttributeValue = null;
    while (this.pos < end) {
      const t = this.readTag(end);
      switch (t) {
        case tag(1, LENGTH):
          value = this.readText(end);
          break;
        case tag(2, VARINT):
          value = this.readVarint(end) !== 0;
          break;
        case tag(3, VARINT):
          value = this.readInt64(end);
          break;
        case tag(4, FIXED64):
          this.need(8, end);
          value = this.bytes.readDoubleLE(this.pos);
          this.pos += 8;
          break;
        case tag(5, LENGTH):
          value = this.readArray(this.readEnd(end), depth + 1);
          break;
        case tag(6, LENGTH):
          value = this.readKeyValueList(this.readEnd(end), depth + 1);
          break;
        case tag(7, LENGTH): {
          const next = this.readEnd(end);
          value = this.bytes.toString('base64', this.pos, next);
          this.pos = next;
          break;
        }
        default:
          this.skip(t, end);
      }
    }
    return value;
  }

  protected readArray(end: number, depth: number): AttributeValue {
    checkDepth(depth);
    const values: AttributeValue[] = [];
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) values.push(this.readAnyValue(this.readEnd(end), depth));
      else this.skip(t, end);
    }
    return values;
  }

  protected readKeyValueList(end: number, depth: number): Attributes {
    checkDepth(depth);
    if (this.pos === end) return NO_ATTRIBUTES;
    const values = new Map<string, AttributeValue>();
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) this.readKeyValue(this.readEnd(end), values, depth);
      else this.skip(t, end);
    }
    return values;
  }

  private malformed(message: string): Unreadable {
    return new Unreadable('', `${message} at byte ${this.pos} of ${this.bytes.length}`);
  }

  protected need(count: number, end: number): void {
    if (end - this.pos < count) throw this.malformed(`a value of ${count} bytes runs past the end of its message`);
  }

  protected readTag(end: number): number {
    const first = this.bytes[this.pos]!;
    if (first < 0x80) {
      this.pos += 1;
      if (first < 8) throw this.malformed('a field has number 0');
      return first;
    }
    const t = this.readVarint(end);
    if (t < 8 || t > 0xffffffff) throw this.malformed('a field number is out of range');
    return t;
  }

  /** Reads a length and returns where the value of that length ends; `pos` is then at its start. */
  protected readEnd(end: number): number {
    const length = this.readVarint(end);
    const valueEnd = this.pos + length;
    if (valueEnd > end) throw this.malformed(`a value of ${length} bytes runs past the end of its message`);
    return valueEnd;
  }

  /** An unsigned varint as a double: exact to 2^53, which is beyond every length; larger ones only ever fail a check. */
  protected readVarint(end: number): number {
    const { bytes } = this;
    let value = 0;
    let factor = 1;
    for (let i = 0; i < MAX_VARINT_BYTES; i += 1) {
      if (this.pos >= end) throw this.malformed('a number runs past the end of its message');
      const byte = bytes[this.pos]!;
      this.pos += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw this.malformed('a number has more than 64 bits');
  }

  protected readUint32(end: number): number {
    // Negative enum values come as ten bytes; what matters is only that they are none of the known ones.
    return Math.min(this.readVarint(end), 0xffffffff);
  }

  protected readInt64(end: number): number | bigint {
    const start = this.pos;
    const value = this.readVarint(end);
    // Up to seven bytes are 49 bits: exact and positive.
    if (this.pos - start <= 7) return value;
    let exact = 0n;
    for (let i = this.pos - 1; i >= start; i -= 1) exact = (exact << 7n) | BigInt(this.bytes[i]! & 0x7f);
    exact = BigInt.asIntN(64, exact);
    const asNumber = Number(exact);
    return Number.isSafeInteger(asNumber) ? asNumber : exact;
  }

  protected readFixed64(end: number): bigint {
    this.need(8, end);
    const value = this.bytes.readBigUInt64LE(this.pos);
    this.pos += 8;
    return value;
  }

  protected readFixed32(end: number): number {
    this.need(4, end);
    const value = this.bytes.readUInt32LE(this.pos);
    this.pos += 4;
    return value;
  }

  protected readHex(end: number): string {
    const next = this.readEnd(end);
    // Ids are 16 or 8 bytes; anything long is refused later and need not be spelled out.
    const text = this.bytes.toString('hex', this.pos, Math.min(next, this.pos + 64));
    this.pos = next;
    return text;
  }

  /** Invalid UTF-8 becomes U+FFFD: exporters cut strings by bytes, and one such string must not cost the request. */
  protected readText(end: number): string {
    const next = this.readEnd(end);
    const text = next === this.pos ? '' : this.bytes.toString('utf8', this.pos, next);
    this.pos = next;
    return text;
  }

  protected readKey(end: number): string {
    const next = this.readEnd(end);
    const key = internKey(this.bytes, this.pos, next);
    this.pos = next;
    return key;
  }

  protected skip(t: number, end: number, depth = 0): void {
    switch (t % 8) {
      case VARINT:
        this.readVarint(end);
        return;
      case FIXED64:
        this.need(8, end);
        this.pos += 8;
        return;
      case LENGTH:
        this.pos = this.readEnd(end);
        return;
      case FIXED32:
        this.need(4, end);
        this.pos += 4;
        return;
      case GROUP_START: {
        if (depth >= MAX_GROUP_DEPTH) throw this.malformed(`groups nest deeper than ${MAX_GROUP_DEPTH} levels`);
        const endTag = t - GROUP_START + GROUP_END;
        for (;;) {
          if (this.pos >= end) throw this.malformed('a group does not end');
          const inner = this.readTag(end);
          if (inner === endTag) return;
          this.skip(inner, end, depth + 1);
        }
      }
      default:
        throw this.malformed(
          t % 8 === GROUP_END ? 'a group ends that has not begun' : 'a field has an unknown wire type',
        );
    }
  }
}

/**
 * Runs `read` over an export that is called `name` in errors.
 * @throws InvalidInput, naming the byte, for what is Unreadable.
 */
export function orInvalid<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const where = error.field === '' ? '' : `${error.field} `;
    throw new InvalidInput(`The body is not a readable OTLP ${name} export in protobuf: ${where}${error.message}`);
  }
}

function checkDepth(depth: number): void {
  if (depth > MAX_ATTRIBUTE_DEPTH) {
    throw new Unreadable(
      '',
      `nests deeper than ${MAX_ATTRIBUTE_DEPTH} levels of arrays and key-value lists`,
      'TOO_DEEP',
    );
  }
}

// Spans repeat the same few dozen keys. A string that is already known costs no allocation, and as V8 keeps the hash of
// a string with it, maps find it at once. One slot per hash, the latest key wins: bounded whatever clients send.
const INTERN_SLOTS = 4096;
const MAX_INTERNED_LENGTH = 96;
const interned = new Array<string>(INTERN_SLOTS).fill('');

function internKey(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > MAX_INTERNED_LENGTH) return bytes.toString('utf8', start, end);
  let hash = length;
  for (let i = start; i < end; i += 1) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  const slot = (hash ^ (hash >>> 15)) & (INTERN_SLOTS - 1);
  const known = interned[slot]!;
  if (known.length === length) {
    let i = 0;
    // Equal bytes mean equal text only below 0x80; others never match, because interned keys are ASCII.
    while (i < length && known.charCodeAt(i) === bytes[start + i]) i += 1;
    if (i === length) return known;
  }
  const key = bytes.toString('utf8', start, end);
  if (isAscii(bytes, start, end)) interned[slot] = key;
  return key;
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (bytes[i]! >= 0x80) return false;
  return true;
}
