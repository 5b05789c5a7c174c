import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { CONFIG, type Config } from '../config/config.js';
import { InvalidInput, TooLarge, Unavailable, UnsupportedMedia } from '../domain/errors.js';
import { notJson } from '../domain/request-json.js';
import { requireScope } from './auth/auth.guard.js';
import { Authenticator } from './auth/authenticator.js';
import { InFlightBytes, type Reservation } from './in-flight-bytes.js';
import { inflate, type InflateBounds, readContentCoding } from './inflate.js';
import { RequestEvents } from './request-events.js';
import { recordOf } from './request-record.js';
import { routeTraits } from './route-config.js';
import { declaredLength, readBody } from './write-body.js';
import { ZstdInflater } from './zstd-inflater.js';

/** JSON bodies of routes that are not write routes. */
const MAX_JSON_BYTES = 1024 * 1024;

/** How long a client whose request was answered early may go on sending: time to see the answer, then the line is cut. */
const DISCARD_MS = 10_000;

const NO_BYTES = Buffer.alloc(0);

/**
 * What happens to a request before Nest sees it, as Fastify hooks: identify the caller; on write routes refuse strangers,
 * unknown encodings, bodies that are declared too large and whatever the budget has no room for, all from the headers
 * alone; then read and inflate the body. Fastify's own body parsers are gone.
 */
@Injectable()
export class RequestIntake implements OnModuleInit {
  private readonly reservations = new WeakMap<FastifyRequest, Reservation>();
  private isClosing = false;

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly authenticator: Authenticator,
    private readonly inFlight: InFlightBytes,
    private readonly events: RequestEvents,
    private readonly zstd: ZstdInflater,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance();
    fastify.removeAllContentTypeParsers();
    const parseJson = fastify.getDefaultJsonParser('error', 'error');
    fastify.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
      if (request.is404 || routeTraits(request).streamsBody === true) return undefined;
      if (routeTraits(request).write !== undefined) return this.readWrite(request, payload);
      // Clients that state a type with every request state one for the body that a deletion does not have.
      if (request.method === 'DELETE' && hasNoBody(request)) return undefined;
      const bytes = await this.readJson(request, payload);
      return new Promise((resolve, reject) => {
        void parseJson(request, bytes.toString('utf8'), (error, value) => {
          if (error !== null) reject(notJson(error));
          else resolve(value);
        });
      });
    });
    fastify.addHook('preClose', (done) => {
      this.isClosing = true;
      done();
    });
    fastify.addHook('onRequest', (request, reply, done) => {
      this.events.watch(request, reply);
      try {
        this.admit(request, reply);
        done();
      } catch (error) {
        done(error as Error);
      }
    });
    fastify.addHook('preValidation', (request, _reply, done) => {
      // Fastify asks no parser when there is neither a body nor a content type.
      if (request.body === undefined && routeTraits(request).write !== undefined) request.body = NO_BYTES;
      done();
    });
    fastify.addHook('onResponse', (request, _reply, done) => {
      discardRest(request.raw);
      done();
    });
  }

  private admit(request: FastifyRequest, reply: FastifyReply): void {
    void reply.header('x-request-id', request.id);
    // On a connection that was open already: new ones are not taken any more.
    if (this.isClosing) throw new Unavailable('the server is stopping');
    if (request.is404) {
      // Whose data goes to a wrong address, for the list of deliveries.
      if (request.method === 'POST') this.authenticator.identify(request);
      return;
    }
    if (/%00/.test(request.url.split('?', 1)[0]!)) throw new InvalidInput('The path must not contain U+0000');
    this.authenticator.identify(request);
    if (routeTraits(request).write === undefined) return;
    requireScope(request, this.authenticator.require(request));
    readContentCoding(request.headers['content-encoding']);
    const declaredBytes = declaredLength(request.headers['content-length']);
    this.refuseTooLarge(declaredBytes, this.config.maxRequestBodyBytes);
    this.reserve(request, reply, declaredBytes ?? 0);
  }

  /** Holds room for the body until the response has ended, whichever way it ends. */
  private reserve(request: FastifyRequest, reply: FastifyReply, bytes: number): void {
    const reservation = this.inFlight.reserve(bytes);
    this.reservations.set(request, reservation);
    const { socket } = request.raw;
    const end = (): void => {
      reservation.release();
      socket.off('close', end);
    };
    reply.raw.once('close', end);
    // A pipelined response that waits behind others is never told that its connection closed.
    socket.once('close', end);
  }

  private async readWrite(request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> {
    const reservation = this.reservations.get(request);
    if (reservation === undefined) throw new Error('a write route was reached without a reservation');
    const maxBytes = this.config.maxRequestBodyBytes;
    const declaredBytes = declaredLength(request.headers['content-length']);
    const grow = (count: number): void => reservation.grow(count);
    const onBytes = declaredBytes === undefined ? grow : () => {};
    const sent = await readBody(payload, { maxBytes, declaredBytes, onBytes });
    const record = recordOf(request);
    record.sentBytes = sent.length;
    const body = await this.inflate(sent, request, { maxBytes, onBytes: grow });
    record.bodyBytes = body.length;
    return body;
  }

  private async inflate(sent: Buffer, request: FastifyRequest, bounds: InflateBounds): Promise<Buffer> {
    const coding = readContentCoding(request.headers['content-encoding']);
    if (coding === 'identity') return sent;
    return coding === 'zstd' ? this.zstd.inflate(sent, bounds) : inflate(sent, coding, bounds);
  }

  private async readJson(request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> {
    // Guards run after the body is read: without this, strangers could fill the memory.
    requireScope(request, this.authenticator.require(request));
    if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
      throw new UnsupportedMedia('Send the body as application/json');
    }
    if (readContentCoding(request.headers['content-encoding']) !== 'identity') {
      throw new UnsupportedMedia('Send the body without Content-Encoding');
    }
    const declaredBytes = declaredLength(request.headers['content-length']);
    this.refuseTooLarge(declaredBytes, MAX_JSON_BYTES);
    return readBody(payload, { maxBytes: MAX_JSON_BYTES, declaredBytes, onBytes: () => {} });
  }

  private refuseTooLarge(declaredBytes: number | undefined, maxBytes: number): void {
    if (declaredBytes !== undefined && declaredBytes > maxBytes) {
      throw new TooLarge(`The body of ${declaredBytes} bytes is larger than ${maxBytes} bytes`);
    }
  }
}

function hasNoBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] === undefined && (declaredLength(headers['content-length']) ?? 0) === 0;
}

/** Drops what an answered client still sends: cutting the line at once could destroy the answer on its way. */
function discardRest(raw: IncomingMessage): void {
  if (raw.complete || raw.readableEnded || raw.destroyed) return;
  const timer = setTimeout(() => raw.destroy(), DISCARD_MS).unref();
  raw.once('close', () => clearTimeout(timer));
  raw.resume();
}
