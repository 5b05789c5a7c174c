import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What the server answered. */
  readonly status: number;
}

/** Stands between a client and the server: hands everything on as it is and remembers it. */
export class RecordingProxy {
  readonly requests: RecordedRequest[] = [];

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  static async start(target: string): Promise<RecordingProxy> {
    const server = createServer();
    const proxy = new RecordingProxy(server, target);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = 'POST', url: path = '', headers } = request;
        proxy.forward(method, path, headers, Buffer.concat(chunks)).then(
          async (answer) => {
            response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
            response.end(Buffer.from(await answer.arrayBuffer()));
          },
          (error: Error) => response.writeHead(502).end(error.message),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Sends everything recorded so far once more, byte for byte, and returns the statuses. */
  async replay(): Promise<number[]> {
    const statuses: number[] = [];
    for (const { method, path, headers, body } of [...this.requests]) {
      statuses.push((await this.send(method, path, headers, body)).status);
    }
    return statuses;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async forward(method: string, path: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Response> {
    const answer = await this.send(method, path, headers, body);
    this.requests.push({ method, path, headers, body, status: answer.status });
    return answer;
  }

  private send(method: string, path: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Response> {
    // These belong to one hop only; fetch makes its own.
    const ofHop = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);
    const kept = Object.entries(headers).filter(([name]) => !ofHop.has(name)) as [string, string][];
    return fetch(this.target + path, { method, headers: kept, ...(body.length > 0 && { body }) });
  }
}
