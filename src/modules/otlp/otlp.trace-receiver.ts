import { Injectable } from '@nestjs/common';
import type { Project } from '../../domain/project.js';
import { IngestService } from '../../ingest/ingest.service.js';
import { decodeJson } from './otlp.json.js';
import { mapExport } from './otlp.map.js';
import { streamProtobuf } from './otlp.protobuf.js';
import type { OtlpReceiver, ReceivedExport } from './otlp.receiver.js';
import { encodeResponse, type OtlpEncoding, summarize } from './otlp.response.js';

/** ExportTraceServiceRequest: every span is an observation. */
@Injectable()
export class OtlpTraceReceiver implements OtlpReceiver {
  constructor(private readonly ingest: IngestService) {}

  async receive(body: Buffer, encoding: OtlpEncoding, project: Project): Promise<ReceivedExport> {
    const decoded = encoding === 'json' ? decodeJson(body) : streamProtobuf(body);
    const context = { project, nowMs: Date.now(), bytes: body.length, encoding };
    const { batch, spanCount, rejected } = mapExport(decoded, context);
    const receipt = spanCount === 0 ? { rejected: [] } : await this.ingest.submit(batch);
    const refused = [...rejected, ...receipt.rejected];
    const refusedSpans = refused.filter(({ kind }) => kind === 'observation');
    return {
      answer: encodeResponse({ rejectedSpans: refusedSpans.length, errorMessage: summarize(refused) }, encoding),
      report: { itemCount: spanCount, refusedCount: refusedSpans.length, refused: refusedSpans },
    };
  }
}
