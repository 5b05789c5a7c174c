import { inflate } from '../../http/inflate.js';

/**
 * What grpc-js 1.14 has inside of a call (server-interceptors.js, BaseServerInterceptingCall). It hands a message over when
 * all of it is there, inflated, and tells nobody how much that will be. Remove when interceptors hear of bytes as they come.
 */
interface Internals {
  readonly stream: {
    on(event: 'data', listener: (chunk: Buffer) => void): unknown;
    pause(): unknown;
  };
  decompressMessage(message: Buffer, encoding: string): Buffer | Promise<Buffer>;
}

/** Who is told of the bytes of a call. */
interface ByteCounter {
  /** Bytes that came or were inflated; throws to refuse the call. */
  readonly onBytes: (count: number) => void;
  /** The status that answers `error`. */
  readonly refuse: (error: unknown) => object;
  readonly sendStatus: (status: object) => void;
}

/** Whether the message is compressed, and its length: before every message. */
const FRAME_HEADER_BYTES = 5;

/** Counts the bytes of a call as they come, before they are kept, and inflates its message like a body of HTTP. */
export function countBytes(call: object, maxBytes: number, { onBytes, refuse, sendStatus }: ByteCounter): void {
  const internals = call as Internals;
  let isRefused = false;
  internals.stream.on('data', (chunk) => {
    if (isRefused) return;
    try {
      onBytes(chunk.length);
    } catch (error) {
      isRefused = true;
      // What is still on its way stays with the client.
      internals.stream.pause();
      sendStatus(refuse(error));
    }
  });

  const decompress = internals.decompressMessage.bind(call);
  internals.decompressMessage = async (message, encoding) => {
    if (encoding !== 'gzip' && encoding !== 'deflate') return decompress(message, encoding);
    try {
      return await inflate(message.subarray(FRAME_HEADER_BYTES), encoding, { maxBytes, onBytes });
    } catch (error) {
      // grpc-js sends what is thrown here as the status, whatever it is.
      throw refuse(error) as Error;
    }
  };
}
