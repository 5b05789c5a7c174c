import { type JsonBytes, type JsonText } from '../../domain/json.js';

// Answers are pieces of JSON text, made as they are sent: inputs, outputs and metadata are JSON already and pass through
// as they were stored, so that a trace with 30 MB of them is neither parsed nor serialized nor held once more as a
// whole. Every key that any generation of clients knows is always present, null when empty (langfuse.md §1.6, §5;
// xtrace.md §6).

/** JSON in pieces, text or its UTF-8 bytes, to be sent one right after another. */
export type JsonPieces = Iterable<string | JsonBytes>;

interface Payload {
  readonly input: JsonText | JsonBytes | null;
  readonly output: JsonText | JsonBytes | null;
  readonly metadata: JsonText | JsonBytes | null;
}

/** The members that are JSON already, each after a comma. */
export function* presentPayload({ input, output, metadata }: Payload): JsonPieces {
  yield ',"input":';
  yield input || 'null';
  yield ',"output":';
  yield output || 'null';
  yield ',"metadata":';
  yield metadata || '{}';
}
