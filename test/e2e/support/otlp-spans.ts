/** A span of an export as it was sent, read here anew, so that a test does not find spans by the code it tests. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly startNanos: bigint;
}

/** The spans of an ExportTraceServiceRequest in protobuf (field numbers of trace/v1/trace.proto). */
export function readSpans(body: Buffer): SentSpan[] {
  const spans: SentSpan[] = [];
  for (const [resourceNumber, resourceSpans] of fields(body)) {
    if (resourceNumber !== 1) continue;
    for (const [scopeNumber, scopeSpans] of fields(resourceSpans)) {
      if (scopeNumber !== 2) continue;
      for (const [spanNumber, span] of fields(scopeSpans)) if (spanNumber === 2) spans.push(readSpan(span));
    }
  }
  return spans;
}

/** The spans of one in OTLP/JSON. */
export function readJsonSpans(body: Buffer): SentSpan[] {
  interface Sent {
    readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[] }[];
  }
  type JsonSpan = Omit<SentSpan, 'startNanos'> & { readonly startTimeUnixNano: string };
  return (JSON.parse(body.toString('utf8')) as Sent).resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map(({ traceId, spanId, name, startTimeUnixNano }) => ({
      traceId,
      spanId,
      name,
      startNanos: BigInt(startTimeUnixNano),
    }));
}

function readSpan(bytes: Buffer): SentSpan {
  const byNumber = new Map(fields(bytes));
  return {
    traceId: byNumber.get(1)!.toString('hex'),
    spanId: byNumber.get(2)!.toString('hex'),
    name: byNumber.get(5)?.toString('utf8') ?? '',
    startNanos: byNumber.get(7)!.readBigUInt64LE(),
  };
}

/** The fields with a length or a fixed one of 8 bytes; of the others nothing is needed. */
function fields(bytes: Buffer): [number: number, content: Buffer][] {
  const found: [number, Buffer][] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const wireType = key & 7;
    if (wireType === 0) varint();
    else {
      const length = wireType === 1 ? 8 : wireType === 5 ? 4 : varint();
      if (wireType !== 5) found.push([key >> 3, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return found;
}
