import { Readable } from 'node:stream';
import { type JsonPieces } from './traces.present.js';

/** Characters per chunk: few enough system calls, and other requests get their turn between two chunks. */
const CHUNK_CHARACTERS = 256 * 1024;

/**
 * The body of an answer that is made in pieces. What fits one chunk is sent at once with its length; anything longer is
 * streamed, made while the client already reads. The pieces must not be able to fail: by then the status is sent.
 */
export function toBody(pieces: JsonPieces): Buffer | Readable {
  const chunks = encodeChunks(pieces);
  const first = chunks.next();
  if (first.done) return Buffer.alloc(0);
  const second = chunks.next();
  if (second.done) return first.value;
  return Readable.from(chain([first.value, second.value], chunks));
}

function* encodeChunks(pieces: JsonPieces): Generator<Buffer, void> {
  let gathered: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    gathered.push(piece);
    length += piece.length;
    if (length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(gathered.join(''));
    gathered = [];
    length = 0;
  }
  if (gathered.length > 0) yield Buffer.from(gathered.join(''));
}

function* chain(first: Iterable<Buffer>, rest: Iterable<Buffer>): Generator<Buffer> {
  yield* first;
  yield* rest;
}
