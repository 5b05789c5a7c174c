import {
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status as GrpcStatus,
} from '@grpc/grpc-js';
import type { Readiness } from '../../domain/readiness.js';
import { LENGTH, tag, WireReader } from './otlp.wire.js';

/** grpc.health.v1.HealthCheckResponse.ServingStatus */
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

const PATH = '/grpc.health.v1.Health/';
const STATUS_FIELD_VARINT = 0x08;

/** How often those who watch are looked after. */
const WATCH_MS = 1000;

const asIs = (bytes: Buffer): Buffer => bytes;
const METHOD = {
  requestStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
} as const;

/** HealthCheckRequest { string service = 1 } */
class HealthRequestReader extends WireReader {
  readService(): string {
    const end = this.bytes.length;
    let service = '';
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) service = this.readText(end);
      else this.skip(t, end);
    }
    return service;
  }
}

type Watch = ServerWritableStream<Buffer, Buffer>;

/**
 * grpc.health.v1.Health (github.com/grpc/grpc/blob/master/doc/health-checking.md) for load balancers and probes: serving
 * while the server is ready, to whoever asks.
 */
export class GrpcHealth {
  readonly definition = {
    check: { ...METHOD, path: `${PATH}Check`, responseStream: false },
    watch: { ...METHOD, path: `${PATH}Watch`, responseStream: true },
  } as const;

  /** What each of those who watch heard last. */
  private readonly watches = new Map<Watch, number>();
  private readonly timer = setInterval(() => void this.tellWatches(), WATCH_MS).unref();

  /** `services` are known by name besides the empty one, which is the server itself. */
  constructor(
    private readonly readiness: Readiness,
    private readonly services: ReadonlySet<string>,
  ) {}

  readonly check = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
    this.statusFor(call.request).then(
      (status) => {
        if (status === SERVICE_UNKNOWN)
          answer({ code: GrpcStatus.NOT_FOUND, details: 'There is no such service here' });
        else answer(null, encode(status));
      },
      () => answer({ code: GrpcStatus.INVALID_ARGUMENT, details: 'The message is no HealthCheckRequest' }),
    );
  };

  readonly watch = (call: Watch): void => {
    call.once('cancelled', () => this.watches.delete(call));
    this.watches.set(call, 0);
    void this.tell(call);
  };

  /** Tells those who watch that it is over. */
  stop(): void {
    clearInterval(this.timer);
    for (const call of this.watches.keys()) {
      call.write(encode(NOT_SERVING));
      call.end();
    }
    this.watches.clear();
  }

  private async tellWatches(): Promise<void> {
    await Promise.all([...this.watches.keys()].map((call) => this.tell(call)));
  }

  private async tell(call: Watch): Promise<void> {
    const status = await this.statusFor(call.request).catch(() => SERVICE_UNKNOWN);
    const last = this.watches.get(call);
    if (last === undefined || last === status) return;
    this.watches.set(call, status);
    call.write(encode(status));
  }

  private async statusFor(request: Buffer): Promise<number> {
    const service = new HealthRequestReader(request).readService();
    if (service !== '' && !this.services.has(service)) return SERVICE_UNKNOWN;
    return (await this.readiness.isReady()) ? SERVING : NOT_SERVING;
  }
}

function encode(status: number): Buffer {
  return Buffer.from([STATUS_FIELD_VARINT, status]);
}
