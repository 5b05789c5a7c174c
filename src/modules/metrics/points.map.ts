import { InvalidInput } from '../../domain/errors.js';
import { MAX_VALUE, type Point, type PointRejection, type Series, seriesOf } from '../../domain/metric.js';
import { clampTime, parseIsoTime, type Micros } from '../../domain/time.js';
import { isWirePoint, typeProblem, type WirePoint } from './points.schema.js';

/** How many refused items an answer lists; more are only counted, so that an answer cannot outgrow its request. */
export const MAX_LISTED_REJECTIONS = 1000;

const DAY_MS = 86_400_000;
const NO_LABELS: Readonly<Record<string, string>> = {};

export interface MappedPoints {
  readonly points: Point[];
  /** Refused items in the order of the request, at most MAX_LISTED_REJECTIONS. */
  readonly rejected: PointRejection[];
  /** All refused items. */
  readonly rejectedCount: number;
}

/**
 * Maps the items of a `POST /v1/metrics/batch` request to points. An item that cannot be taken is refused alone. A time
 * outside [now − 10 years, now + 1 day] is refused, where an observation's would be moved there: points are told apart
 * by their time, so that two moved ones would overwrite one another. With `retentionDays` above 0 a time further back
 * than that is refused as well: the point would be gone before anybody has seen it.
 */
export function mapPoints(
  items: readonly unknown[],
  nowMs: number,
  retentionDays: number,
  series = new SeriesReader(),
): MappedPoints {
  const times = new TimeReader(nowMs, retentionDays);
  const points: Point[] = [];
  const rejected: PointRejection[] = [];
  let rejectedCount = 0;
  const refuse = (index: number, item: unknown, problem: InvalidInput): void => {
    if (rejected.length < MAX_LISTED_REJECTIONS) rejected.push(toRejection(index, item, problem));
  };
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index];
    try {
      if (!isWirePoint(item)) throw typeProblem(item);
      points.push({ index, series: series.read(item), time: times.read(item.timestamp), value: readValue(item.value) });
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      rejectedCount += 1;
      refuse(index, item, error);
    }
  }
  return { points, rejected, rejectedCount };
}

/** Spellings and labels that a reader keeps of each generation, in characters: about 25,000 series of 160 each. */
const MAX_CHARACTERS = 8 * 1024 * 1024;
/** What an entry takes besides its texts. */
const ENTRY_CHARACTERS = 300;

/**
 * Reads each series once, as long as it remembers it: agents send points of the same series again and again, and writers
 * know a series by its object. Remembers two generations of bounded size; what is not used during one is forgotten.
 */
export class SeriesReader {
  private young = new Map<string, Series>();
  private old = new Map<string, Series>();
  private characters = 0;

  constructor(private readonly maxCharacters: number = MAX_CHARACTERS) {}

  /** @throws InvalidInput naming `name` or `labels` when they exceed a limit. */
  read({ name, labels }: WirePoint): Series {
    // As they were sent, labels in their order; the lengths keep different ones from becoming the same text.
    let spelling = `${name.length},${name}`;
    for (const key in labels) {
      const value = labels[key]!;
      spelling += `${key.length},${value.length},${key}${value}`;
    }
    const known = this.young.get(spelling);
    if (known !== undefined) return known;
    const series = this.old.get(spelling) ?? seriesOf(name, labels ?? NO_LABELS);
    const characters = spelling.length + series.labels.length + ENTRY_CHARACTERS;
    this.characters += characters;
    if (this.characters > this.maxCharacters) {
      this.old = this.young;
      this.young = new Map();
      this.characters = characters;
    }
    this.young.set(spelling, series);
    return series;
  }
}

/** Reads times and remembers the last one: agents send many points of one moment. */
class TimeReader {
  private text: string | undefined;
  private time: Micros = 0;

  private readonly oldest: Micros;

  constructor(
    private readonly nowMs: number,
    private readonly retentionDays: number,
  ) {
    this.oldest = retentionDays === 0 ? -Infinity : (nowMs - retentionDays * DAY_MS) * 1000;
  }

  read(text: string): Micros {
    if (text === this.text) return this.time;
    const time = parseIsoTime(text);
    if (time === undefined) {
      throw new InvalidInput('must be an RFC 3339 time with a zone such as 2026-01-31T09:30:00Z', 'timestamp');
    }
    if (clampTime(time, this.nowMs).clamped) {
      throw new InvalidInput('must not be more than 10 years back or a day ahead', 'timestamp');
    }
    if (time < this.oldest) {
      const days = this.retentionDays === 1 ? 'day' : 'days';
      throw new InvalidInput(`is older than the ${this.retentionDays} ${days} that points are kept`, 'timestamp');
    }
    this.text = text;
    this.time = time;
    return time;
  }
}

function readValue(value: number): number {
  if (Math.abs(value) > MAX_VALUE) throw new InvalidInput(`must lie between -${MAX_VALUE} and ${MAX_VALUE}`, 'value');
  return value;
}

function toRejection(index: number, item: unknown, { field, message }: InvalidInput): PointRejection {
  const name = typeof item === 'object' && item !== null ? (item as { name?: unknown }).name : undefined;
  return {
    index,
    kind: 'metric',
    // A longer one is no name, and echoing it would double the traffic.
    id: typeof name === 'string' && name.length <= 1000 ? name : undefined,
    field,
    code: field === undefined ? 'INVALID_ITEM' : 'INVALID_FIELD',
    message: `${field ?? 'metric'} ${message}`,
  };
}
