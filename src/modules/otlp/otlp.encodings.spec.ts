import fc from 'fast-check';
import {
  aSpan,
  encodeBySdk,
  fixture,
  jsonBody,
  NOW_MS,
  type SdkSpan,
  START_NANOS,
} from '../../../test/fixtures/otlp/wire.js';
import { InvalidInput } from '../../domain/errors.js';
import { decodeJson } from './otlp.json.js';
import { mapExport } from './otlp.map.js';
import { type OtlpExport } from './otlp.span.js';
import { decodeProtobuf } from '../../../test/support/decode-protobuf.js';

/** Keys with a meaning beside keys without one, so that every path of the mapping is taken. */
const KEYS = [
  'langfuse.observation.type',
  'langfuse.observation.input',
  'langfuse.observation.metadata',
  'langfuse.observation.metadata.k',
  'langfuse.observation.usage_details',
  'langfuse.observation.model.parameters',
  'langfuse.trace.tags',
  'langfuse.trace.metadata.k',
  'langfuse.environment',
  'session.id',
  'gen_ai.request.model',
  'gen_ai.request.temperature',
  'gen_ai.usage.input_tokens',
  'gen_ai.output.messages',
  'input.value',
  '__proto__',
];

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.constantFrom('a\0b', '{"a":"\\u0000\\ud800"}', '[[[]]]', 'null', ' {"a":1} '),
);
const scalar = fc.oneof(text, fc.boolean(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }));
// JSON.stringify writes -0 as 0, and integers beyond 2^53 are lost in the JSON encoder already.
const value = fc
  .oneof(scalar, fc.array(scalar, { maxLength: 4 }))
  .filter((v) => ![v].flat().some((x) => Object.is(x, -0) || (Number.isInteger(x) && !Number.isSafeInteger(x))));
const key = fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: 'grapheme', maxLength: 40 }));
const attributes = fc
  .array(fc.tuple(key, value), { maxLength: 12 })
  .map((entries): Record<string, unknown> => Object.fromEntries(entries));
const id = (digits: number) =>
  fc.bigInt({ min: 1n, max: 16n ** BigInt(digits) - 1n }).map((n) => n.toString(16).padStart(digits, '0'));

const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text.map((stringValue) => ({ stringValue })),
    fc
      .double()
      .map((doubleValue) => ({ doubleValue: Number.isFinite(doubleValue) ? doubleValue : String(doubleValue) })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((int) => ({ intValue: String(int) })),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    fc.array(fc.record({ key, value: tie('value') }), { maxLength: 3 }).map((values) => ({ kvlistValue: { values } })),
  ),
})).value;

const span: fc.Arbitrary<SdkSpan> = fc.record(
  {
    traceId: id(32),
    spanId: id(16),
    parentSpanId: id(16),
    name: text,
    kind: fc.integer({ min: 1, max: 5 }),
    startNanos: fc.bigInt({ min: START_NANOS - 10n ** 18n, max: START_NANOS + 10n ** 18n }),
    durationNanos: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: text }),
    attributes,
    events: fc.array(fc.record({ name: text, attributes }), { maxLength: 2 }),
  },
  { requiredKeys: ['traceId', 'spanId'] },
);

const scope = fc.record({
  name: fc.constantFrom('langfuse-sdk', 'openinference.instrumentation.openai', ''),
  version: fc.constantFrom('3.2.0', ''),
});

describe('one export in both encodings', () => {
  it('gives the same patches', () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 4 }), attributes, scope, (spans, resource, ofScope) => {
        const { protobuf, json } = encodeBySdk(spans, { resource, scope: ofScope });
        const context = { project: { no: 1, id: 'p' }, nowMs: NOW_MS, bytes: 1 };
        expect(mapExport(decodeProtobuf(protobuf), context)).toEqual(mapExport(decodeJson(json), context));
      }),
      { numRuns: 300 },
    );
  });

  it('gives only JSON that can be stored and read', () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 2 }), attributes, (spans, resource) => {
        const { json } = encodeBySdk(spans, { resource, scope: { name: 's' } });
        const { batch } = mapExport(decodeJson(json), { project: { no: 1, id: 'p' }, nowMs: NOW_MS, bytes: 1 });
        for (const patch of [...batch.observations, ...batch.traces]) {
          const texts = [patch.input, patch.output, ...(patch.metadata?.values() ?? [])].filter((t) => t !== undefined);
          for (const t of texts) {
            expect(() => void JSON.parse(t)).not.toThrow();
            const strings = JSON.stringify(JSON.parse(t));
            expect(strings.replaceAll('\\\\', '')).not.toMatch(/\\u0000|\\ud[89a-f]/);
          }
          for (const k of patch.metadata?.keys() ?? []) expect(k.isWellFormed() && !k.includes('\0')).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('whatever is posted', () => {
  /** Maps what `decode` gives; refusing the request is fine, failing in any other way is not. */
  const isTakenOrRefused = (decode: () => OtlpExport): void => {
    try {
      mapExport(decode(), { project: { no: 1, id: 'p' }, nowMs: NOW_MS, bytes: 1 });
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
    }
  };

  it('in protobuf is taken or refused', () => {
    const recorded = fixture('otel-js-proto-0.223.0.bin');
    const change = fc.tuple(fc.nat(recorded.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const body = Buffer.from(recorded);
        for (const [at, byte] of changes) body[at] = byte;
        isTakenOrRefused(() => decodeProtobuf(body));
      }),
      { numRuns: 800 },
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => isTakenOrRefused(() => decodeProtobuf(Buffer.from(bytes)))));
  });

  it('in JSON is taken or refused', () => {
    const fields = fc.constantFrom(...Object.keys(aSpan()), 'attributes', 'events', 'links', 'status', 'flags');
    const list = fc.array(fc.record({ key: fc.oneof(key, fc.jsonValue()), value: fc.oneof(fc.jsonValue(), anyValue) }));
    const odd = fc.array(fc.tuple(fields, fc.oneof(fc.jsonValue(), list)), { maxLength: 4 });
    fc.assert(
      fc.property(odd, list, fc.jsonValue(), (overrides, resource, ofScope) => {
        const spans = [aSpan(), { ...aSpan(), ...Object.fromEntries(overrides) }];
        const request = {
          resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope: ofScope, spans }] }],
        };
        isTakenOrRefused(() => decodeJson(jsonBody(request)));
      }),
      { numRuns: 300 },
    );
  });
});
