import { ServerLogger } from './logger.js';

describe.each([true, false])('a line of the log (production: %s)', (production) => {
  const written: string[] = [];

  beforeEach(() => {
    written.length = 0;
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((line) => {
        written.push(String(line));
        return true;
      });
    }
  });
  afterEach(() => jest.restoreAllMocks());

  it('has no secret in its message or stack', () => {
    const logger = new ServerLogger({ logLevel: 'debug', production, redactKeys: ['customer_token'] });
    const secret = 'hunter2-of-ada';
    logger.warn(`refused "Bearer ${secret}"`, 'Writer');
    logger.log(`customer_token=${secret}`);
    logger.error(
      `GET failed for https://u:${secret}@host`,
      `Error: api_key=${secret}\n    at f (file.js:1:2)`,
      'Request',
    );
    jest.restoreAllMocks();
    const lines = written.join('');
    expect(lines).not.toContain(secret);
    expect(lines.match(/\[redacted\]/g)).toHaveLength(4);
    expect(lines).toContain('at f (file.js:1:2)');
  });
});
