import { type ClientBase, type Connection, Query } from 'pg';
import { type Duplex } from 'node:stream';
import { CopyWriter } from './copy-writer.js';

/** A statement, prepared under its name once per connection. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
}

/** A statement whose result is not wanted and whose parameters are all in PostgreSQL's binary format. */
export interface BinaryStatement extends NamedStatement {
  readonly values: readonly Buffer[];
}

/** What of `pg`'s connection its types leave out. */
interface WireConnection extends Omit<Connection, 'stream'> {
  readonly stream: Duplex;
  /** Text of every prepared statement, by name. */
  readonly parsedStatements: Record<string, string | undefined>;
  close(statement: { type: 'S'; name: string }, more: boolean): void;
}

const BINARY_FORMAT = 1;
/** The messages CopyDone and CopyFail (its reason is shown to nobody: whoever gives up has an error of its own). */
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);
const COPY_FAIL = Buffer.from([0x66, 0, 0, 0, 5, 0]);

/**
 * Statements that go to PostgreSQL one behind the other without waiting for each answer. Each starts as soon as its
 * parameters have arrived, while the caller still encodes the next. The first that fails is the last that runs.
 *
 * `pg` would copy parameters into one message that it grows step by step, which for a flush of megabytes costs several
 * times their size; here they go to the socket as they are.
 */
export class StatementBatch {
  private readonly query = new BatchQuery();

  /**
   * Runs what `fill` adds; resolves when all of it has run. Rejects with what `fill` throws, else with the error of the
   * statement that failed.
   */
  static async run(client: ClientBase, fill: (batch: StatementBatch) => void): Promise<void> {
    const batch = new StatementBatch();
    const answer = new Promise<void>((resolve, reject) => {
      batch.query.callback = (error) => (error ? reject(error) : resolve());
    });
    client.query(batch.query);
    try {
      fill(batch);
    } catch (error) {
      batch.query.finish();
      await answer.catch(() => undefined);
      throw error;
    }
    batch.query.finish();
    await answer;
  }

  private constructor() {}

  add(statement: BinaryStatement): void {
    this.query.send(statement);
  }

  /** Runs `COPY … FROM STDIN (FORMAT binary)` with the rows that `write` writes. */
  copy(statement: NamedStatement, write: (writer: CopyWriter) => void): void {
    this.query.send({ ...statement, values: [] });
    const writer = new CopyWriter((message) => this.query.write(message));
    try {
      write(writer);
      writer.end();
    } catch (error) {
      this.query.write(COPY_FAIL);
      throw error;
    }
    this.query.write(COPY_DONE);
  }
}

/** What `pg` calls while a query of ours is the active one of its connection. In pipeline mode it takes none but its own class. */
class BatchQuery extends Query {
  private connection: WireConnection | undefined;
  /** What came before the connection was free. */
  private readonly waiting: (BinaryStatement | Buffer)[] = [];
  /** Statements that are prepared if nothing fails. */
  private readonly prepared: NamedStatement[] = [];
  private isFinished = false;
  private failure: Error | null = null;

  /** `pg` may wrap it, to put a time limit on it. */
  callback: (error: Error | null) => void = () => undefined;

  constructor() {
    super('');
  }

  override submit = (connection: Connection): void => {
    this.connection = connection as unknown as WireConnection;
    for (const one of this.waiting.splice(0)) {
      if (Buffer.isBuffer(one)) this.write(one);
      else this.send(one);
    }
    if (this.isFinished) this.finish();
  };

  send(statement: BinaryStatement): void {
    const { connection } = this;
    if (connection === undefined) {
      this.waiting.push(statement);
      return;
    }
    const { name, text, values } = statement;
    connection.stream.cork();
    try {
      if (connection.parsedStatements[name] === undefined && !this.prepared.some((known) => known.name === name)) {
        // A batch that failed may have left it behind; closing what is not there is no error.
        connection.close({ type: 'S', name }, true);
        connection.parse({ name, text, types: [] }, true);
        this.prepared.push(statement);
      }
      for (const piece of bindMessage(name, values)) connection.stream.write(piece);
      connection.execute({ portal: '', rows: '0' }, true);
    } finally {
      connection.stream.uncork();
    }
  }

  /** Sends a whole message. */
  write(message: Buffer): void {
    if (this.connection === undefined) this.waiting.push(message);
    else this.connection.stream.write(message);
  }

  finish(): void {
    this.isFinished = true;
    this.connection?.sync();
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}

  handleError(error: Error): void {
    this.failure = error;
    this.callback(error);
  }

  handleReadyForQuery(): void {
    if (this.failure !== null) return;
    for (const { name, text } of this.prepared) this.connection!.parsedStatements[name] = text;
    this.callback(null);
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
