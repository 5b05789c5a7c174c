import { type ClientBase, type Connection, type Submittable } from 'pg';
import { type Duplex } from 'node:stream';

/** A statement without a result whose parameters are all in PostgreSQL's binary format. */
export interface BinaryStatement {
  /** Prepared under this name, once per connection. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly Buffer[];
}

/** What of `pg`'s connection its types leave out. */
interface WireConnection extends Omit<Connection, 'stream'> {
  readonly stream: Duplex;
  /** Text of every prepared statement, by name. */
  readonly parsedStatements: Record<string, string | undefined>;
}

const BINARY_FORMAT = 1;

/**
 * Runs a statement with large parameters. `pg` copies parameters into one message that it grows step by step, which for
 * a flush of megabytes costs several times their size; here they go to the socket as they are.
 */
export function runBinary(client: ClientBase, statement: BinaryStatement): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new BinaryQuery(statement, (error) => (error ? reject(error) : resolve())));
  });
}

/** What `pg` calls while a query of ours is the active one of its connection. */
class BinaryQuery implements Submittable {
  readonly name: string;
  readonly text: string;
  private failure: Error | null = null;

  constructor(
    private readonly statement: BinaryStatement,
    /** `pg` may wrap it, to put a time limit on it. */
    public callback: (error: Error | null) => void,
  ) {
    this.name = statement.name;
    this.text = statement.text;
  }

  submit(plain: Connection): void {
    const connection = plain as unknown as WireConnection;
    const { name, text, values } = this.statement;
    connection.stream.cork();
    try {
      if (connection.parsedStatements[name] === undefined) plain.parse({ name, text, types: [] }, true);
      for (const piece of bindMessage(name, values)) connection.stream.write(piece);
      plain.execute({ portal: '', rows: '0' }, true);
      plain.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}

  handleError(error: Error): void {
    this.failure = error;
    this.callback(error);
  }

  handleReadyForQuery(): void {
    if (this.failure === null) this.callback(null);
  }
}

/** The message Bind (PostgreSQL documentation, "Message Formats") in pieces: header, then length and bytes of each parameter, then the end. */
function bindMessage(name: string, values: readonly Buffer[]): Buffer[] {
  const nameBytes = Buffer.byteLength(name);
  const head = Buffer.allocUnsafe(1 + 4 + 1 + nameBytes + 1 + 2 + 2 + 2);
  const end = Buffer.from([0, 0]);
  const parameterBytes = values.reduce((sum, value) => sum + 4 + value.length, 0);
  let at = head.write('B', 0);
  at = head.writeInt32BE(head.length - 1 + parameterBytes + end.length, at);
  // The unnamed portal, then the statement.
  at = head.writeUInt8(0, at);
  at += head.write(name, at);
  at = head.writeUInt8(0, at);
  at = head.writeInt16BE(1, at);
  at = head.writeInt16BE(BINARY_FORMAT, at);
  head.writeInt16BE(values.length, at);
  const pieces: Buffer[] = [head];
  for (const value of values) {
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(value.length);
    pieces.push(length, value);
  }
  pieces.push(end);
  return pieces;
}
