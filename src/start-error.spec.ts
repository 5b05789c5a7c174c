import { describeStartError } from './start-error.js';

describe('what a start says about its database', () => {
  const database = { host: 'db.example.com', port: 6432, user: 'ada', password: 'geheim', database: 'app' };

  it('names the setting of a pooler that refuses a limit', () => {
    const refusal = Object.assign(new Error('unsupported startup parameter: statement_timeout'), { code: '08P01' });
    const lines = describeStartError(refusal, { database });
    expect(lines).toEqual([
      expect.stringMatching(/db\.example\.com:6432.* add statement_timeout to ignore_startup_parameters/),
    ]);
    expect(lines[0]).not.toContain('geheim');
  });
});
