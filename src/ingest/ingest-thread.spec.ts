import { Logger } from '@nestjs/common';
import { parseConfig } from '../config/config.js';
import { Unavailable } from '../domain/errors.js';
import { type IngestHost } from './ingest-host.js';
import { IngestThread } from './ingest-thread.js';

/** A thread that speaks the protocol and offers `Service.say`, which ends it when told to. */
const THREAD = `
import { parentPort, workerData } from 'node:worker_threads';
const tell = (method, args) => parentPort.postMessage({ kind: 'call', id: 1, service: 'host', method, args });
parentPort.on('message', ({ kind, id, service, method, args }) => {
  if (kind !== 'call') return;
  if (args[0] === 'die') throw new Error('as told');
  if (args[0] === 'partitions') tell('ensurePartitions', ['traces']);
  parentPort.postMessage({ kind: 'answer', id, value: [service, method, ...args] });
  if (method === 'stop') parentPort.close();
});
tell('reportQuarantine', [1]);
if (workerData.config.defaultProjectId === 'broken') throw new Error('cannot start');
tell('started', []);
`;
const ENTRY = new URL(`data:text/javascript,${encodeURIComponent(THREAD)}`);
const DATABASE = { host: 'localhost', port: 1, user: 'u', database: 'd' };

class Service {
  say(_word: string): Promise<unknown> {
    throw new Error('called here instead of there');
  }

  onApplicationShutdown(): void {
    throw new Error('called here instead of there');
  }
}

describe('the writing thread', () => {
  const asked: unknown[] = [];
  let launches = 0;
  const host: IngestHost = {
    ensurePartitions: (queue) => Promise.resolve(void asked.push(queue)),
    reportFlush: () => undefined,
    reportQuarantine: () => (launches += 1),
  };
  const start = (project = 'default') =>
    IngestThread.start({
      entry: ENTRY,
      config: parseConfig({ DEFAULT_PROJECT_ID: project }),
      database: DATABASE,
      host,
    });

  beforeEach(() => Logger.overrideLogger(false));

  it('runs the methods of a service, asks its host, and ends when it is told to', async () => {
    const thread = await start();
    const service = thread.remote(Service);
    expect(Object.keys(service)).toEqual(['say']);
    expect(await service.say('partitions')).toEqual(['Service', 'say', 'partitions']);
    expect(asked).toEqual(['traces']);
    expect(thread.activeMs).toBeGreaterThan(0);
    await thread.onApplicationShutdown();
    await expect(service.say('late')).rejects.toBeInstanceOf(Unavailable);
  });

  it('is replaced when it dies: what it had to answer fails as retryable, and so does what comes meanwhile', async () => {
    const thread = await start();
    const service = thread.remote(Service);
    await expect(service.say('die')).rejects.toBeInstanceOf(Unavailable);
    await expect(service.say('too early')).rejects.toBeInstanceOf(Unavailable);
    let answer: unknown;
    while (answer === undefined) {
      answer = await service.say('again').catch(() => new Promise((resolve) => setImmediate(resolve)));
    }
    expect(answer).toEqual(['Service', 'say', 'again']);
    await thread.onApplicationShutdown();
  });

  it('is not replaced any more once the server stops', async () => {
    launches = 0;
    const thread = await start();
    await expect(thread.remote(Service).say('die')).rejects.toBeInstanceOf(Unavailable);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance'] });
    try {
      const stopped = thread.onApplicationShutdown();
      await jest.advanceTimersByTimeAsync(60_000);
      await stopped;
    } finally {
      jest.useRealTimers();
    }
    // One that was launched before it says so before it.
    const other = await start();
    await other.onApplicationShutdown();
    expect(launches).toBe(2);
  });

  it('that cannot start says why', async () => {
    await expect(start('broken')).rejects.toThrow('cannot start');
  });
});
