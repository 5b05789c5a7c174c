import { createHash } from 'node:crypto';
import { replaceDataUris } from '../domain/data-uri.js';
import { type IngestBatch } from '../domain/ingest-batch.js';
import { type JsonText } from '../domain/json.js';
import { type LogRecord } from '../domain/log.js';
import { referenceTag } from '../domain/media-reference.js';
import { mediaIdOf, type MediaContent, type MediaField, type MediaLink } from '../domain/media.js';
import { type ObservationPatch } from '../domain/observation.js';
import { type TracePatch } from '../domain/trace.js';

/** A file that stood in texts of a batch, and where. */
export interface ExtractedFile {
  readonly content: MediaContent;
  readonly bytes: Buffer;
  readonly links: readonly MediaLink[];
}

/**
 * `batch` with the base64 data URIs of inputs, outputs and metadata replaced by the tags of the files they hold, and
 * these files, each once. Larger ones than `maxBytes` stay where they are. The same batch gives the same tags, so that
 * it may be sent again.
 */
export function extractMedia(
  batch: IngestBatch,
  maxBytes: number,
): { readonly batch: IngestBatch; readonly files: readonly ExtractedFile[] } {
  const extraction = new Extraction(maxBytes);
  const traces = batch.traces.map((patch) => extraction.ofTrace(patch));
  const observations = batch.observations.map((patch) => extraction.ofObservation(patch));
  const logs = batch.logs?.map((log) => extraction.ofLog(log));
  if (extraction.files.size === 0) return { batch, files: [] };
  return {
    batch: { ...batch, traces, observations, ...(logs === undefined ? {} : { logs }) },
    files: [...extraction.files.values()],
  };
}

interface Owner {
  readonly traceId: string;
  readonly observationId: string | null;
}

class Extraction {
  /** By media id. */
  readonly files = new Map<string, ExtractedFile & { readonly links: MediaLink[] }>();

  constructor(private readonly maxBytes: number) {}

  ofTrace(patch: TracePatch): TracePatch {
    return this.ofPayload(patch, { traceId: patch.traceId, observationId: null });
  }

  ofObservation(patch: ObservationPatch): ObservationPatch {
    return this.ofPayload(patch, { traceId: patch.traceId, observationId: patch.id });
  }

  /** Records of no trace are left as they are: nobody would ever take their files away. */
  ofLog(log: LogRecord): LogRecord {
    if (log.traceId === null) return log;
    const owner = { traceId: log.traceId, observationId: log.spanId };
    const { message } = log;
    const body = log.body === null ? null : this.ofText(log.body, owner, message?.side ?? 'metadata');
    const content = message && this.ofText(message.content, owner, message.side);
    if (body === log.body && content === message?.content) return log;
    return { ...log, body, ...(message && content !== undefined ? { message: { side: message.side, content } } : {}) };
  }

  private ofPayload<T extends TracePatch | ObservationPatch>(patch: T, owner: Owner): T {
    const input = patch.input === undefined ? undefined : this.ofText(patch.input, owner, 'input');
    const output = patch.output === undefined ? undefined : this.ofText(patch.output, owner, 'output');
    const metadata = this.ofMetadata(patch.metadata, owner);
    const isSame = input === patch.input && output === patch.output && metadata === patch.metadata;
    return isSame ? patch : { ...patch, input, output, metadata };
  }

  private ofMetadata(
    metadata: ReadonlyMap<string, JsonText> | undefined,
    owner: Owner,
  ): ReadonlyMap<string, JsonText> | undefined {
    let copy: Map<string, JsonText> | undefined;
    for (const [key, text] of metadata ?? []) {
      const replaced = this.ofText(text, owner, 'metadata');
      if (replaced !== text) (copy ??= new Map(metadata)).set(key, replaced);
    }
    return copy ?? metadata;
  }

  private ofText(text: JsonText, owner: Owner, field: MediaField): JsonText {
    return replaceDataUris(text, (contentType, base64) => {
      // Before they are decoded: four digits are three bytes.
      if ((base64.length / 4) * 3 > this.maxBytes + 2) return undefined;
      const bytes = Buffer.from(base64, 'base64');
      if (bytes.length === 0 || bytes.length > this.maxBytes) return undefined;
      const sha256 = createHash('sha256').update(bytes).digest('base64');
      const mediaId = mediaIdOf(sha256);
      const link: MediaLink = { owner: { kind: 'trace', ...owner }, field };
      const known = this.files.get(mediaId);
      if (known === undefined) {
        const content = { contentType, contentLength: bytes.length, sha256 };
        this.files.set(mediaId, { content, bytes, links: [link] });
      } else known.links.push(link);
      return referenceTag(contentType, mediaId, 'base64_data_uri');
    });
  }
}
