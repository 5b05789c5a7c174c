import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { BEARER, JSON_TYPE, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

describe('the second port of OTLP', () => {
  it('does not keep a stop waiting for a connection that was busy when the stop began', async () => {
    const server = await startE2eServer({ env: { OTLP_HTTP_PORT: '0' } });
    const [, url] = await server.waitForOutput(/OTLP over HTTP on (\S+)/);
    const agent = new Agent({ keepAlive: true });
    const headers = { ...BEARER, ...JSON_TYPE, 'content-length': 2, expect: '100-continue' };
    const open = request(new URL('/v1/traces', url), { method: 'POST', agent, headers });
    open.flushHeaders();
    // The server has read the headers, and waits for the body.
    await once(open, 'continue');
    server.signal('SIGTERM');
    await server.waitForOutput(/finishing open requests/);
    open.end('{}');
    const [response] = (await once(open, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(await server.exited).toEqual({ code: 0, signal: null });
    agent.destroy();
  });
});
