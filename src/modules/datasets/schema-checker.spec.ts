import { OverCapacity, Unavailable } from '../../domain/errors.js';
import { SchemaChecker, TaskGivenUp } from './schema-checker.js';
import { type SchemaTask } from './schema-task.js';

/** A thread that does what the first schema says and counts its tasks. */
const THREAD = `
import { parentPort } from 'node:worker_threads';
let count = 0;
parentPort.on('message', ({ schemas: [told] }) => {
  count += 1;
  if (told === 'hang') for (;;) {}
  if (told === 'fill') { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); }
  if (told === 'throw') throw new Error('as told');
  parentPort.postMessage({ unusable: { schema: 0, message: String(count) } });
});
parentPort.postMessage('ready');
`;
const ENTRY = new URL(`data:text/javascript,${encodeURIComponent(THREAD)}`);

describe('the thread that checks schemas', () => {
  const checker = new SchemaChecker(ENTRY, 500);
  const tell = (told: string): Promise<string | undefined> => {
    const task: SchemaTask = { schemas: [told], documents: [] };
    return checker.check(task).then((verdict) => verdict.unusable?.message);
  };

  it('does one task after the other, in the order they came', async () => {
    expect(await Promise.all([tell('a'), tell('b'), tell('c')])).toEqual(['1', '2', '3']);
  });

  it.each(['hang', 'fill'])(
    'is ended by a task that would %s, and what waited behind it is done by another',
    async (told) => {
      const hanging = tell(told);
      const behind = tell('next');
      await expect(hanging).rejects.toThrow(TaskGivenUp);
      expect(await behind).toBe('1');
    },
  );

  it('that fails is replaced', async () => {
    await expect(tell('throw')).rejects.toThrow('as told');
    expect(await tell('next')).toBe('1');
  });

  it('takes a bounded number of tasks, and none when it stops', async () => {
    const all = Array.from({ length: 150 }, () => tell('x'));
    const settled = await Promise.allSettled(all);
    const refused = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused.length).toBeGreaterThan(40);
    expect(refused.every(({ reason }) => reason instanceof OverCapacity)).toBe(true);
    await checker.onApplicationShutdown();
    await expect(tell('late')).rejects.toThrow(Unavailable);
  });

  it('says when it cannot start', async () => {
    const broken = new SchemaChecker(new URL('data:text/javascript,throw new Error("broken")'));
    await expect(broken.check({ schemas: [], documents: [] })).rejects.toThrow('broken');
  });
});
