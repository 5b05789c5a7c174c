import { Injectable } from '@nestjs/common';
import type { Rejection } from '../../domain/ingest-batch.js';
import type { Project } from '../../domain/project.js';
import { IngestService } from '../../ingest/ingest.service.js';
import { decodeLogsJson } from './otlp.logs-json.js';
import { mapLogs } from './otlp.logs-map.js';
import { decodeLogsProtobuf } from './otlp.logs-protobuf.js';
import type { OtlpReceiver, ReceivedExport } from './otlp.receiver.js';
import { encodeResponse, type OtlpEncoding, summarizeItems } from './otlp.response.js';

/** ExportLogsServiceRequest: every record is kept, and some of them complete or make observations. */
@Injectable()
export class OtlpLogReceiver implements OtlpReceiver {
  constructor(private readonly ingest: IngestService) {}

  async receive(body: Buffer, encoding: OtlpEncoding, project: Project): Promise<ReceivedExport> {
    const decoded = encoding === 'json' ? decodeLogsJson(body) : decodeLogsProtobuf(body);
    const { batch, recordCount, rejected } = mapLogs(decoded, { project, nowMs: Date.now(), bytes: body.length });
    const receipt = recordCount === 0 ? { rejected: [] } : await this.ingest.submit(batch);
    const refused = [...rejected, ...receipt.rejected];
    const refusedLogs = refused.filter(({ kind }) => kind === 'log');
    return {
      answer: encodeResponse(
        { rejectedLogRecords: refusedLogs.length, errorMessage: summarizeItems(refused, 'log record', subjectOf) },
        encoding,
      ),
      report: { itemCount: recordCount, refusedCount: refusedLogs.length, refused: refusedLogs },
    };
  }
}

/** What a record says about a span or trace can be refused apart from the record. */
function subjectOf({ kind }: Rejection): string {
  return kind === 'log' ? 'log record' : `${kind} of a log record`;
}
