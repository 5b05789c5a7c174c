import { InvalidInput } from '../../domain/errors.js';
import { isObject, nameOf } from './otlp.json-scalars.js';
import type { OtlpEncoding } from './otlp.response.js';
import { Unreadable } from './otlp.span.js';
import { FIXED32, FIXED64, LENGTH, tag, VARINT, WireReader } from './otlp.wire.js';

/** What an export carries; `profiles` is in the protocol, and not taken here. */
export type OtlpSignal = 'traces' | 'metrics' | 'logs' | 'profiles';

/** The one field of an export request, by signal (opentelemetry-proto, collector/&#42;/v1). */
const ROOTS = {
  traces: 'resourceSpans',
  metrics: 'resourceMetrics',
  logs: 'resourceLogs',
  profiles: 'resourceProfiles',
} as const;
const SIGNALS = Object.keys(ROOTS) as OtlpSignal[];

const snakeCase = (key: string): string => key.replace('R', '_r').replace(/([A-Z])/g, (c) => `_${c.toLowerCase()}`);

/**
 * The JSON of an export request of `signal`, as an object.
 * @throws InvalidInput when it is none, carries another signal (naming where that belongs) or is in snake_case.
 */
export function expectSignal(request: unknown, signal: OtlpSignal): Record<string, unknown> {
  const root = ROOTS[signal];
  if (!isObject(request)) {
    throw new InvalidInput(`The body must be a JSON object such as {"${root}": […]}, got ${nameOf(request)}`);
  }
  if (request[root] !== undefined) return request;
  for (const other of SIGNALS) {
    const key = [ROOTS[other], snakeCase(ROOTS[other])].find((name) => request[name] !== undefined);
    if (key === undefined) continue;
    if (other === signal) {
      throw new InvalidInput(`OTLP/JSON keys are in lowerCamelCase: send ${root} instead of ${key}`, key);
    }
    throw new InvalidInput(`The body holds ${other} (${key}): ${whereTo(other, signal)}`, key);
  }
  return request;
}

/**
 * Lets protobuf bytes pass unless they are of another signal: the messages share their outer field numbers, so that a
 * reader would find records without ids, or nothing.
 * @throws InvalidInput naming where they belong.
 */
export function refuseOtherSignal(body: Buffer, signal: OtlpSignal): void {
  const seen = lookAtFirstRecord(body);
  if (seen === undefined) return;
  // A gauge has nothing that a span could not have, but what is in it shows.
  if (seen.possible.has(signal) && !(seen.hasPoints && signal === 'traces')) return;
  const other = choose(seen);
  if (other === undefined || other === signal) return;
  throw new InvalidInput(`The body looks like ${other}: ${whereTo(other, signal)}`);
}

/** The signal of an export whose address does not tell it; undefined when the body does not either. */
export function detectSignal(body: Buffer, encoding: OtlpEncoding): OtlpSignal | undefined {
  if (encoding === 'json') {
    // It is the first key, but for those of hand-written clients.
    const root = findRoot(body.toString('latin1', 0, HEAD_BYTES)) ?? findRoot(body.toString('latin1'));
    return root === 'spans' ? 'traces' : (root as OtlpSignal | undefined);
  }
  const seen = lookAtFirstRecord(body);
  return seen === undefined ? undefined : choose(seen);
}

const HEAD_BYTES = 1024;

function findRoot(text: string): string | undefined {
  return /"resource_?(spans|metrics|logs|profiles)"/i.exec(text)?.[1]?.toLowerCase();
}

function whereTo(other: OtlpSignal, signal: OtlpSignal): string {
  const place = other === 'profiles' ? 'profiles are not taken yet' : `${other} belong to /v1/${other}`;
  return `this address takes ${signal}, ${place}`;
}

/** Tags of each record, by field number: what stands there with another tag is not that record. */
type Fields = ReadonlyMap<number, number>;
const fields = (...tags: number[]): Fields => new Map(tags.map((t) => [t >> 3, t]));

/** A reserved field. */
const never = (field: number): [number, number] => [field, NaN];

/** Span, Metric and LogRecord of opentelemetry-proto 1.x. */
const RECORDS: ReadonlyMap<OtlpSignal, Fields> = new Map([
  [
    'traces',
    fields(
      ...[1, 2, 3, 4, 5, 9, 11, 13, 15].map((n) => tag(n, LENGTH)),
      ...[6, 10, 12, 14].map((n) => tag(n, VARINT)),
      ...[7, 8].map((n) => tag(n, FIXED64)),
      tag(16, FIXED32),
    ),
  ],
  [
    'metrics',
    new Map([...fields(...[1, 2, 3, 5, 7, 9, 10, 11, 12].map((n) => tag(n, LENGTH))), ...[4, 6, 8].map(never)]),
  ],
  [
    'logs',
    fields(
      ...[1, 11].map((n) => tag(n, FIXED64)),
      ...[2, 7].map((n) => tag(n, VARINT)),
      ...[3, 5, 6, 9, 10, 12].map((n) => tag(n, LENGTH)),
      tag(8, FIXED32),
    ),
  ],
]);
const METRIC_DATA = [5, 7, 9, 10, 11].map((n) => tag(n, LENGTH));
/** Of a record so many are looked at, which is more than any has besides lists. */
const MAX_FIELDS = 100;
/** So many fields that may be the data of a metric are looked into. */
const MAX_METRIC_DATA = 4;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** What the first record of an export shows of its kind. */
interface Seen {
  readonly possible: ReadonlySet<OtlpSignal>;
  /** It holds something built like the data points of a metric. */
  readonly hasPoints: boolean;
  /** Its first fields are as long as the ids of a span. */
  readonly hasIds: boolean;
}

function choose({ possible, hasPoints, hasIds }: Seen): OtlpSignal | undefined {
  if (possible.size === 1) return [...possible][0];
  if (possible.has('metrics') && hasPoints) return 'metrics';
  if (possible.has('traces') && hasIds) return 'traces';
  // Something with a name, but no ids: a metric without data.
  return possible.has('metrics') && !possible.has('logs') ? 'metrics' : undefined;
}

function lookAtFirstRecord(body: Buffer): Seen | undefined {
  try {
    return new RecordScanner(body).look();
  } catch (error) {
    // Whoever reads it next says what is wrong with it.
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

/** Where the value of a field lies. */
interface Value {
  readonly start: number;
  readonly end: number;
}

class RecordScanner extends WireReader {
  look(): Seen | undefined {
    let end = this.bytes.length;
    for (const field of [1, 2, 2]) {
      const next = this.findField(field, end);
      if (next === undefined) return undefined;
      end = next;
    }
    const possible = new Set(RECORDS.keys());
    // A metric has one of them; attributes of spans have the same field number, and there may be any number of those.
    const data: Value[] = [];
    let idCount = 0;
    // The times of a span, which come before its attributes, are in no other record: what follows is passed over.
    for (let i = 0; i < MAX_FIELDS && this.pos < end && possible.size > 1; i += 1) {
      const t = this.readTag(end);
      for (const [signal, known] of RECORDS) {
        const expected = known.get(Math.floor(t / 8));
        if (expected !== undefined && expected !== t) possible.delete(signal);
      }
      const start = this.pos;
      if (t % 8 === LENGTH) {
        const valueEnd = this.readEnd(end);
        const length = valueEnd - this.pos;
        if (METRIC_DATA.includes(t)) {
          if (data.length < MAX_METRIC_DATA) data.push({ start: this.pos, end: valueEnd });
        } else if (t === tag(1, LENGTH) && length === TRACE_ID_BYTES) idCount += 1;
        else if (t === tag(2, LENGTH) && length === SPAN_ID_BYTES) idCount += 1;
      }
      this.pos = start;
      this.skip(t, end);
    }
    const hasPoints = possible.has('metrics') && data.some((value) => this.holdsPoints(value));
    return { possible, hasPoints, hasIds: idCount === 2 };
  }

  /** Data points are field 1 of all kinds of data, and have a fixed64 time as field 2 or 3. */
  private holdsPoints({ start, end }: Value): boolean {
    this.pos = start;
    try {
      const pointEnd = this.findField(1, end);
      while (pointEnd !== undefined && this.pos < pointEnd) {
        const t = this.readTag(pointEnd);
        if (t === tag(3, FIXED64) || t === tag(2, FIXED64)) return true;
        this.skip(t, pointEnd);
      }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
    return false;
  }

  /** Moves to the start of the first message `field` and returns its end. */
  private findField(field: number, end: number): number | undefined {
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(field, LENGTH)) return this.readEnd(end);
      this.skip(t, end);
    }
    return undefined;
  }
}
