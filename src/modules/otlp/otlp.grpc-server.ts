import {
  logVerbosity,
  type Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerUnaryCall,
  type StatusObject,
  setLogVerbosity,
} from '@grpc/grpc-js';
import { authority, ListenError } from '../../config/listen-error.js';
import { Unavailable } from '../../domain/errors.js';
import type { Readiness } from '../../domain/readiness.js';
import { countBytes } from './otlp.grpc-bytes.js';
import { type CallServices, ExportCall, type ExportMethod } from './otlp.grpc-call.js';
import { GrpcHealth } from './otlp.grpc-health.js';

// It would print past the log of the server; what it complains of reaches us as statuses and errors.
setLogVerbosity(logVerbosity.NONE);

/** Calls at once on one connection: a Collector has 10 consumers, an SDK at most 30 exports on the way. */
const MAX_CALLS_PER_CONNECTION = 128;
/** For a whole message, as for a request of HTTP: a client that trickles must not hold its room for ever. */
const MESSAGE_TIMEOUT_MS = 120_000;

type Call = ServerUnaryCall<ExportCall, Buffer>;

const bytesAsTheyAre = (bytes: Buffer): Buffer => bytes;

/**
 * OTLP over gRPC (opentelemetry-proto, collector/*_service.proto): Export of each signal, and health. Messages stay bytes
 * until they reach the receivers of HTTP.
 */
export class OtlpGrpcServer {
  private readonly server: Server;
  private readonly health: GrpcHealth;
  private isStopping = false;

  constructor(
    private readonly services: CallServices,
    private readonly methods: readonly ExportMethod[],
    readiness: Readiness,
  ) {
    this.server = new Server({
      // As sent and, again, inflated.
      'grpc.max_receive_message_length': services.maxMessageBytes,
      'grpc.max_concurrent_streams': MAX_CALLS_PER_CONNECTION,
      interceptors: [this.intercept],
    });
    this.health = new GrpcHealth(readiness, new Set(methods.map(({ path }) => path.split('/')[1]!)));
    const { definition, check, watch } = this.health;
    this.server.addService(definition, { check, watch });
    for (const { path } of methods) this.addExport(path);
  }

  /**
   * Resolves to the port that was opened.
   * @throws ListenError naming `setting`.
   */
  listen(host: string, port: number, setting: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.bindAsync(authority(host, port), ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) return resolve(bound);
        const code = /\bE[A-Z]{3,}\b/.exec(error.message)?.[0] ?? error.message;
        reject(new ListenError(setting, host, port, code));
      });
    });
  }

  /** Takes no more calls; resolves when those on the way are answered. */
  stop(): Promise<void> {
    this.isStopping = true;
    this.health.stop();
    return new Promise((resolve) => this.server.tryShutdown(() => resolve()));
  }

  private addExport(path: string): void {
    const definition = {
      path,
      requestStream: false,
      responseStream: false,
      // What arrives here is wrapped by the interceptor below.
      requestSerialize: bytesAsTheyAre,
      requestDeserialize: bytesAsTheyAre,
      responseSerialize: bytesAsTheyAre,
      responseDeserialize: bytesAsTheyAre,
    } as const;
    this.server.addService(
      { export: definition },
      { export: (call: Call, answer: sendUnaryData<Buffer>) => this.export(call, answer) },
    );
  }

  private export({ request }: Call, answer: sendUnaryData<Buffer>): void {
    request.export().then(
      (response) => answer(null, response),
      (error: unknown) => answer(request.refuse(error)),
    );
  }

  /** Strangers are refused before their message is read, and every status passes by, also those of grpc-js itself. */
  private readonly intercept: ServerInterceptor = ({ path }, call) => {
    const method = this.methods.find((one) => one.path === path);
    if (method === undefined) return new ServerInterceptingCall(call);

    let exportCall: ExportCall | undefined;
    let timer: NodeJS.Timeout | undefined;
    const sendStatus = call.sendStatus.bind(call);
    // grpc-js asks no responder about the statuses that it decides upon below the interceptors.
    call.sendStatus = (status) => {
      clearTimeout(timer);
      sendStatus(exportCall?.answer(status) ?? status);
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata: Metadata, proceed) => {
            const address = call.getConnectionInfo().remoteAddress ?? '';
            const admitted = (exportCall = new ExportCall(this.services, method, metadata, address));
            try {
              if (this.isStopping) throw new Unavailable('the server is stopping');
              admitted.admit();
            } catch (error) {
              return call.sendStatus(admitted.refuse(error));
            }
            countBytes(call, this.services.maxMessageBytes, {
              onBytes: (count) => admitted.receive(count),
              refuse: (error) => admitted.refuse(error),
              sendStatus: (status) => call.sendStatus(status as StatusObject),
            });
            const tooSlow = new Unavailable(`The message did not come within ${MESSAGE_TIMEOUT_MS / 1000} s`);
            timer = setTimeout(() => call.sendStatus(admitted.refuse(tooSlow)), MESSAGE_TIMEOUT_MS).unref();
            proceed(metadata);
          },
          onReceiveMessage: (body: Buffer, proceed) => {
            clearTimeout(timer);
            try {
              proceed(exportCall?.take(body));
            } catch (error) {
              if (exportCall !== undefined) call.sendStatus(exportCall.refuse(error));
            }
          },
          onCancel: () => {
            clearTimeout(timer);
            exportCall?.abort();
          },
        }),
    });
  };
}
