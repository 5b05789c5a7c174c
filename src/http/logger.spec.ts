import { Logger } from '@nestjs/common';
import { type Config } from '../config/config.js';
import { logsJson, ServerLogger } from './logger.js';

type Settings = Pick<Config, 'logLevel' | 'logFormat' | 'production' | 'redactKeys'>;
const DEFAULTS: Settings = { logLevel: 'info', logFormat: 'json', production: false, redactKeys: [] };

/** What `write` prints, by stream. */
function printed(write: () => void): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    jest.spyOn(process[stream], 'write').mockImplementation((text) => {
      output[stream] += String(text);
      return true;
    }),
  );
  try {
    write();
  } finally {
    spies.forEach((spy) => spy.mockRestore());
  }
  return output;
}

describe('the format of the log', () => {
  test.each([
    ['auto', true, true],
    ['auto', false, false],
    ['json', false, true],
    ['text', true, false],
  ] as const)('%s, in production %p: JSON %p', (logFormat, production, isJson) => {
    expect(logsJson({ logFormat, production })).toBe(isJson);
  });
});

describe('a line in JSON', () => {
  const logger = new ServerLogger(DEFAULTS);

  test('has time, level, message and context, and fields beside them', () => {
    const { stdout } = printed(() => logger.log('hello', { requestId: 'r-1', items: 3 }, 'Request'));
    expect(stdout).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(stdout)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'info',
      pid: process.pid,
      message: 'hello',
      context: 'Request',
      requestId: 'r-1',
      items: 3,
    });
  });

  test('stays one line whatever is in it, and no field takes the place of another', () => {
    const { stdout } = printed(() => logger.warn('a\nb "c"', { level: 'info', message: 'no' }, 'X'));
    expect(stdout.match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ level: 'warn', message: 'a\nb "c"' });
  });

  test('has the stack of an error in it', () => {
    Logger.overrideLogger(logger);
    const { stdout, stderr } = printed(() =>
      new Logger('Request').error('GET /x failed', new Error('boom').stack, { requestId: 'r-2' }),
    );
    Logger.overrideLogger(false);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toMatchObject({
      level: 'error',
      message: 'GET /x failed',
      context: 'Request',
      requestId: 'r-2',
      stack: expect.stringContaining('logger.spec'),
    });
  });

  test('comes from the process itself as well, whatever the level', () => {
    const quiet = new ServerLogger({ ...DEFAULTS, logLevel: 'error' });
    const { stdout, stderr } = printed(() => {
      quiet.announce('xtrace is ready on http://x');
      quiet.announce('cannot', 'error');
      quiet.log('unheard');
    });
    expect(JSON.parse(stdout)).toMatchObject({ level: 'info', message: 'xtrace is ready on http://x' });
    expect(JSON.parse(stderr)).toMatchObject({ level: 'error', message: 'cannot' });
  });
});

describe('a readable line', () => {
  const logger = new ServerLogger({ ...DEFAULTS, logFormat: 'text' });

  test('shows fields after the message, and no colours where there is no terminal', () => {
    const { stdout } = printed(() => logger.warn('refused', { requestId: 'r-3' }, 'Request'));
    expect(stdout).toContain("[Request] refused { requestId: 'r-3' }\n");
    expect(stdout).not.toContain('\u001b');
  });

  test('of the process itself is bare', () => {
    expect(printed(() => logger.announce('xtrace is ready on http://x'))).toEqual({
      stdout: 'xtrace is ready on http://x\n',
      stderr: '',
    });
  });
});

describe.each(['json', 'text'] as const)('a line of the log in %s', (logFormat) => {
  test('has no secret in its message or stack', () => {
    const logger = new ServerLogger({ ...DEFAULTS, logLevel: 'debug', logFormat, redactKeys: ['customer_token'] });
    const secret = 'hunter2-of-ada';
    const { stdout, stderr } = printed(() => {
      logger.warn(`refused "Bearer ${secret}"`, 'Writer');
      logger.log(`customer_token=${secret}`);
      logger.error(
        `GET failed for https://u:${secret}@host`,
        `Error: api_key=${secret}\n    at f (file.js:1:2)`,
        'Request',
      );
      logger.announce(`cannot reach postgres://u:${secret}@host`, 'error');
    });
    expect(stdout + stderr).not.toContain(secret);
    expect((stdout + stderr).match(/\[redacted\]/g)).toHaveLength(5);
    expect(stderr).toContain('at f (file.js:1:2)');
  });
});
