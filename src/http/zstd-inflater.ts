import * as zlib from 'node:zlib';
import { TooLarge, Unavailable } from '../domain/errors.js';
import { inflateStream, type InflateBounds, type InflaterFactory } from './inflate.js';
import { TaskGivenUp, TaskThread } from './task-thread.js';
import { BLOCK_BYTES, damaged, readZstdFrames, type ZstdFrame } from './zstd.js';
import { type ZstdAnswer, type ZstdTask } from './zstd-task.js';

/**
 * A block of 128 KiB can be made to ask for 65,536 copies of 128 KiB each, which the decoder does to the end before it
 * looks. Honest ones take up to five milliseconds; this is far above that on a busy machine.
 */
const BLOCK_MS = 50;
const SPARE_MS = 1000;
/** What is inflated lies in buffers, outside of the heap. */
const MAX_HEAP_MB = 64;
/** The budget of request bodies bounds what they hold. */
const MAX_WAITING = 1000;

/** From Node 22.15 on; the types are those of Node 20. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: InflaterFactory };

/**
 * Inflates zstd bodies off the thread that serves requests: with Node's decoder where it has one, else with one in
 * JavaScript in a thread of its own, body by body. Checksums are not verified there: the transport below has its own.
 */
export class ZstdInflater extends TaskThread<ZstdTask, ZstdAnswer> {
  /** @param entry the module that the thread runs */
  constructor(entry: URL) {
    super({
      entry,
      maxHeapMb: MAX_HEAP_MB,
      maxWaiting: MAX_WAITING,
      overCapacity: 'Too many zstd bodies wait to be inflated',
    });
  }

  /**
   * @throws TooLarge as soon as there are more than `maxBytes`, InvalidInput when the bytes are damaged or cut off,
   * Unavailable when they take far longer than their blocks should.
   */
  async inflate(bytes: Buffer, { maxBytes, onBytes }: InflateBounds): Promise<Buffer> {
    const frames = readZstdFrames(bytes, maxBytes);
    if (frames.length === 0) return Buffer.alloc(0);
    if (createZstdDecompress === undefined) return this.inflateInThread(bytes, frames, { maxBytes, onBytes });
    const parts: Buffer[] = [];
    let room = maxBytes;
    for (const { start, blockEnds } of frames) {
      const frame = bytes.subarray(start, blockEnds.at(-1));
      const part = await inflateStream(createZstdDecompress, frame, 'zstd', { maxBytes: room, onBytes });
      room -= part.length;
      parts.push(part);
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  private async inflateInThread(
    bytes: Buffer,
    frames: readonly ZstdFrame[],
    { maxBytes, onBytes }: InflateBounds,
  ): Promise<Buffer> {
    const blocks = frames.reduce((sum, { blockEnds }) => sum + blockEnds.length, 0);
    const deadlineMs = SPARE_MS + BLOCK_MS * Math.min(blocks, Math.ceil(maxBytes / BLOCK_BYTES));
    const copy = new Uint8Array(bytes);
    const answer = await this.run({ bytes: copy, frames, maxBytes }, deadlineMs, [copy.buffer]).catch(
      (error: unknown) => {
        throw error instanceof TaskGivenUp ? new Unavailable(`the zstd body was given up: ${error.message}`) : error;
      },
    );
    if ('damaged' in answer) throw damaged(answer.damaged);
    if ('tooLarge' in answer) throw new TooLarge(`The inflated body is larger than ${maxBytes} bytes`);
    const { buffer, byteOffset, byteLength } = answer.inflated;
    onBytes(byteLength);
    return Buffer.from(buffer, byteOffset, byteLength);
  }
}
