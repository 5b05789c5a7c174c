import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Conflict, InvalidInput, NothingUsable, OverCapacity, Unavailable } from '../domain/errors.js';
import { ThreadCalls } from './thread-calls.js';

describe('calls between threads', () => {
  let ports: MessagePort[];
  let here: ThreadCalls;
  let there: ThreadCalls;

  beforeEach(() => {
    const { port1, port2 } = new MessageChannel();
    ports = [port1, port2];
    here = new ThreadCalls(port1);
    there = new ThreadCalls(port2);
  });

  afterEach(() => ports.forEach((port) => port.close()));

  it('answer each call with its own result, in both directions and whatever the order of the answers', async () => {
    let release = (): void => undefined;
    const first = new Promise<void>((resolve) => (release = resolve));
    there.handle('Echo', async (method, [value]) => {
      if (value === 1) await first;
      else release();
      return `${method} ${String(value)}`;
    });
    here.handle('Back', (_, args) => args.length);
    expect(await Promise.all([here.call('Echo', 'say', [1]), here.call('Echo', 'shout', [2])])).toEqual([
      'say 1',
      'shout 2',
    ]);
    expect(await there.call('Back', 'count', ['a', 'b'])).toBe(2);
  });

  it('copy maps, big integers and absent fields as they are', async () => {
    there.handle('Echo', (_, [value]) => value);
    const value = { metadata: new Map([['__proto__', '1']]), n: 2n ** 63n, absent: undefined };
    expect(await here.call('Echo', 'say', [value])).toEqual(value);
  });

  it('move a large body instead of copying it, and copy a small one, which shares its memory', async () => {
    there.handle('Body', (_, [body]) => Buffer.isBuffer(body) && body.toString('latin1', 0, 3) + body.length);
    const large = Buffer.alloc(100_000, 'abc');
    const small = Buffer.from('xyz');
    expect(await here.call('Body', 'take', [large])).toBe('abc100000');
    expect(await here.call('Body', 'take', [small])).toBe('xyz3');
    expect(large).toHaveLength(0);
    expect(small.toString()).toBe('xyz');
  });

  it.each([
    new InvalidInput('name is wrong', 'name'),
    new Conflict('taken'),
    new OverCapacity('full', 7),
    new NothingUsable('no span', 'spans[0]', [{ index: 0, code: 'INVALID_FIELD', message: 'm' }]),
  ])('keep class and fields of $name', async (error) => {
    there.handle('Fail', () => Promise.reject(error));
    const caught: unknown = await here.call('Fail', 'now', []).catch((reason: unknown) => reason);
    expect(caught).toBeInstanceOf(error.constructor);
    expect({ ...(caught as object) }).toEqual({ ...error });
    expect(caught).toMatchObject({ message: error.message, name: error.name, stack: error.stack });
  });

  it('make a plain error of any other one, and of a service that is not there', async () => {
    there.handle('Fail', () => Promise.reject(new RangeError('odd')));
    await expect(here.call('Fail', 'now', [])).rejects.toThrow(new Error('odd'));
    await expect(here.call('Nobody', 'now', [])).rejects.toThrow('there is no Nobody in this thread');
  });

  it('reject what cannot be cloned, and leave no call open for it', async () => {
    await expect(here.call('Echo', 'say', [() => 1])).rejects.toThrow('could not be cloned');
  });

  it('reject all open calls when the other side is gone', async () => {
    there.handle('Never', () => new Promise(() => undefined));
    const calls = [here.call('Never', 'a', []), here.call('Never', 'b', [])];
    here.abandon(new Unavailable('gone'));
    expect((await Promise.allSettled(calls)).map((call) => (call as PromiseRejectedResult).reason.name)).toEqual([
      'Unavailable',
      'Unavailable',
    ]);
  });
});
