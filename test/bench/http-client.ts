import { Agent, request } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  /** From the first byte sent to the last byte received. */
  readonly ms: number;
  readonly bytes: number;
  readonly text: string;
  readonly retryAfterSeconds?: number;
}

/** Keep-alive connections to one server; at most `connections` requests are on their way, more wait. */
export class HttpClient {
  private readonly agent: Agent;

  constructor(
    private readonly url: string,
    private readonly token: string,
    connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  post(path: string, body: Buffer, contentType = 'application/json'): Promise<HttpAnswer> {
    return this.send('POST', path, body, contentType);
  }

  get(path: string): Promise<HttpAnswer> {
    return this.send('GET', path);
  }

  close(): void {
    this.agent.destroy();
  }

  private send(method: string, path: string, body?: Buffer, contentType = ''): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const start = performance.now();
      const headers: Record<string, string | number> = { authorization: `Bearer ${this.token}` };
      if (body !== undefined) {
        headers['content-type'] = contentType;
        headers['content-length'] = body.length;
      }
      const sent = request(this.url + path, { method, headers, agent: this.agent }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          // Large answers are only counted: decoding them is not the server's time.
          if (bytes < 100_000) chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const ms = performance.now() - start;
          const retryAfter = Number(response.headers['retry-after']);
          resolve({
            status: response.statusCode ?? 0,
            ms,
            bytes,
            text: Buffer.concat(chunks).toString('utf8'),
            ...(Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {}),
          });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}
