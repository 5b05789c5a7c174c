import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, inflateSync } from 'node:zlib';

/** One export as it was sent, without its compression. */
export interface RecordedExport {
  readonly path: string;
  readonly contentType: string;
  /** JSON as text, protobuf as base64. */
  readonly body: string;
}

/** Takes every export and answers as a collector does; other calls of an SDK get an empty object. */
export class OtlpCapture {
  readonly exports: { path: string; contentType: string; body: Buffer }[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtlpCapture> {
    const server = createServer();
    const capture = new OtlpCapture(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '/';
        const contentType = (request.headers['content-type'] ?? '').split(';', 1)[0]!;
        if (!/\/v1\/(traces|logs|metrics)$/.test(path)) {
          response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
          return;
        }
        const sent = Buffer.concat(chunks);
        const encoding = request.headers['content-encoding'];
        const body = encoding === 'gzip' ? gunzipSync(sent) : encoding === 'deflate' ? inflateSync(sent) : sent;
        capture.exports.push({ path, contentType, body });
        response.writeHead(200, { 'content-type': contentType }).end(contentType.includes('json') ? '{}' : '');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return capture;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
