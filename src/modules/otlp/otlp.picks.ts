import { toJsonText } from '../../domain/json.js';
import { FAMILIES, type Family, type Field, FIELD_RULES } from './otlp.attributes.js';
import { NO_PARAMETERS, PARAMETER_KEYS } from './otlp.description.js';
import { type FieldRule, type ReadValue, type Row, rowName } from './otlp.rows.js';
import { type Attributes, type AttributeValue } from './otlp.span.js';
import { toMembers } from './otlp.values.js';

/** Reading by the table of `otlp.attributes.ts`. It is compiled once; a span costs one look-up per attribute. */

const FIELD_NAMES = Object.keys(FIELD_RULES) as Field[];
const FIELD_NUMBER = new Map(FIELD_NAMES.map((name, number) => [name, number]));

/** One field that a key may state; a key that may state several has a chain of them. */
export interface Slot {
  readonly field: number;
  /** Lower wins. */
  readonly rank: number;
  readonly isContent: boolean;
  readonly read: ReadValue | undefined;
  /** Another key that must be in the same place. */
  readonly beside: string | undefined;
  readonly isNotOfBrowsers: boolean;
  /** The key, as people are told it. */
  readonly name: string;
  readonly next: Slot | undefined;
}

/** What the table says about one key. */
export interface KeyMeaning {
  readonly slot: Slot | undefined;
  /** Members of the object it holds that mean something. */
  readonly members: ReadonlyMap<string, Slot> | undefined;
  readonly family: Family | undefined;
  /** What follows the prefix of the family. */
  readonly suffix: string;
  /** The parameter of a model call that it states. */
  readonly parameter: Parameter | undefined;
  /** The key as the start of a JSON member: `"key":`. */
  readonly member: string;
}

export interface Parameter {
  readonly name: string;
  /** Lower wins; parameters that are listed in one JSON object lie between the standard's and the others. */
  readonly rank: number;
}

/** An empty object, list or map counts only where no other key says more. */
const EMPTY_CONTENT_RANK = 1000;

const SPAN_SLOTS = compile('span');
const RESOURCE_SLOTS = compile('resource');
const MEMBER_SLOTS = compileMembers();
const FAMILY_LIST = Object.entries(FAMILIES) as [Family, (typeof FAMILIES)[Family]][];

/** The first segments that any rule begins with: other keys need no comparison with the prefixes. */
const FAMILY_SEGMENTS = new Set(FAMILY_LIST.map(([, { prefix }]) => prefix.slice(0, prefix.indexOf('.'))));

function compile(place: 'span' | 'resource'): ReadonlyMap<string, Slot> {
  const slots = new Map<string, Slot>();
  eachRow((row, slot) => {
    if (row.member !== undefined || (row.on !== place && row.on !== 'both')) return;
    const rank = slot.rank + (place === 'resource' ? 1 : 0);
    slots.set(row.key, { ...slot, rank, next: slots.get(row.key) });
  });
  return slots;
}

function compileMembers(): ReadonlyMap<string, ReadonlyMap<string, Slot>> {
  const slots = new Map<string, Map<string, Slot>>();
  eachRow((row, slot) => {
    if (row.member === undefined) return;
    const members = slots.get(row.key) ?? new Map<string, Slot>();
    members.set(row.member, { ...slot, next: members.get(row.member) });
    slots.set(row.key, members);
  });
  return slots;
}

function eachRow(visit: (row: Row, slot: Slot) => void): void {
  FIELD_NAMES.forEach((name, field) => {
    const rule: FieldRule = FIELD_RULES[name];
    rule.rows.forEach((row, i) => {
      const { read, beside } = row;
      const isContent = rule.isContent === true;
      const isNotOfBrowsers = row.isNotOfBrowsers === true;
      const name = rowName(row);
      visit(row, { field, rank: i * 2, isContent, read, beside, isNotOfBrowsers, name, next: undefined });
    });
  });
}

/** By field number the key that is taken to have stated a value of which no attribute is left: what Langfuse's SDKs send. */
const ASSUMED_KEYS = FIELD_NAMES.map((name) => assumedKey(name));

export function assumedKey(field: Field): string {
  const { rows }: FieldRule = FIELD_RULES[field];
  return rowName(rows.find(({ doc }) => doc === 'langfuse') ?? rows[0]!);
}

// Keys are few and repeat in every span. Bounded, because clients choose them: when full it starts afresh.
const MAX_KNOWN_KEYS = 4096;
const MAX_KNOWN_KEY_LENGTH = 128;
const knownKeys = new Map<string, KeyMeaning>();

export function meaningOf(key: string): KeyMeaning {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const meaning = lookUp(key);
  if (key.length <= MAX_KNOWN_KEY_LENGTH) {
    if (knownKeys.size >= MAX_KNOWN_KEYS) knownKeys.clear();
    knownKeys.set(key, meaning);
  }
  return meaning;
}

function lookUp(key: string): KeyMeaning {
  const { family, suffix } = familyOf(key);
  return {
    slot: SPAN_SLOTS.get(key),
    members: MEMBER_SLOTS.get(key),
    family,
    suffix,
    parameter: parameterOf(key, family, suffix),
    member: `${toJsonText(key)}:`,
  };
}

function familyOf(key: string): { family: Family | undefined; suffix: string } {
  const dot = key.indexOf('.');
  if (dot > 0 && FAMILY_SEGMENTS.has(key.slice(0, dot))) {
    for (const [family, { prefix }] of FAMILY_LIST) {
      if (key.length > prefix.length && key.startsWith(prefix)) return { family, suffix: key.slice(prefix.length) };
    }
  }
  return { family: undefined, suffix: '' };
}

function parameterOf(key: string, family: Family | undefined, suffix: string): Parameter | undefined {
  let parameter: Parameter | undefined;
  if (family === 'modelParameters') parameter = { name: suffix, rank: 0 };
  // The settings of the AI SDK hold the caller's context as well.
  else if (family === 'aiSettings') parameter = suffix.startsWith('context.') ? undefined : { name: suffix, rank: 2 };
  else if (PARAMETER_KEYS.has(key)) parameter = { name: PARAMETER_KEYS.get(key)!, rank: 3 };
  return parameter === undefined || NO_PARAMETERS.has(parameter.name) ? undefined : parameter;
}

/** What one attribute says about one field. */
interface Pick {
  readonly slot: Slot;
  readonly rank: number;
  /** As it was read. */
  readonly value: AttributeValue;
  /** As it was sent. */
  readonly sent: AttributeValue;
}

/** The keys that stated fields, where the attributes themselves are not kept; see `Picks.addSources`. */
export type Sources = Map<Field | 'input' | 'output' | 'usage', string>;

/** What the attributes of one span, on top of those of its resource, say about each field. */
export class Picks {
  private readonly picks: (Pick | undefined)[];
  /** By field: its value has been stored, so that the raw attribute need not be. */
  private readonly used: boolean[];

  /** @param isOfBrowser the span's scope watches a page in a browser */
  constructor(
    base?: Picks,
    private readonly isOfBrowser = false,
  ) {
    this.picks = base === undefined ? new Array<undefined>(FIELD_NAMES.length).fill(undefined) : base.picks.slice();
    this.used = new Array<boolean>(FIELD_NAMES.length).fill(false);
  }

  /** What the attributes of a resource say about the spans below it. */
  static ofResource(attributes: Attributes): Picks {
    const picks = new Picks();
    for (const [key, value] of attributes) {
      const slot = RESOURCE_SLOTS.get(key);
      if (slot !== undefined) picks.offerTo(slot, value, value, attributes);
    }
    return picks;
  }

  /** Takes what one of the `attributes` of the span says. */
  offer({ slot, members }: KeyMeaning, value: AttributeValue, attributes: Attributes): void {
    if (slot !== undefined) this.offerTo(slot, value, value, attributes);
    if (members !== undefined) this.offerMembers(members, value);
  }

  private offerTo(slot: Slot, value: AttributeValue, sent: AttributeValue, place: Place): void {
    if (isBlank(value)) return;
    for (let s: Slot | undefined = slot; s !== undefined; s = s.next) {
      const rank = s.isContent && isEmptyContainer(value) ? s.rank + EMPTY_CONTENT_RANK : s.rank;
      const known = this.picks[s.field];
      if (known !== undefined && known.rank <= rank) continue;
      if (s.isNotOfBrowsers && this.isOfBrowser) continue;
      const beside = s.beside === undefined ? undefined : scalarOf(place, s.beside);
      if (s.beside !== undefined && beside === undefined) continue;
      const read = s.read === undefined ? value : s.read(value, beside);
      if (read !== undefined && !isBlank(read)) this.picks[s.field] = { slot: s, rank, value: read, sent };
    }
  }

  private offerMembers(slots: ReadonlyMap<string, Slot>, value: AttributeValue): void {
    const members = toMembers(value);
    if (members === undefined) return;
    for (const [name, item] of members) {
      const slot = slots.get(name);
      if (slot === undefined) continue;
      if (isScalar(item)) this.offerTo(slot, item, value, members);
    }
  }

  get(field: Field): AttributeValue | undefined {
    return this.picks[FIELD_NUMBER.get(field)!]?.value;
  }

  /** The value if it is text. */
  text(field: Field): string | undefined {
    const value = this.get(field);
    return typeof value === 'string' ? value : undefined;
  }

  /** The key that states the field. */
  keyOf(field: Field): string | undefined {
    return this.picks[FIELD_NUMBER.get(field)!]?.slot.name;
  }

  /** Whether reading has not changed what was sent. */
  isAsSent(field: Field): boolean {
    const pick = this.picks[FIELD_NUMBER.get(field)!];
    return pick !== undefined && pick.value === pick.sent;
  }

  /** States that the value of `field` is stored in full in a place of its own. */
  use(field: Field): void {
    this.used[FIELD_NUMBER.get(field)!] = true;
  }

  /**
   * Whether `value`, found under a key with this meaning, is already stored in a field of its own: always if only
   * content is asked for, because small values are kept raw as well.
   */
  isStored({ slot }: KeyMeaning, value: AttributeValue, contentOnly: boolean): boolean {
    for (let s = slot; s !== undefined; s = s.next) {
      if (this.used[s.field] && (s.isContent || !contentOnly) && this.picks[s.field]?.sent === value) return true;
    }
    return false;
  }

  /** Notes which fields an attribute stated that is not kept, where that is not the key which is assumed without a note. */
  addSources(sources: Sources, { slot, members }: KeyMeaning, value: AttributeValue): void {
    this.addSource(sources, slot, value);
    if (members !== undefined) for (const memberSlot of members.values()) this.addSource(sources, memberSlot, value);
  }

  private addSource(sources: Sources, slot: Slot | undefined, value: AttributeValue): void {
    for (let s = slot; s !== undefined; s = s.next) {
      const pick = this.picks[s.field];
      if (pick === undefined || pick.slot !== s || pick.sent !== value) continue;
      if (s.name !== ASSUMED_KEYS[s.field]) sources.set(FIELD_NAMES[s.field]!, s.name);
    }
  }
}

/** Where a key was found: the attributes, or the members of one of them. */
type Place = ReadonlyMap<string, unknown>;

/** The value that a row needs beside its own, if it says anything. */
export function scalarOf(place: Place, key: string): AttributeValue | undefined {
  const value = place.get(key);
  return isScalar(value) && !isBlank(value) ? value : undefined;
}

/** Of objects only scalars are names and ids. */
function isScalar(value: unknown): value is string | number | bigint {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
}

const LONGEST_PLACEHOLDER = '<not specified>'.length;
const PLACEHOLDERS: ReadonlySet<string> = new Set(['', 'null', 'None', '<not specified>']);

/** Empty values and the words that instrumentations write for "nothing" say nothing. */
export function isBlank(value: AttributeValue): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_PLACEHOLDER && PLACEHOLDERS.has(value);
  return value === null;
}

/** Empty objects and lists say something only where nothing else does. */
export function isEmptyContainer(value: AttributeValue): boolean {
  if (typeof value === 'string') return value === '{}' || value === '[]';
  return value instanceof Map ? value.size === 0 : Array.isArray(value) && value.length === 0;
}
