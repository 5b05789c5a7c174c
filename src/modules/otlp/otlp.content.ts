import { type JsonText } from '../../domain/json.js';
import { type ObservationType } from '../../domain/observation.js';
import { isEventWithContent, readSpanEvents } from './otlp.content-span-events.js';
import { FoundContent } from './otlp.content-found.js';
import { contentKeyOf, EVENT_SOURCES, RANKS, SOURCES } from './otlp.content-sources.js';
import { isBlank, isEmptyContainer } from './otlp.picks.js';
import { type AttributeValue, type OtlpEvent, type OtlpSpan } from './otlp.span.js';

/** Input and output of one observation. */
export interface Contents {
  readonly input: JsonText | undefined;
  readonly output: JsonText | undefined;
  /** Where they came from: keys of attributes, `prefix.*` of those that form a list, `event NAME` of events. */
  readonly inputSources: readonly string[];
  readonly outputSources: readonly string[];
  /** Attributes whose values are stored as content, so that they are not kept raw as well; with what is left of the value. */
  readonly takenKeys: ReadonlyMap<string, JsonText | undefined>;
  /** Events of which the same is true. */
  readonly takenEvents: ReadonlySet<OtlpEvent>;
}

const NONE: readonly string[] = [];
const NO_KEYS: ReadonlyMap<string, undefined> = new Map();
const NO_EVENTS: ReadonlySet<OtlpEvent> = new Set();
const NO_CONTENT: Contents = {
  input: undefined,
  output: undefined,
  inputSources: NONE,
  outputSources: NONE,
  takenKeys: NO_KEYS,
  takenEvents: NO_EVENTS,
};

/** Empty containers count only where no source says more. */
const EMPTY_RANK = SOURCES.length * 4;

/**
 * Finds input and output of a span in its attributes and events, by the order of `SOURCES`, and brings messages to one form
 * (see `Message`). Values without messages, and whatever Langfuse's own keys state, are kept as they were sent.
 * Never throws: what cannot be read is kept as it is.
 */
export function readContents(span: OtlpSpan, type: ObservationType): Contents {
  let found: FoundContent | undefined;
  const candidates: Candidate[] = [];
  const ranks = type === 'GENERATION' ? RANKS.generation : RANKS.other;
  for (const [key, value] of span.attributes) {
    const meaning = contentKeyOf(key);
    if (meaning === null || isBlank(value) || isUncaptured(key, value)) continue;
    found ??= new FoundContent();
    if (meaning.list === undefined) found.add(key, value);
    else if (!found.addLeaf(meaning.list, meaning.path!, key, value)) continue;
    for (const source of meaning.sources) {
      const rank = ranks[source]! + (isEmptyContainer(value) ? EMPTY_RANK : 0);
      const known = candidates.find((candidate) => candidate.source === source);
      if (known === undefined) candidates.push({ source, rank });
      else if (rank < known.rank) known.rank = rank;
    }
  }
  if (span.events.some(isEventWithContent)) {
    found ??= new FoundContent();
    for (const source of EVENT_SOURCES) candidates.push({ source, rank: ranks[source]! });
  }
  if (found === undefined || candidates.length === 0) return NO_CONTENT;
  candidates.sort((a, b) => a.rank - b.rank);
  const reading = new Reading(span, type, found, candidates);
  const [input, inputSources] = reading.read('input');
  const [output, outputSources] = reading.read('output');
  return { input, output, inputSources, outputSources, takenKeys: found.taken, takenEvents: reading.takenEvents };
}

/** A source that some attribute of the span belongs to. */
interface Candidate {
  readonly source: number;
  rank: number;
}

class Reading {
  takenEvents: ReadonlySet<OtlpEvent> = NO_EVENTS;

  constructor(
    private readonly span: OtlpSpan,
    private readonly type: ObservationType,
    private readonly found: FoundContent,
    private readonly candidates: readonly Candidate[],
  ) {}

  read(side: 'input' | 'output'): readonly [content: JsonText | undefined, sources: readonly string[]] {
    for (const { source } of this.candidates) {
      const { side: ofSource, read } = SOURCES[source]!;
      if (ofSource !== side) continue;
      if (read === 'events') {
        const events = readSpanEvents(this.span.events, side, this.type);
        if (events === undefined) continue;
        this.takenEvents = new Set([...this.takenEvents, ...events.events]);
        return [events.content, [...new Set(events.events.map(({ name }) => `event ${name}`))]];
      }
      const content = read(this.found, this.type);
      if (content !== undefined) {
        const sources = this.found.keep();
        this.takeRepeats(side, sources);
        return [content, sources];
      }
      this.found.putBack();
    }
    return [undefined, NONE];
  }

  /** A value that several conventions state in the same words is stored once. */
  private takeRepeats(side: 'input' | 'output', sources: readonly string[]): void {
    const { found } = this;
    const values = sources.map((key) => found.peek(key));
    for (const { source } of this.candidates) {
      const { side: ofSource, keys } = SOURCES[source]!;
      if (ofSource !== side) continue;
      for (const key of keys) {
        const value = found.peek(key);
        if (typeof value === 'string' && values.includes(value) && !found.taken.has(key))
          found.taken.set(key, undefined);
      }
    }
  }
}

/** Google ADK writes an empty object where capturing content is switched off. */
function isUncaptured(key: string, value: AttributeValue): boolean {
  return value === '{}' && key.startsWith('gcp.vertex.agent.');
}
