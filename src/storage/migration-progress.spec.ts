import { MigrationProgress } from './migration-progress.js';

describe('the progress of an upgrade of the tables', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('names the step that takes long, every ten seconds, and says when it is over', () => {
    const lines: string[] = [];
    const progress = new MigrationProgress('waiting', (line) => lines.push(line));
    progress.begin('step 1 of 2');
    jest.advanceTimersByTime(900);
    progress.begin('step 2 of 2');
    jest.advanceTimersByTime(21_000);
    progress.end('done');
    jest.advanceTimersByTime(60_000);
    expect(lines).toEqual([
      'step 2 of 2, 1 s so far',
      'step 2 of 2, 11 s so far',
      'step 2 of 2, 21 s so far',
      'done after 22 s',
    ]);
  });

  it('says nothing of what is soon over', () => {
    const lines: string[] = [];
    const progress = new MigrationProgress('waiting', (line) => lines.push(line));
    jest.advanceTimersByTime(900);
    progress.end('done');
    jest.advanceTimersByTime(60_000);
    expect(lines).toEqual([]);
  });
});
