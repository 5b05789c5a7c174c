import {
  generate,
  OBSERVATIONS_PER_TRACE,
  userIdOf,
  USERS,
  type Generated,
  type GeneratedObservation,
  type GeneratedTrace,
} from './generator.js';
import { type Random } from '../support/messages.js';

/** A request body that can be sent again as new data: its ids, and where asked its times and user, are overwritten in place. */
export interface RequestBody {
  readonly bytes: Buffer;
  readonly observations: number;
  readonly traces: number;
}

export interface PoolOptions {
  readonly seed: number;
  /** Observations made; every `observationsPerBody` of them are a body. */
  readonly observations: number;
  /** Eight make every body one whole trace; with other numbers traces run on into the next body, and each body states one. */
  readonly observationsPerBody: number;
  /** What a body says of a trace and observations; default: a request of `/v1/l/batch`. */
  readonly toBody?: (trace: GeneratedTrace, observations: readonly GeneratedObservation[]) => object;
}

interface Spots {
  /** Where the last eight hex digits of ids are. */
  readonly ids: readonly number[];
  readonly times: readonly { readonly at: number; readonly afterStartMs: number }[];
  readonly users: readonly number[];
  /** Of events: when each was made. */
  readonly stamps: readonly number[];
}

interface PooledBody extends RequestBody {
  readonly spots: Spots;
  round: number;
}

const HOUR_MS = 3_600_000;
const COUNTER_DIGITS = 8;
const ID = /"(?:id|traceId|parentObservationId|sessionId)":"([^"]+)"/g;
const TIME = /"(?:timestamp|startTime|endTime|completionStartTime)":"([^"]+)"/g;
const STAMP = /"timestamp":"([^"]+)"/g;
const USER = /"userId":"user-(\d{4})"/g;

/**
 * Request bodies made before the measurement, so that the client costs little while it runs. A body comes back into
 * the pool when its answer is there. Text repeats after as many observations as the pool holds; ids never do.
 */
export class BodyPool {
  private readonly free: PooledBody[];

  constructor(options: PoolOptions) {
    this.free = [...makeBodies(options)];
  }

  /** A body with ids that were never sent. */
  take(): RequestBody {
    const body = this.next();
    return body;
  }

  /** The same with another user and with times that start at `startMs`. */
  takeAt(startMs: number, random: Random): RequestBody {
    const body = this.next();
    for (const { at, afterStartMs } of body.spots.times) {
      body.bytes.write(new Date(startMs + afterStartMs).toISOString(), at, 'latin1');
    }
    const user = userIdOf(random.below(USERS));
    for (const at of body.spots.users) body.bytes.write(user, at, 'latin1');
    return body;
  }

  /** A body with the ids that it was made with, its events at `atMs` where that is given. */
  takeAsMade(atMs?: number): RequestBody {
    const body = this.shift();
    const time = atMs === undefined ? '' : new Date(atMs).toISOString();
    if (time !== '') for (const at of body.spots.stamps) body.bytes.write(time, at, 'latin1');
    return body;
  }

  give(body: RequestBody): void {
    this.free.push(body as PooledBody);
  }

  private next(): PooledBody {
    const body = this.shift();
    body.round += 1;
    const counter = body.round.toString(16).padStart(COUNTER_DIGITS, '0');
    for (const at of body.spots.ids) body.bytes.write(counter, at, 'latin1');
    return body;
  }

  private shift(): PooledBody {
    const body = this.free.shift();
    if (body === undefined) throw new Error('the pool is too small for this many connections');
    return body;
  }

  get size(): number {
    return this.free.length;
  }

  /** Of the bodies as sent, everything included. */
  bytesPerObservation(): number {
    let bytes = 0;
    let observations = 0;
    for (const body of this.free) {
      bytes += body.bytes.length;
      observations += body.observations;
    }
    return bytes / observations;
  }
}

function* makeBodies(options: PoolOptions): Generator<PooledBody> {
  const toMs = Date.now();
  const traces = Math.ceil(options.observations / OBSERVATIONS_PER_TRACE);
  let pending: Part[] = [];
  for (const generated of generate({ seed: options.seed, fromMs: toMs - HOUR_MS, toMs, traces })) {
    for (const observation of generated.observations) pending.push({ observation, of: generated });
    while (pending.length >= options.observationsPerBody) {
      const part = pending.slice(0, options.observationsPerBody);
      pending = pending.slice(options.observationsPerBody);
      yield makeBody(part, options.toBody);
    }
  }
}

interface Part {
  readonly observation: GeneratedObservation;
  readonly of: Generated;
}

function makeBody(
  part: readonly Part[],
  toBody: NonNullable<PoolOptions['toBody']> = (trace, observations) => ({ trace, observations }),
): PooledBody {
  // The trace that begins in this body, so that none is stated twice.
  const stated = part.find(({ observation, of }) => observation === of.observations[0])?.of ?? part[0]!.of;
  const observations = part.map(({ observation }) => observation);
  const text = JSON.stringify(toBody(stated.trace, observations));
  const bytes = Buffer.from(text);
  if (bytes.length !== text.length) throw new Error('positions in the text are positions in the bytes only for ASCII');
  const startMs = Date.parse(stated.trace.timestamp);
  const spots: Spots = {
    ids: [...text.matchAll(ID)].map((match) => match.index + match[0].length - 1 - COUNTER_DIGITS),
    times: [...text.matchAll(TIME)].map((match) => ({
      at: match.index + match[0].length - 1 - match[1]!.length,
      afterStartMs: Date.parse(match[1]!) - startMs,
    })),
    stamps: [...text.matchAll(STAMP)].map((match) => match.index + match[0].length - 1 - match[1]!.length),
    users: [...text.matchAll(USER)].map((match) => match.index + match[0].length - 1 - userIdOf(0).length),
  };
  return { bytes, observations: part.length, traces: new Set(part.map(({ of }) => of)).size, spots, round: 0 };
}
