// Ends with 0 when the server in this container answers GET /healthz. Node itself asks: slim images have no curl.
const bindAddress = process.env.BIND_ADDR?.trim() || '127.0.0.1:8742';
const port = bindAddress.slice(bindAddress.lastIndexOf(':') + 1);
const named = bindAddress.slice(0, bindAddress.lastIndexOf(':'));
// A server that listens everywhere is also here.
const host = named === '0.0.0.0' ? '127.0.0.1' : named === '[::]' ? '[::1]' : named;
try {
  const answer = await fetch(`http://${host}:${port}/healthz`, { signal: AbortSignal.timeout(4000) });
  process.exitCode = answer.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
