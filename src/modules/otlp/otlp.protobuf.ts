import {
  type AttributeValue,
  emptyResource,
  emptyScope,
  MessageCount,
  type OtlpEvent,
  type OtlpLink,
  type OtlpResourceSpans,
  type OtlpScopeSpans,
  type OtlpSpan,
  type SpanStream,
  Unreadable,
  unreadableSpan,
} from './otlp.span.js';
import { refuseOtherSignal } from './otlp.signal.js';
import { FIXED32, FIXED64, LENGTH, orInvalid, tag, VARINT, WireReader } from './otlp.wire.js';

/**
 * Reads ExportTraceServiceRequest from protobuf, straight into flat spans: no message classes, no reflection, no list of
 * key-value objects in between. Field numbers are those of trace/v1/trace.proto of opentelemetry-proto 1.x.
 */

/**
 * @throws InvalidInput, also while its spans are read, when the bytes are no such message (naming the byte) or are logs or
 * metrics, which share their outer field numbers with traces and would else decode into spans without ids.
 */
export function streamProtobuf(body: Buffer): SpanStream {
  refuseOtherSignal(body, 'traces');
  const reader = new TraceReader(body);
  return orInvalid('trace', () => reader.readExport());
}

class TraceReader extends WireReader {
  private readonly messages = new MessageCount();

  readExport(): SpanStream {
    const resourceSpans: OtlpResourceSpans<Iterable<OtlpSpan>>[] = [];
    const end = this.bytes.length;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) resourceSpans.push(this.readResourceSpans(this.readEnd(end)));
      else this.skip(t, end);
    }
    return { resourceSpans };
  }

  private readResourceSpans(end: number): OtlpResourceSpans<Iterable<OtlpSpan>> {
    this.messages.add();
    let resource = emptyResource();
    const scopeSpans: OtlpScopeSpans<Iterable<OtlpSpan>>[] = [];
    let schemaUrl = '';
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) resource = this.readResource(this.readEnd(end));
      else if (t === tag(2, LENGTH)) scopeSpans.push(this.readScopeSpans(this.readEnd(end)));
      else if (t === tag(3, LENGTH)) schemaUrl = this.readText(end);
      else this.skip(t, end);
    }
    return { resource, scopeSpans, schemaUrl };
  }

  private readScopeSpans(end: number): OtlpScopeSpans<Iterable<OtlpSpan>> {
    this.messages.add();
    let scope = emptyScope();
    // Where each span begins and ends: they are skipped, because their scope may stand behind them.
    const places: number[] = [];
    let schemaUrl = '';
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(2, LENGTH)) {
        this.messages.add();
        const spanEnd = this.readEnd(end);
        places.push(this.pos, spanEnd);
        this.pos = spanEnd;
      } else if (t === tag(1, LENGTH)) scope = this.readScope(this.readEnd(end));
      else if (t === tag(3, LENGTH)) schemaUrl = this.readText(end);
      else this.skip(t, end);
    }
    return { scope, spans: { [Symbol.iterator]: () => this.readSpans(places) }, schemaUrl };
  }

  private *readSpans(places: readonly number[]): Generator<OtlpSpan, void> {
    for (let i = 0; i < places.length; i += 2) {
      yield orInvalid('trace', () => {
        this.pos = places[i]!;
        return this.readSpan(places[i + 1]!);
      });
    }
  }

  private readSpan(end: number): OtlpSpan {
    let traceId = '';
    let spanId = '';
    let parentSpanId = '';
    let traceState = '';
    let name = '';
    let kind = 0;
    let startTimeUnixNano = 0n;
    let endTimeUnixNano = 0n;
    const attributes = new Map<string, AttributeValue>();
    let droppedAttributesCount = 0;
    const events: OtlpEvent[] = [];
    let droppedEventsCount = 0;
    const links: OtlpLink[] = [];
    let droppedLinksCount = 0;
    let statusMessage = '';
    let statusCode = 0;
    let flags = 0;
    let reading = 'attributes';

    try {
      while (this.pos < end) {
        const t = this.readTag(end);
        switch (t) {
          case tag(9, LENGTH):
            this.readKeyValue(this.readEnd(end), attributes, 0);
            break;
          case tag(1, LENGTH):
            traceId = this.readHex(end);
            break;
          case tag(2, LENGTH):
            spanId = this.readHex(end);
            break;
          case tag(3, LENGTH):
            traceState = this.readText(end);
            break;
          case tag(4, LENGTH):
            parentSpanId = this.readHex(end);
            break;
          case tag(5, LENGTH):
            name = this.readText(end);
            break;
          case tag(6, VARINT):
            kind = this.readUint32(end);
            break;
          case tag(7, FIXED64):
            startTimeUnixNano = this.readFixed64(end);
            break;
          case tag(8, FIXED64):
            endTimeUnixNano = this.readFixed64(end);
            break;
          case tag(10, VARINT):
            droppedAttributesCount = this.readUint32(end);
            break;
          case tag(11, LENGTH):
            reading = 'events';
            events.push(this.readEvent(this.readEnd(end)));
            reading = 'attributes';
            break;
          case tag(12, VARINT):
            droppedEventsCount = this.readUint32(end);
            break;
          case tag(13, LENGTH):
            reading = 'links';
            links.push(this.readLink(this.readEnd(end)));
            reading = 'attributes';
            break;
          case tag(14, VARINT):
            droppedLinksCount = this.readUint32(end);
            break;
          case tag(15, LENGTH): {
            const statusEnd = this.readEnd(end);
            while (this.pos < statusEnd) {
              const st = this.readTag(statusEnd);
              if (st === tag(2, LENGTH)) statusMessage = this.readText(statusEnd);
              else if (st === tag(3, VARINT)) statusCode = this.readUint32(statusEnd);
              else this.skip(st, statusEnd);
            }
            break;
          }
          case tag(16, FIXED32):
            flags = this.readFixed32(end);
            break;
          default:
            this.skip(t, end);
        }
      }
    } catch (error) {
      // A value that nests too deep costs its own span only: its length is known, so reading goes on behind it.
      if (!(error instanceof Unreadable) || error.code !== 'TOO_DEEP') throw error;
      this.pos = end;
      return unreadableSpan(error.below(reading), traceId, spanId);
    }

    return {
      traceId,
      spanId,
      parentSpanId,
      traceState,
      name,
      kind,
      startTimeUnixNano,
      endTimeUnixNano,
      attributes,
      droppedAttributesCount,
      events,
      droppedEventsCount,
      links,
      droppedLinksCount,
      statusMessage,
      statusCode,
      flags,
    };
  }

  private readEvent(end: number): OtlpEvent {
    this.messages.add();
    let timeUnixNano = 0n;
    let name = '';
    const attributes = new Map<string, AttributeValue>();
    let droppedAttributesCount = 0;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(3, LENGTH)) this.readKeyValue(this.readEnd(end), attributes, 0);
      else if (t === tag(1, FIXED64)) timeUnixNano = this.readFixed64(end);
      else if (t === tag(2, LENGTH)) name = this.readText(end);
      else if (t === tag(4, VARINT)) droppedAttributesCount = this.readUint32(end);
      else this.skip(t, end);
    }
    return { timeUnixNano, name, attributes, droppedAttributesCount };
  }

  private readLink(end: number): OtlpLink {
    this.messages.add();
    let traceId = '';
    let spanId = '';
    let traceState = '';
    const attributes = new Map<string, AttributeValue>();
    let droppedAttributesCount = 0;
    let flags = 0;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) traceId = this.readHex(end);
      else if (t === tag(2, LENGTH)) spanId = this.readHex(end);
      else if (t === tag(3, LENGTH)) traceState = this.readText(end);
      else if (t === tag(4, LENGTH)) this.readKeyValue(this.readEnd(end), attributes, 0);
      else if (t === tag(5, VARINT)) droppedAttributesCount = this.readUint32(end);
      else if (t === tag(6, FIXED32)) flags = this.readFixed32(end);
      else this.skip(t, end);
    }
    return { traceId, spanId, traceState, attributes, droppedAttributesCount, flags };
  }
}
