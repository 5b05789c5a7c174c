import { parentPort } from 'node:worker_threads';
import { Decompress } from 'fzstd';
import { type ZstdAnswer, type ZstdTask } from './zstd-task.js';

class Full extends Error {}

/** Block by block, so that a bomb is noticed where it passes the limit, whatever its frames announce. */
function inflate({ bytes, frames, maxBytes }: ZstdTask): ZstdAnswer {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const keep = (chunk: Uint8Array): void => {
    total += chunk.length;
    if (total > maxBytes) throw new Full();
    chunks.push(chunk);
  };
  try {
    for (const { start, blockEnds } of frames) {
      const decompress = new Decompress(keep);
      let pos = start;
      for (const end of blockEnds) {
        decompress.push(bytes.subarray(pos, end));
        pos = end;
      }
      decompress.push(new Uint8Array(0), true);
    }
  } catch (error) {
    if (error instanceof Full) return { tooLarge: true };
    return { damaged: error instanceof Error ? error.message : String(error) };
  }
  const inflated = new Uint8Array(total);
  let pos = 0;
  for (const chunk of chunks) {
    inflated.set(chunk, pos);
    pos += chunk.length;
  }
  return { inflated };
}

parentPort?.on('message', (task: ZstdTask) => {
  const answer = inflate(task);
  parentPort!.postMessage(answer, 'inflated' in answer ? [answer.inflated.buffer as ArrayBuffer] : []);
});
parentPort?.postMessage('ready');
