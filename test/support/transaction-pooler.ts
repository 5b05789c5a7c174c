import { type AddressInfo, type Socket, createServer } from 'node:net';

export interface TransactionPooler {
  readonly port: number;
  stop(): Promise<void>;
}

interface Turn {
  readonly client: Socket;
  readonly message: Buffer;
}

/**
 * The least of a connection pooler in transaction mode: all clients share one connection to PostgreSQL, which is given
 * to the next of them whenever no transaction is open. Simple and extended queries, no TLS, no cancel requests.
 */
export async function startTransactionPooler(connectToPostgres: () => Socket): Promise<TransactionPooler> {
  const postgres = connectToPostgres();
  const sockets = new Set<Socket>([postgres]);
  const waiting: Turn[] = [];
  let greeting: Buffer | undefined;
  let isGreeting = false;
  const greeted: Socket[] = [];
  let owner: Socket | undefined;
  let inbox: Buffer = Buffer.alloc(0);

  const next = (): void => {
    while (waiting.length > 0) {
      const index = owner === undefined ? 0 : waiting.findIndex(({ client }) => client === owner);
      if (index < 0) return;
      const [turn] = waiting.splice(index, 1);
      owner = turn!.client;
      postgres.write(turn!.message);
    }
  };

  postgres.on('data', (data: Buffer) => {
    inbox = Buffer.concat([inbox, data]);
    for (;;) {
      const length = inbox.length < 5 ? Infinity : inbox.readUInt32BE(1) + 1;
      if (inbox.length < length) return;
      const message = Buffer.from(inbox.subarray(0, length));
      inbox = inbox.subarray(length);
      const isReady = message[0] === 0x5a;
      if (isGreeting) {
        greeting = Buffer.concat([greeting ?? Buffer.alloc(0), message]);
        if (!isReady) continue;
        isGreeting = false;
        for (const client of greeted.splice(0)) client.write(greeting);
        continue;
      }
      owner?.write(message);
      // ReadyForQuery outside a transaction: the connection is free.
      if (isReady && message[5] === 0x49) {
        owner = undefined;
        next();
      }
    }
  });

  const server = createServer((client) => {
    sockets.add(client);
    let hasStarted = false;
    let outbox: Buffer = Buffer.alloc(0);
    client.on('error', () => undefined);
    client.on('data', (data: Buffer) => {
      outbox = Buffer.concat([outbox, data]);
      for (;;) {
        const head = hasStarted ? 1 : 0;
        const length = outbox.length < head + 4 ? Infinity : outbox.readUInt32BE(head) + head;
        if (outbox.length < length) return;
        const message = Buffer.from(outbox.subarray(0, length));
        outbox = outbox.subarray(length);
        if (!hasStarted) {
          hasStarted = true;
          if (greeting !== undefined && !isGreeting) client.write(greeting);
          else {
            greeted.push(client);
            if (!isGreeting) postgres.write(message);
            isGreeting = true;
          }
        } else if (message[0] === 0x58) {
          // Terminate ends this client's connection and no other.
          client.end();
        } else {
          waiting.push({ client, message });
          next();
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
