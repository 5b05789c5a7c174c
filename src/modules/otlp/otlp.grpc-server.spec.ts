import { status as GrpcStatus } from '@grpc/grpc-js';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { InFlightBytes } from '../../http/in-flight-bytes.js';
import { type CallServices } from './otlp.grpc-call.js';
import { OtlpGrpcServer } from './otlp.grpc-server.js';

const PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const KIB = 1024;
const MAX_MESSAGE_BYTES = 4096 * KIB;
const BUDGET_BYTES = 1024 * KIB;

let inFlight: InFlightBytes;
let server: OtlpGrpcServer;
let session: ClientHttp2Session;
let streams: { readonly stream: ClientHttp2Stream; readonly closed: Promise<unknown> }[];
let received: Buffer[];
let release: () => void;

beforeEach(async () => {
  inFlight = new InFlightBytes(BUDGET_BYTES);
  received = [];
  streams = [];
  const held = new Promise<void>((resolve) => (release = resolve));
  const services = {
    authenticator: { admit: () => ({ project: { no: 1, id: 'p' }, scopes: ['ingest'] }) },
    events: { report: () => undefined },
    inFlight,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  } as unknown as CallServices;
  const receiver = {
    receive: async (body: Buffer) => {
      received.push(body);
      await held;
      return { answer: Buffer.alloc(0), report: { itemCount: 0, refusedCount: 0, refused: [] } };
    },
  };
  server = new OtlpGrpcServer(services, [{ path: PATH, door: 'otlp', receiver }], {
    isReady: () => Promise.resolve(true),
  });
  session = connect(`http://127.0.0.1:${await server.listen('127.0.0.1', 0, 'OTLP_GRPC_PORT')}`);
});
afterEach(async () => {
  release();
  // Each stream before its session: destroying a session of Node 20 that has bytes to send corrupts the heap of the client.
  for (const { stream } of streams) stream.close(constants.NGHTTP2_CANCEL);
  await Promise.all(streams.map(({ closed }) => closed));
  await new Promise<void>((resolve) => session.close(resolve));
  await server.stop();
});

/** A call that announces a message of `length` bytes; `ended` has the status once the server has sent it. */
function open(length: number, encoding?: string): { stream: ClientHttp2Stream; ended: Promise<number> } {
  const stream = session.request({
    ':method': 'POST',
    ':path': PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(encoding === undefined ? {} : { 'grpc-encoding': encoding }),
  });
  streams.push({ stream, closed: new Promise((resolve) => stream.once('close', resolve)) });
  const ended = new Promise<number>((resolve) => {
    const onHeaders = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    };
    stream
      .on('response', onHeaders)
      .on('trailers', onHeaders)
      .on('error', () => undefined)
      .resume();
  });
  const head = Buffer.alloc(5);
  head.writeUInt8(encoding === undefined ? 0 : 1);
  head.writeUInt32BE(length, 1);
  stream.write(head);
  return { stream, ended };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe('the budget of bytes in flight over gRPC', () => {
  test('counts a message while it comes, and others find no room', async () => {
    const first = open(2048 * KIB);
    first.stream.write(Buffer.alloc(900 * KIB));
    await until(() => inFlight.bytes >= 900 * KIB);
    const second = open(200 * KIB);
    expect(await second.ended).toBe(GrpcStatus.UNAVAILABLE);

    // A call that is alone always has room.
    first.stream.end(Buffer.alloc(1148 * KIB));
    await until(() => received.length === 1);
    expect(received[0]).toHaveLength(2048 * KIB);
    expect(inFlight.bytes).toBeGreaterThanOrEqual(2048 * KIB);
    release();
    expect(await first.ended).toBe(GrpcStatus.OK);
    expect(inFlight.bytes).toBe(0);
  });

  test('refuses a call whose bytes come when there is no room any more', async () => {
    const calls = [open(1024 * KIB), open(1024 * KIB)];
    for (const { stream } of calls) stream.write(Buffer.alloc(700 * KIB));
    expect(await Promise.race(calls.map(({ ended }) => ended))).toBe(GrpcStatus.UNAVAILABLE);
    expect(inFlight.bytes).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  test('counts what a message inflates to, as it does', async () => {
    const [message, larger] = [gzipSync(Buffer.alloc(500 * KIB)), gzipSync(Buffer.alloc(900 * KIB))];
    const first = open(message.length, 'gzip');
    first.stream.end(message);
    await until(() => received.length === 1);
    const second = open(larger.length, 'gzip');
    second.stream.end(larger);
    expect(await second.ended).toBe(GrpcStatus.UNAVAILABLE);
    expect(received).toHaveLength(1);
    release();
    expect(await first.ended).toBe(GrpcStatus.OK);
  });

  test.each([
    ['larger than a message may be', gzipSync(Buffer.alloc(2 * MAX_MESSAGE_BYTES)), GrpcStatus.RESOURCE_EXHAUSTED],
    ['no gzip', Buffer.from('no gzip'), GrpcStatus.INVALID_ARGUMENT],
  ])('a message that is %s is refused for good', async (_, message, code) => {
    const call = open(message.length, 'gzip');
    call.stream.end(message);
    expect(await call.ended).toBe(code);
  });
});
