import { Client, credentials, Metadata, status as GrpcStatus } from '@grpc/grpc-js';
import { TEST_TOKEN } from '../support/server-process.js';
import { type HttpAnswer } from './http-client.js';

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const asIs = (bytes: Buffer) => bytes;

/** Channels to one server, each with a connection of its own, taken in turn; answers look as those of HTTP do. */
export class GrpcClient {
  private readonly channels: Client[];
  private next = 0;

  constructor(address: string, connections: number) {
    this.channels = Array.from(
      { length: connections },
      // Else grpc-js shares one connection among all channels to an address.
      () => new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
    );
  }

  /** An ExportTraceServiceRequest in protobuf. */
  export(body: Buffer): Promise<HttpAnswer> {
    const channel = this.channels[this.next++ % this.channels.length]!;
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${TEST_TOKEN}`);
    const start = performance.now();
    return new Promise((resolve) => {
      channel.makeUnaryRequest(EXPORT, asIs, asIs, body, metadata, (error, answer) => {
        const ms = performance.now() - start;
        if (error === null) return resolve({ status: 200, ms, bytes: answer?.length ?? 0, text: '' });
        const isFull = error.code === GrpcStatus.RESOURCE_EXHAUSTED || error.code === GrpcStatus.UNAVAILABLE;
        resolve({ status: isFull ? 503 : 500, ms, bytes: 0, text: error.message });
      });
    });
  }

  close(): void {
    for (const channel of this.channels) channel.close();
  }
}
