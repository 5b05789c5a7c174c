import type { MessagePort, Worker } from 'node:worker_threads';
import { packError, type PackedError, unpackError } from './thread-errors.js';

/** What a caller sends to the other thread. */
interface Call {
  readonly kind: 'call';
  readonly id: number;
  readonly service: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What comes back, once per call. */
type Answer =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: PackedError };

type Handler = (method: string, args: readonly unknown[]) => unknown;

interface OpenCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The end of a line to another thread; a Worker from outside, its parent port from inside. */
export type Line = Pick<MessagePort | Worker, 'postMessage'> & {
  on(event: 'message', listener: (message: Call | Answer) => void): unknown;
};

/**
 * Calls of methods across two threads, in both directions. Arguments and results are copied (structured clone), except
 * that the memory of a Buffer among the arguments moves over: the caller must not touch it again.
 */
export class ThreadCalls {
  private readonly open = new Map<number, OpenCall>();
  private readonly handlers = new Map<string, Handler>();
  private lastId = 0;

  constructor(private readonly line: Line) {
    line.on('message', (message) => {
      if (message.kind === 'call') void this.answer(message);
      else this.settle(message);
    });
  }

  /** Calls that came for `service` go to `handler`. */
  handle(service: string, handler: Handler): void {
    this.handlers.set(service, handler);
  }

  /** Rejects with the error that the method threw, of the same class if it is one of the domain's. */
  call(service: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const id = (this.lastId += 1);
    return new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject });
      const moved: ArrayBuffer[] = [];
      const call: Call = { kind: 'call', id, service, method, args: args.map((value) => toMovable(value, moved)) };
      try {
        this.line.postMessage(call, moved);
      } catch (error) {
        this.open.delete(id);
        throw error;
      }
    });
  }

  /** Rejects all calls that wait for an answer: there will be none. */
  abandon(error: Error): void {
    for (const { reject } of this.open.values()) reject(error);
    this.open.clear();
  }

  private settle(answer: Answer): void {
    const call = this.open.get(answer.id);
    this.open.delete(answer.id);
    if (answer.kind === 'answer') call?.resolve(answer.value);
    else call?.reject(unpackError(answer.error));
  }

  private async answer({ id, service, method, args }: Call): Promise<void> {
    let answer: Answer;
    try {
      const handler = this.handlers.get(service);
      if (handler === undefined) throw new Error(`there is no ${service} in this thread`);
      answer = { kind: 'answer', id, value: await handler(method, args.map(toBuffer)) };
    } catch (error) {
      answer = { kind: 'failure', id, error: packError(error) };
    }
    this.line.postMessage(answer);
  }
}

/** A small Buffer is a view of memory that it shares with others, which therefore cannot move: then it is copied. */
function toMovable(value: unknown, moved: ArrayBuffer[]): unknown {
  if (!Buffer.isBuffer(value)) return value;
  const { buffer, byteOffset, byteLength } = value;
  const isOwner = byteOffset === 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer;
  const bytes: Uint8Array<ArrayBufferLike> = isOwner ? value : new Uint8Array(value);
  moved.push(bytes.buffer as ArrayBuffer);
  return bytes;
}

/** Structured clone turns a Buffer into a Uint8Array. */
function toBuffer(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}
