import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { CONFIG, type Config, SETTINGS } from '../../config/config.js';
import { Readiness } from '../../domain/readiness.js';
import { Authenticator } from '../../http/auth/authenticator.js';
import { InFlightBytes } from '../../http/in-flight-bytes.js';
import { RequestEvents } from '../../http/request-events.js';
import type { OtlpGrpcServer } from './otlp.grpc-server.js';
import { OtlpLogReceiver } from './otlp.log-receiver.js';
import { OtlpMetricReceiver } from './otlp.metric-receiver.js';
import { OtlpTraceReceiver } from './otlp.trace-receiver.js';

const PACKAGE = '/opentelemetry.proto.collector';

/** The port of OTLP over gRPC, where OTLP_GRPC_PORT asks for one: opened before that of HTTP, drained along with it. */
@Injectable()
export class OtlpGrpcListener implements OnModuleInit, OnApplicationBootstrap {
  /** Absent when it is switched off. */
  port: number | undefined;
  private server: OtlpGrpcServer | undefined;
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly authenticator: Authenticator,
    private readonly inFlight: InFlightBytes,
    private readonly events: RequestEvents,
    private readonly readiness: Readiness,
    private readonly traces: OtlpTraceReceiver,
    private readonly metrics: OtlpMetricReceiver,
    private readonly logs: OtlpLogReceiver,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance();
    fastify.addHook('preClose', (done) => {
      this.stopped = this.server?.stop();
      done();
    });
    // The writing thread ends only when nobody waits for it any more.
    fastify.addHook('onClose', () => this.stopped ?? Promise.resolve());
  }

  async onApplicationBootstrap(): Promise<void> {
    const { otlpGrpcPort, bindHost, maxRequestBodyBytes } = this.config;
    if (otlpGrpcPort === undefined) return;
    // Only here: whoever does not speak gRPC should not pay for loading it.
    const { OtlpGrpcServer } = await import('./otlp.grpc-server.js');
    const { authenticator, inFlight, events } = this;
    this.server = new OtlpGrpcServer(
      { authenticator, inFlight, events, maxMessageBytes: maxRequestBodyBytes },
      [
        { path: `${PACKAGE}.trace.v1.TraceService/Export`, door: 'otlp', receiver: this.traces },
        { path: `${PACKAGE}.metrics.v1.MetricsService/Export`, door: 'otlp-metrics', receiver: this.metrics },
        { path: `${PACKAGE}.logs.v1.LogsService/Export`, door: 'otlp-logs', receiver: this.logs },
      ],
      this.readiness,
    );
    this.port = await this.server.listen(bindHost, otlpGrpcPort, SETTINGS.otlpGrpcPort.name);
  }
}
