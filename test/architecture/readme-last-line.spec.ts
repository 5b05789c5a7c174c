import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../support/server-process.js';

/** One run: what Jest's `--json` wrote, if anything, and its exit code. */
type Run = readonly [report: object | null, exitCode: number];

/** The last line of `npm test` after `runs`. In a process of its own: an ES module, which Jest cannot import. */
function lastLineOf(...runs: Run[]): string {
  const program = `
    import { lastLine, tally } from ${JSON.stringify(join(PROJECT_ROOT, 'test/support/summary.mjs'))};
    const runs = JSON.parse(process.argv[1]);
    console.log(lastLine(runs.map(([report, exitCode]) => tally(report ?? undefined, exitCode))));`;
  const args = ['--input-type=module', '-e', program, JSON.stringify(runs)];
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
}

/** A report with one spec file of these tests. */
function report(passed: number, failed: number, status = failed > 0 ? 'failed' : 'passed'): object {
  const statuses = [...Array<string>(passed).fill('passed'), ...Array<string>(failed).fill('failed')];
  return {
    numTotalTests: passed + failed,
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [{ status, assertionResults: statuses.map((status) => ({ status })) }],
  };
}

describe('the last line of npm test', () => {
  it('adds up the tests of all runs', () => {
    expect(lastLineOf([report(3, 0), 0], [report(4, 2), 1])).toBe('7 passed, 2 failed');
  });

  it.each<[string, Run]>([
    ['a spec file that could not be loaded', [report(0, 0, 'failed'), 1]],
    ['a run without any test', [{ ...report(0, 0), testResults: [] }, 0]],
    ['a run without a report', [null, 1]],
    ['a run without a report that says it went well', [null, 0]],
  ])('counts %s as one failure', (_, run) => {
    expect(lastLineOf([report(3, 0), 0], run)).toBe('3 passed, 1 failed');
  });

  it('counts a spec file whose tests passed but which could not be torn down', () => {
    expect(lastLineOf([report(3, 0, 'failed'), 1])).toBe('3 passed, 1 failed');
  });

  it('counts an exit code that nothing explains', () => {
    expect(lastLineOf([report(3, 0), 1])).toBe('3 passed, 1 failed');
  });
});
