import fc from 'fast-check';
import { randomExport, type RandomValue, toJsonBody, toProtobuf } from '../../../test/fixtures/otlp/random-export.js';
import { fixture, NOW_MS } from '../../../test/fixtures/otlp/wire.js';
import { InvalidInput } from '../../domain/errors.js';
import { decodeJson } from './otlp.json.js';
import { decodeLogsJson } from './otlp.logs-json.js';
import { decodeLogsProtobuf } from './otlp.logs-protobuf.js';
import { type MappedExport, mapExport } from './otlp.map.js';
import { decodeProtobuf } from '../../../test/support/decode-protobuf.js';
import { type AttributeValue, isValidId, type OtlpExport } from './otlp.span.js';

const map = (decoded: OtlpExport): MappedExport | string => {
  try {
    return mapExport(decoded, { project: { no: 1, id: 'p' }, nowMs: NOW_MS, bytes: 1 });
  } catch (error) {
    if (error instanceof InvalidInput) return error.message;
    throw error;
  }
};

/** The value as the readers have to give it, from what was sent. */
function sent(any: RandomValue): AttributeValue {
  switch (any.kind) {
    case 'empty':
      return null;
    case 'int':
      return Number.isSafeInteger(Number(any.value)) ? Number(any.value) : any.value;
    case 'bytes':
      return Buffer.from(any.value).toString('base64');
    case 'array':
      return any.value.map(sent);
    case 'kvlist':
      return new Map(any.value.map(([key, value]) => [key, sent(value)]));
    default:
      return any.value;
  }
}

describe('whatever an export says', () => {
  it('is read the same in protobuf and in JSON, and becomes the same rows', () => {
    fc.assert(
      fc.property(randomExport, (resources) => {
        const [protobuf, json] = [decodeProtobuf(toProtobuf(resources)), decodeJson(toJsonBody(resources))];
        expect(protobuf).toEqual(json);
        expect(map(protobuf)).toEqual(map(json));
      }),
      { numRuns: 300 },
    );
  });

  it('is read whole: attributes of every kind, events, links, counts, status, flags', () => {
    fc.assert(
      fc.property(randomExport, (resources) => {
        const { resourceSpans } = decodeProtobuf(toProtobuf(resources));
        const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
        resources
          .flatMap(({ scopes }) => scopes.flatMap((scope) => scope.spans))
          .forEach((one, i) => {
            const span = spans[i]!;
            expect(span.attributes).toEqual(new Map(one.attributes.map(([key, value]) => [key, sent(value)])));
            expect(span).toMatchObject({
              kind: one.kind,
              flags: one.flags,
              traceState: one.state,
              startTimeUnixNano: one.start,
              endTimeUnixNano: one.end,
              statusCode: one.status.code,
              statusMessage: one.status.message,
              droppedAttributesCount: one.dropped[0],
              droppedEventsCount: one.dropped[1],
              droppedLinksCount: one.dropped[2],
              events: one.events.map(({ time, name, dropped }) => ({
                timeUnixNano: time,
                name,
                droppedAttributesCount: dropped,
              })),
              links: one.links.map(({ traceId, flags, state }) => ({
                traceId: traceId.toString('hex'),
                flags,
                traceState: state,
              })),
            });
          });
      }),
      { numRuns: 150 },
    );
  });

  it('is kept: what is no field of its own stands in the metadata of its observation', () => {
    fc.assert(
      fc.property(randomExport, (resources) => {
        const decoded = decodeProtobuf(toProtobuf(resources));
        const mapped = map(decoded);
        if (typeof mapped === 'string') return;
        const spans = decoded.resourceSpans
          .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
          .filter(({ spanId }) => isValidId(spanId, 16));
        expect(mapped.batch.observations).toHaveLength(spans.length);
        mapped.batch.observations.forEach(({ metadata }, i) => {
          const span = spans[i]!;
          const kept = (key: string): unknown => {
            const text = metadata!.get(key);
            return text === undefined ? undefined : (JSON.parse(text) as unknown);
          };
          expect(kept('events') ?? []).toHaveLength(span.events.length);
          expect(kept('links') ?? []).toHaveLength(span.links.length);
          expect(kept('flags') ?? 0).toBe(span.flags);
          expect(kept('droppedAttributesCount') ?? 0).toBe(span.droppedAttributesCount);
          expect(kept('droppedEventsCount') ?? 0).toBe(span.droppedEventsCount);
          expect(kept('droppedLinksCount') ?? 0).toBe(span.droppedLinksCount);
          expect(kept('kind') === undefined).toBe(span.kind === 0);
        });
      }),
      { numRuns: 150 },
    );
  });
});

describe('an export of nothing but empty messages', () => {
  const many = 10_000_000;
  const headed = (tag: number, content: Buffer): Buffer => {
    const bytes = [tag];
    let rest = content.length;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
    return Buffer.concat([Buffer.from([...bytes, rest]), content]);
  };
  const repeated = (tag: number): Buffer => Buffer.alloc(2 * many, Buffer.from([tag, 0]));

  it.each([
    ['spans', headed(0x0a, headed(0x12, repeated(0x12)))],
    ['events', headed(0x0a, headed(0x12, headed(0x12, repeated(0x5a))))],
    ['links', headed(0x0a, headed(0x12, headed(0x12, repeated(0x6a))))],
    ['scopes', headed(0x0a, repeated(0x12))],
    ['resources', repeated(0x0a)],
  ])('of 20 MB of %s is refused before all of them are held', (_, body) => {
    const before = process.memoryUsage().heapUsed;
    expect(() => decodeProtobuf(body)).toThrow(/more than 250000 /);
    // All ten million would hold gigabytes.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(400 * 1024 * 1024);
  });

  it.each([
    ['items of a list', headed(0x12, headed(0x2a, repeated(0x0a)))],
    ['members of a map', headed(0x12, headed(0x32, Buffer.alloc(2 * many, Buffer.from([0x0a, 2, 0x12, 0]))))],
  ])('of 20 MB of %s in an attribute is refused in the same way', (_, value) => {
    const body = headed(0x0a, headed(0x12, headed(0x12, headed(0x4a, value))));
    expect(() => decodeProtobuf(body)).toThrow(/more than 2000000 attributes, members and items/);
    const record = headed(0x0a, headed(0x12, headed(0x12, headed(0x32, value))));
    expect(() => decodeLogsProtobuf(record)).toThrow(/more than 2000000 attributes, members and items/);
  });

  it.each([
    ['records', headed(0x0a, headed(0x12, repeated(0x12)))],
    ['scopes', headed(0x0a, repeated(0x12))],
    ['resources', repeated(0x0a)],
  ])('of 20 MB of %s is refused as logs too', (_, body) => {
    expect(() => decodeLogsProtobuf(body)).toThrow(/more than 250000 resources, scopes and log records/);
  });

  it('is refused in JSON as well', () => {
    const records = `[${'{},'.repeat(300_000)}{}]`;
    expect(() => decodeLogsJson(Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":${records}}]}]}`))).toThrow(
      /more than 250000 /,
    );

    const list = `[${'{},'.repeat(300_000)}{}]`;
    for (const body of [
      `{"resourceSpans":[{"scopeSpans":[{"spans":${list}}]}]}`,
      `{"resourceSpans":[{"scopeSpans":[{"spans":[{"events":${list}}]}]}]}`,
      `{"resourceSpans":${list}}`,
    ]) {
      expect(() => map(decodeJson(Buffer.from(body)))).toThrow(/more than 250000 /);
    }
  });
});

describe('an export that is damaged', () => {
  const recorded = fixture('otel-js-proto-0.223.0.bin');
  const json = fixture('otel-js-http-0.223.0.json');

  it('by being cut off at any byte is taken as far as it is whole, or refused', () => {
    let refused = 0;
    for (let length = 0; length <= recorded.length; length += 1) {
      try {
        map(decodeProtobuf(recorded.subarray(0, length)));
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidInput);
        refused += 1;
      }
    }
    // Whole messages are none and all: nothing in between passes for a smaller export.
    expect(refused).toBe(recorded.length - 1);
    for (let length = 0; length < json.length; length += 1) {
      expect(() => decodeJson(json.subarray(0, length))).toThrow(InvalidInput);
    }
  });

  it('in single bits is taken or refused', () => {
    for (let bit = 0; bit < recorded.length * 8; bit += 7) {
      const body = Buffer.from(recorded);
      body[bit >> 3]! ^= 1 << (bit & 7);
      try {
        map(decodeProtobuf(body));
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidInput);
      }
    }
  });

  it('by lengths that lie is refused before anything of that size is held', () => {
    for (const length of [0x7fffffff, 0xffffffff, 2 ** 53]) {
      const bytes: number[] = [];
      let rest = length;
      for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
      expect(() => decodeProtobuf(Buffer.from([0x0a, ...bytes, rest, 1, 2, 3]))).toThrow(/runs past the end/);
    }
  });
});
