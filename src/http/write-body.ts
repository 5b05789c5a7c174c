import type { Readable } from 'node:stream';
import { InvalidInput, TooLarge } from '../domain/errors.js';

/** The length that a Content-Length header declares, however large; undefined without one, as in chunked transfer. */
export function declaredLength(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined;
}

/** What {@link readBody} holds a body to. */
export interface BodyBounds {
  readonly maxBytes: number;
  /** From Content-Length: the body must have exactly this many bytes. */
  readonly declaredBytes?: number;
  /** Hears of every chunk before it is kept and may stop the reading by throwing. */
  readonly onBytes: (count: number) => void;
}

/**
 * Reads `source` to its end into memory. When it rejects, it has stopped listening but not destroyed `source`, so that
 * the answer still reaches the client; the rest is dropped as it comes.
 * @throws TooLarge beyond `maxBytes`, InvalidInput for a body that was cut off or does not have its declared length.
 */
export function readBody(source: Readable, bounds: BodyBounds): Promise<Buffer> {
  const { maxBytes, declaredBytes, onBytes } = bounds;
  return new Promise((resolve, reject) => {
    // Of a declared length each chunk goes to its place as it comes: a large body is then never copied in one go.
    let whole: Buffer | undefined;
    const chunks: Buffer[] = [];
    let total = 0;
    const settle = (finish: () => void): void => {
      source.off('data', onData).off('end', onEnd).off('close', onCutOff).off('error', onCutOff);
      // A late error without a listener would end the process.
      source.on('error', () => {});
      finish();
    };
    const fail = (error: Error): void =>
      settle(() => {
        source.resume();
        reject(error);
      });
    const onData = (chunk: Buffer): void => {
      total += chunk.length;
      if (total > maxBytes) return fail(new TooLarge(`The body is larger than ${maxBytes} bytes`));
      if (declaredBytes !== undefined && total > declaredBytes) return fail(mismatch(declaredBytes));
      try {
        onBytes(chunk.length);
      } catch (error) {
        return fail(error as Error);
      }
      if (declaredBytes === undefined) chunks.push(chunk);
      else (whole ??= Buffer.allocUnsafeSlow(declaredBytes)).set(chunk, total - chunk.length);
    };
    const onEnd = (): void => {
      if (declaredBytes !== undefined && total !== declaredBytes) return fail(mismatch(declaredBytes));
      settle(() => resolve(whole ?? Buffer.concat(chunks, total)));
    };
    const onCutOff = (): void => fail(new InvalidInput('The body was cut off'));
    source.on('data', onData).on('end', onEnd).on('close', onCutOff).on('error', onCutOff);
  });
}

function mismatch(declaredBytes: number): InvalidInput {
  return new InvalidInput(`The body does not have the ${declaredBytes} bytes that Content-Length declares`);
}
