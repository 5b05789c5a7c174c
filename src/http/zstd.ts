import { InvalidInput, TooLarge } from '../domain/errors.js';

/** What RFC 8878 (3.1.1.1.2) asks of every decoder, and the default of the encoders in Go and Rust stays within it. */
const MAX_WINDOW_BYTES = 8 * 1024 * 1024;
/** Largest block of the format. Encoders fill them, but may flush a smaller one now and then. */
export const BLOCK_BYTES = 128 * 1024;
const SPARE_BLOCKS = 1024;

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** Where a frame and each of its blocks lie in a body; the end of the last block is that of the frame. */
export interface ZstdFrame {
  readonly start: number;
  readonly blockEnds: readonly number[];
}

/**
 * The frames of a body, found from the headers of frames and blocks alone (RFC 8878, 3.1.1); skippable ones are left out.
 * No decoder is trusted with this: Node's takes a body that was cut off for a whole one, and ends after its first frame.
 * @throws InvalidInput when the body is cut off, asks for a window above 8 MiB, or has far more blocks than `maxBytes`
 * needs; TooLarge when a frame announces more than `maxBytes`.
 */
export function readZstdFrames(bytes: Buffer, maxBytes: number): ZstdFrame[] {
  const maxBlocks = Math.ceil(maxBytes / BLOCK_BYTES) * 4 + SPARE_BLOCKS;
  const frames: ZstdFrame[] = [];
  let pos = 0;
  let blocks = 0;
  const need = (count: number): void => {
    if (bytes.length - pos < count) throw damaged('it is cut off');
  };
  const endBlock = (): void => {
    need(0);
    blocks += 1;
    if (blocks > maxBlocks) throw damaged(`it has more than ${maxBlocks} blocks`);
  };
  while (pos < bytes.length) {
    need(8);
    const start = pos;
    const magic = bytes.readUInt32LE(pos);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      pos += 8 + bytes.readUInt32LE(pos + 4);
      endBlock();
      continue;
    }
    if (magic !== FRAME_MAGIC) throw damaged('it does not begin like a frame');
    const hasChecksum = ((bytes[pos + 4]! >> 2) & 1) === 1;
    const blockEnds: number[] = [];
    pos = headerEnd(bytes, pos, maxBytes);
    for (let isLast = false; !isLast;) {
      need(3);
      const header = bytes.readUIntLE(pos, 3);
      isLast = (header & 1) === 1;
      const type = (header >> 1) & 3;
      if (type === RESERVED_BLOCK) throw damaged('a block has an unknown type');
      pos += 3 + (type === RLE_BLOCK ? 1 : header >> 3);
      if (isLast && hasChecksum) pos += 4;
      endBlock();
      blockEnds.push(pos);
    }
    frames.push({ start, blockEnds });
  }
  return frames;
}

/** Checks what a frame's header asks for, before memory is given for it; returns where its blocks begin. */
function headerEnd(bytes: Buffer, start: number, maxBytes: number): number {
  const descriptor = bytes[start + 4]!;
  const isSingleSegment = ((descriptor >> 5) & 1) === 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const sizeAt = start + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  if (bytes.length < sizeAt + sizeBytes) throw damaged('it is cut off');
  if (isSingleSegment) {
    const size = sizeBytes === 8 ? Number(bytes.readBigUInt64LE(sizeAt)) : bytes.readUIntLE(sizeAt, sizeBytes);
    if (size > maxBytes) throw new TooLarge(`The inflated body is larger than ${maxBytes} bytes`);
  } else {
    const window = bytes[start + 5]!;
    const base = 2 ** (10 + (window >> 3));
    if (base + (base / 8) * (window & 7) > MAX_WINDOW_BYTES) {
      throw damaged(`it needs a window of more than ${MAX_WINDOW_BYTES} bytes`);
    }
  }
  return sizeAt + sizeBytes;
}

/** What is answered to a body that no decoder can read. */
export function damaged(reason: string): InvalidInput {
  return new InvalidInput(`The body is not valid zstd: ${reason}`);
}
