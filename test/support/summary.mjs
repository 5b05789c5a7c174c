/**
 * What one Jest run proved.
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 */

/**
 * Counts the tests of one Jest run from what `--json` wrote. What kept tests from running counts as one failure each:
 * a spec file that could not be loaded or torn down, a run without any test or without a report, an exit code that the
 * report does not explain.
 * @param {{ numTotalTests: number, numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: { status: string, assertionResults: { status: string }[] }[] } | undefined} report
 * @param {number} exitCode
 * @returns {Tally}
 */
export function tally(report, exitCode) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const { numTotalTests, numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = report;
  const hasFailedTest = ({ assertionResults }) => assertionResults.some(({ status }) => status === 'failed');
  const brokenFiles = testResults.filter((file) => file.status === 'failed' && !hasFailedTest(file)).length;
  let failed = numFailedTests + brokenFiles;
  if (failed === 0 && (numTotalTests === 0 || exitCode !== 0)) failed = 1;
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests };
}

/**
 * The last line of a run.
 * @param {readonly Tally[]} tallies
 */
export function lastLine(tallies) {
  const sum = (key) => tallies.reduce((total, one) => total + one[key], 0);
  return `${sum('passed')} passed, ${sum('failed')} failed`;
}
