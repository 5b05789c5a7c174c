/** A port besides that of BIND_ADDR could not be opened. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  constructor(
    /** The setting that names the port. */
    readonly setting: string,
    readonly host: string,
    readonly port: number,
    /** The system's word for it, such as `EADDRINUSE`. */
    readonly code: string,
  ) {
    super(`Cannot listen on ${authority(host, port)} (${code})`);
  }

  get authority(): string {
    return authority(this.host, this.port);
  }
}

/** Host and port as URLs write them. */
export function authority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
