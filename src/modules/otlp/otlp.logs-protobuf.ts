import {
  type OtlpLogExport,
  type OtlpLogRecord,
  type OtlpResourceLogs,
  type OtlpScopeLogs,
  LOG_MESSAGES,
  unreadableLogRecord,
} from './otlp.logs.js';
import { type AttributeValue, emptyResource, emptyScope, MessageCount, Unreadable } from './otlp.span.js';
import { refuseOtherSignal } from './otlp.signal.js';
import { FIXED32, FIXED64, LENGTH, orInvalid, tag, VARINT, WireReader } from './otlp.wire.js';

/**
 * Reads ExportLogsServiceRequest from protobuf. Field numbers are those of logs/v1/logs.proto of opentelemetry-proto 1.x.
 * @throws InvalidInput when the bytes are no such message (naming the byte) or are spans or metrics, which share their
 * outer field numbers with logs.
 */
export function decodeLogsProtobuf(body: Buffer): OtlpLogExport {
  refuseOtherSignal(body, 'logs');
  return orInvalid('log', () => new LogReader(body).readExport());
}

class LogReader extends WireReader {
  private readonly messages = new MessageCount(LOG_MESSAGES);

  readExport(): OtlpLogExport {
    const resourceLogs: OtlpResourceLogs[] = [];
    const end = this.bytes.length;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) resourceLogs.push(this.readResourceLogs(this.readEnd(end)));
      else this.skip(t, end);
    }
    return { resourceLogs };
  }

  private readResourceLogs(end: number): OtlpResourceLogs {
    this.messages.add();
    let resource = emptyResource();
    const scopeLogs: OtlpScopeLogs[] = [];
    let schemaUrl = '';
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) resource = this.readResource(this.readEnd(end));
      else if (t === tag(2, LENGTH)) scopeLogs.push(this.readScopeLogs(this.readEnd(end)));
      else if (t === tag(3, LENGTH)) schemaUrl = this.readText(end);
      else this.skip(t, end);
    }
    return { resource, scopeLogs, schemaUrl };
  }

  private readScopeLogs(end: number): OtlpScopeLogs {
    this.messages.add();
    let scope = emptyScope();
    const logRecords: OtlpLogRecord[] = [];
    let schemaUrl = '';
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(2, LENGTH)) logRecords.push(this.readRecord(this.readEnd(end)));
      else if (t === tag(1, LENGTH)) scope = this.readScope(this.readEnd(end));
      else if (t === tag(3, LENGTH)) schemaUrl = this.readText(end);
      else this.skip(t, end);
    }
    return { scope, logRecords, schemaUrl };
  }

  private readRecord(end: number): OtlpLogRecord {
    this.messages.add();
    let timeUnixNano = 0n;
    let observedTimeUnixNano = 0n;
    let severityNumber = 0;
    let severityText = '';
    let body: AttributeValue = null;
    const attributes = new Map<string, AttributeValue>();
    let droppedAttributesCount = 0;
    let flags = 0;
    let traceId = '';
    let spanId = '';
    let eventName = '';
    let reading = 'attributes';
    try {
      while (this.pos < end) {
        const t = this.readTag(end);
        switch (t) {
          case tag(1, FIXED64):
            timeUnixNano = this.readFixed64(end);
            break;
          case tag(2, VARINT):
            severityNumber = this.readUint32(end);
            break;
          case tag(3, LENGTH):
            severityText = this.readText(end);
            break;
          case tag(5, LENGTH):
            reading = 'body';
            body = this.readAnyValue(this.readEnd(end), 0);
            reading = 'attributes';
            break;
          case tag(6, LENGTH):
            this.readKeyValue(this.readEnd(end), attributes, 0);
            break;
          case tag(7, VARINT):
            droppedAttributesCount = this.readUint32(end);
            break;
          case tag(8, FIXED32):
            flags = this.readFixed32(end);
            break;
          case tag(9, LENGTH):
            traceId = this.readHex(end);
            break;
          case tag(10, LENGTH):
            spanId = this.readHex(end);
            break;
          case tag(11, FIXED64):
            observedTimeUnixNano = this.readFixed64(end);
            break;
          case tag(12, LENGTH):
            eventName = this.readText(end);
            break;
          default:
            this.skip(t, end);
        }
      }
    } catch (error) {
      // A value that nests too deep costs its own record only: its length is known, so reading goes on behind it.
      if (!(error instanceof Unreadable) || error.code !== 'TOO_DEEP') throw error;
      this.pos = end;
      return unreadableLogRecord(error.below(reading));
    }
    return {
      timeUnixNano,
      observedTimeUnixNano,
      severityNumber,
      severityText,
      body,
      attributes,
      droppedAttributesCount,
      flags,
      traceId,
      spanId,
      eventName,
    };
  }
}
