/**
 * Protobuf by hand, so that tests can write what no library would, and read answers without trusting the code that wrote
 * them.
 */

/** A length-delimited field: text, bytes, or a message made of fields. */
export function field(number: number, ...content: (string | Buffer)[]): Buffer {
  const bytes = Buffer.concat(content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

/** A 64-bit field of fixed size, as OTLP writes its times. */
export function fixed64(number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([varint((number << 3) | 1), bytes]);
}

export function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number << 3), varint(value)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** The fields of a message by number; varints as numbers, the rest as bytes. Throws where it is none. */
function decodeMessage(bytes: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at];
      if (byte === undefined) throw new Error('the message ends inside a number');
      at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = readVarint();
    if ((key & 7) === 0) {
      fields.set(key >> 3, readVarint());
      continue;
    }
    if ((key & 7) !== 2) throw new Error(`wire type ${key & 7} is not expected in an answer`);
    const length = readVarint();
    if (at + length > bytes.length) throw new Error('the message ends inside a field');
    fields.set(key >> 3, bytes.subarray(at, at + length));
    at += length;
  }
  return fields;
}

/** google.rpc.Status (google/rpc/status.proto). */
export function decodeStatus(bytes: Buffer): { code: number; message: string } {
  const fields = decodeMessage(bytes);
  return { code: fields.get(1) as number, message: String(fields.get(2)) };
}

/** ExportTraceServiceResponse.partial_success; undefined where it is unset. */
export function decodePartialSuccess(bytes: Buffer): { rejectedSpans: number; errorMessage: string } | undefined {
  const partial = decodeMessage(bytes).get(1);
  if (partial === undefined) return undefined;
  const fields = decodeMessage(partial as Buffer);
  return { rejectedSpans: (fields.get(1) as number | undefined) ?? 0, errorMessage: String(fields.get(2) ?? '') };
}

/** ExportTraceServiceRequest of one resource and one scope. */
export function encodeExport(...spans: Buffer[]): Buffer {
  return field(1, field(2, ...spans.map((span) => field(2, span))));
}

/** A Span with ids as hex digits, whatever their length. */
export function encodeSpan(traceId: string, spanId: string, name: string): Buffer {
  const start = BigInt(Date.now()) * 1_000_000n;
  return Buffer.concat([
    field(1, Buffer.from(traceId, 'hex')),
    field(2, Buffer.from(spanId, 'hex')),
    field(5, name),
    fixed64(7, start),
    fixed64(8, start + 1_000_000n),
  ]);
}
