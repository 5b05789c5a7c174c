import { streamProtobuf } from '../../src/modules/otlp/otlp.protobuf.js';
import { type OtlpExport } from '../../src/modules/otlp/otlp.span.js';

/** What a request in protobuf says, with all its spans in memory, to be compared as a whole. */
export function decodeProtobuf(body: Buffer): OtlpExport {
  const { resourceSpans } = streamProtobuf(body);
  return {
    resourceSpans: resourceSpans.map((ofResource) => ({
      ...ofResource,
      scopeSpans: ofResource.scopeSpans.map((scope) => ({ ...scope, spans: [...scope.spans] })),
    })),
  };
}
