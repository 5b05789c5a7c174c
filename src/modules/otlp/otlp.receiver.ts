import type { Project } from '../../domain/project.js';
import type { WriteReport } from '../../http/write-outcome.js';
import type { OtlpEncoding } from './otlp.response.js';

/** What became of an export: the response message in the encoding of the request, and what to report of its items. */
export interface ReceivedExport {
  readonly answer: Uint8Array;
  readonly report: WriteReport;
}

/**
 * Takes the exports of one signal, whichever transport they came by: decodes, maps, commits, answers. It knows neither
 * HTTP nor gRPC.
 */
export interface OtlpReceiver {
  /**
   * Resolves once all but the refused items are committed.
   * @throws InvalidInput for bytes that are no such export, NothingUsable when it has items and none can be stored,
   * OverCapacity and Unavailable as `IngestService.submit`.
   */
  receive(body: Buffer, encoding: OtlpEncoding, project: Project): Promise<ReceivedExport>;
}
