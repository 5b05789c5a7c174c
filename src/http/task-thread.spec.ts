import { OverCapacity, Unavailable } from '../domain/errors.js';
import { TaskGivenUp, TaskThread } from './task-thread.js';

/** A thread that does what it is told and counts its tasks. */
const THREAD = `
import { parentPort } from 'node:worker_threads';
let count = 0;
parentPort.on('message', (told) => {
  count += 1;
  if (told === 'hang') for (;;) {}
  if (told === 'fill') { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); }
  if (told === 'throw') throw new Error('as told');
  parentPort.postMessage(told instanceof Uint8Array ? told : String(count));
});
parentPort.postMessage('ready');
`;

class Thread extends TaskThread<unknown, unknown> {
  constructor(script: string) {
    const entry = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
    super({ entry, maxHeapMb: 64, maxWaiting: 100, overCapacity: 'too many wait' });
  }

  tell(told: unknown, moved: readonly ArrayBuffer[] = []): Promise<unknown> {
    return this.run(told, 500, moved);
  }
}

describe('a thread of tasks', () => {
  const thread = new Thread(THREAD);

  it('does one task after the other, in the order they came', async () => {
    expect(await Promise.all([thread.tell('a'), thread.tell('b'), thread.tell('c')])).toEqual(['1', '2', '3']);
  });

  it.each(['hang', 'fill'])(
    'is ended by a task that would %s, and what waited behind it is done by another',
    async (told) => {
      const hanging = thread.tell(told);
      const behind = thread.tell('next');
      await expect(hanging).rejects.toThrow(TaskGivenUp);
      expect(await behind).toBe('1');
    },
  );

  it('that fails is replaced', async () => {
    await expect(thread.tell('throw')).rejects.toThrow('as told');
    expect(await thread.tell('next')).toBe('1');
  });

  it('is given the memory of a task, not a copy', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    expect(await thread.tell(bytes, [bytes.buffer])).toEqual(new Uint8Array([1, 2, 3]));
    expect(bytes).toHaveLength(0);
  });

  it('takes a bounded number of tasks, and none when it stops', async () => {
    const all = Array.from({ length: 150 }, () => thread.tell('x'));
    const settled = await Promise.allSettled(all);
    const refused = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused.length).toBeGreaterThan(40);
    expect(refused.every(({ reason }) => reason instanceof OverCapacity)).toBe(true);
    await thread.onApplicationShutdown();
    await expect(thread.tell('late')).rejects.toThrow(Unavailable);
  });

  it('says when it cannot start', async () => {
    await expect(new Thread('throw new Error("broken")').tell('x')).rejects.toThrow('broken');
  });
});
