import { Readable } from 'node:stream';
import { type JsonBytes } from '../../domain/json.js';
import { type JsonPieces } from './json-pieces.js';

/** Characters or bytes per chunk: few enough system calls, and other requests get their turn between two chunks. */
const CHUNK_LENGTH = 256 * 1024;

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
  let gathered: (string | JsonBytes)[] = [];
  let text = '';
  let length = 0;
  for (const piece of pieces) {
    length += piece.length;
    if (typeof piece === 'string') {
      text += piece;
    } else {
      gathered.push(text, piece);
      text = '';
    }
    if (length < CHUNK_LENGTH) continue;
    gathered.push(text);
    yield encode(gathered);
    gathered = [];
    text = '';
    length = 0;
  }
  if (length > 0) yield encode([...gathered, text]);
}

function encode(pieces: readonly (string | JsonBytes)[]): Buffer {
  let size = 0;
  for (const piece of pieces) size += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
  const chunk = Buffer.allocUnsafe(size);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      at += chunk.write(piece, at);
    } else {
      chunk.set(piece, at);
      at += piece.length;
    }
  }
  return chunk;
}

function* chain(first: Iterable<Buffer>, rest: Iterable<Buffer>): Generator<Buffer> {
  yield* first;
  yield* rest;
}
