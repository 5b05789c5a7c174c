import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CONFIG, type Config, SETTINGS } from '../../config/config.js';
import { ListenError } from '../../config/listen-error.js';
import { NotFound } from '../../domain/errors.js';
import { refuseUnreadable } from '../../http/error.filter.js';
import { routeTraits } from '../../http/route-config.js';

/** What is answered besides the routes of OTLP. */
const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/**
 * A second port of the same application, where OTLP_HTTP_PORT asks for one, for exporters alone: it may be opened to
 * more networks than the API, whose routes it does not have.
 */
@Injectable()
export class OtlpHttpListener implements OnModuleInit, OnApplicationBootstrap {
  /** Absent when it is switched off. */
  port: number | undefined;
  private server: Server | undefined;
  private stopped: Promise<void> | undefined;
  private readonly own = new WeakSet<IncomingMessage>();

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    if (this.config.otlpHttpPort === undefined) return;
    const fastify = this.host.httpAdapter.getInstance();
    fastify.addHook('onRequest', (request, _reply, done) => {
      if (!this.own.has(request.raw) || isOffered(request)) return done();
      done(new NotFound(`There is no ${request.url.split('?', 1)[0]!.slice(0, 200)} here`));
    });
    fastify.addHook('preClose', (done) => {
      this.stopped = new Promise((resolve) =>
        this.server === undefined ? resolve() : this.server.close(() => resolve()),
      );
      done();
    });
    fastify.addHook('onClose', () => this.stopped ?? Promise.resolve());
  }

  async onApplicationBootstrap(): Promise<void> {
    const { otlpHttpPort, bindHost } = this.config;
    if (otlpHttpPort === undefined) return;
    const fastify = this.host.httpAdapter.getInstance();
    const { keepAliveTimeout, requestTimeout, headersTimeout } = fastify.server;
    const server = (this.server = createServer({ keepAliveTimeout, requestTimeout, headersTimeout }));
    server.on('clientError', refuseUnreadable);
    await fastify.ready();
    server.on('request', (request, response) => {
      this.own.add(request);
      // Node closes connections that are idle when the server stops, and not those that become so later.
      response.once('close', () => this.stopped !== undefined && setImmediate(() => server.closeIdleConnections()));
      fastify.routing(request, response);
    });
    await new Promise<void>((resolve, reject) => {
      const fail = ({ code, message }: NodeJS.ErrnoException): void =>
        reject(new ListenError(SETTINGS.otlpHttpPort.name, bindHost, otlpHttpPort, code ?? message));
      server.once('error', fail).listen(otlpHttpPort, bindHost, () => {
        server.off('error', fail);
        resolve();
      });
    });
    this.port = (server.address() as AddressInfo).port;
  }
}

/** Addresses that nobody has are refused by the router. */
function isOffered(request: FastifyRequest): boolean {
  if (request.is404 || PROBES.has(request.routeOptions.url)) return true;
  return routeTraits(request).write?.errors === 'rpc-status';
}
