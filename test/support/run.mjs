// `npm run check` (node test/support/run.mjs check): types, lint, format and import rules, all of them whatever fails.
// `npm test` (node test/support/run.mjs): the build, these checks and every project of jest.config.mjs, one after the
// other. Its last line is `N passed, N failed`, written to $TEST_SUMMARY_FILE as well; a failed build or check counts as
// one failure. Ends with exit code 1 when anything failed. What a part leaves running is ended with it.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jestConfig from '../../jest.config.mjs';
import { lastLine, tally } from './summary.mjs';

const root = join(import.meta.dirname, '../..');
/** Lint first: it takes as long as all others together, which run beside it. */
const CHECKS = ['check:lint', 'check:types', 'check:format', 'check:imports'];
const CHECKS_AT_ONCE = 2;
/** A part that takes this long hangs. */
const PART_LIMIT_MS = 10 * 60_000;
/** CI has 20 minutes, installation included; what has not begun or ended by then has failed. */
const DEADLINE_MS = Date.now() + 19 * 60_000;
/** What is left of a part after its end gets this long to end by itself. */
const LEFTOVER_MS = 3000;

/** Process ids of the parts that run, each the leader of its own process group. */
const groups = new Set();

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function endLeftovers(pid) {
  const until = Date.now() + LEFTOVER_MS;
  signalGroup(pid, 'SIGTERM');
  while (signalGroup(pid, 0) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  signalGroup(pid, 'SIGKILL');
  groups.delete(pid);
}

/** Runs a script of package.json. Its output goes to ours, or is kept and given back when `isQuiet`. */
async function runScript(script, args = [], { isQuiet = false } = {}) {
  const begin = Date.now();
  const limitMs = Math.min(PART_LIMIT_MS, DEADLINE_MS - begin);
  if (limitMs <= 0) return { exitCode: 1, text: 'no time is left for it', seconds: 0 };
  const output = isQuiet ? 'pipe' : 'inherit';
  const command = ['run', '--silent', script, ...(args.length > 0 ? ['--', ...args] : [])];
  const child = spawn('npm', command, { cwd: root, stdio: ['ignore', output, output], detached: true });
  groups.add(child.pid);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (part) => (text += part));
  const timer = setTimeout(() => {
    console.error(`${script} has not ended after ${(limitMs / 1000).toFixed(0)} seconds and is ended`);
    signalGroup(child.pid, 'SIGKILL');
  }, limitMs);
  const closed = new Promise((resolve) => child.once('close', resolve));
  const exitCode = await new Promise((resolve) => {
    child.once('error', (error) => {
      text += error.message;
      resolve(1);
    });
    // Not 'close': what a part leaves behind may hold its output open.
    child.once('exit', (code) => resolve(code ?? 1));
  });
  clearTimeout(timer);
  if (child.pid !== undefined) await endLeftovers(child.pid);
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, LEFTOVER_MS))]);
  return { exitCode, text, seconds: (Date.now() - begin) / 1000 };
}

/** A part that is right or wrong as a whole. */
async function runStep(script) {
  const { exitCode, text, seconds } = await runScript(script, [], { isQuiet: true });
  const isGood = exitCode === 0;
  console.log(`\n=== ${script}: ${isGood ? 'good' : 'FAILED'} (${seconds.toFixed(0)} s)`);
  if (!isGood) console.log(text.trim());
  return { name: script, seconds, isStep: true, passed: 0, failed: isGood ? 0 : 1, skipped: 0 };
}

async function runChecks() {
  const waiting = [...CHECKS];
  const results = [];
  const takeTurns = async () => {
    for (let script = waiting.shift(); script !== undefined; script = waiting.shift()) {
      results.push(await runStep(script));
    }
  };
  await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, takeTurns));
  return results;
}

async function runJest(project) {
  const folder = mkdtempSync(join(tmpdir(), 'xtrace-report-'));
  const file = join(folder, 'report.json');
  console.log(`\n=== test:${project}`);
  const { exitCode, seconds } = await runScript(`test:${project}`, ['--json', `--outputFile=${file}`]);
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    console.error(`test:${project} ended with exit code ${exitCode} and left no report`);
  }
  rmSync(folder, { recursive: true });
  return { name: `test:${project}`, seconds, isStep: false, ...tally(report, exitCode) };
}

function printTable(results) {
  console.log(
    `\n${'part'.padEnd(20)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'skipped'.padStart(8)}${'s'.padStart(6)}`,
  );
  for (const { name, seconds, isStep, passed, failed, skipped } of results) {
    const cells = isStep ? ['', failed > 0 ? 'FAILED' : 'good', ''] : [passed, failed, skipped];
    console.log(
      name.padEnd(20) + cells.map((cell) => String(cell).padStart(8)).join('') + seconds.toFixed(0).padStart(6),
    );
  }
}

async function runEverything() {
  const build = await runStep('build');
  const results = [build, ...(await runChecks())];
  if (build.failed === 0) {
    for (const { displayName } of jestConfig.projects) results.push(await runJest(displayName));
  } else {
    console.log('\nThe tests need a build: none of them is run.');
  }
  return results;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const pid of groups) signalGroup(pid, 'SIGTERM');
    setTimeout(() => {
      for (const pid of groups) signalGroup(pid, 'SIGKILL');
      process.exit(1);
    }, LEFTOVER_MS);
  });
}

const isCheck = process.argv[2] === 'check';
const results = isCheck ? await runChecks() : await runEverything();
printTable(results);
if (!isCheck) {
  const line = lastLine(results);
  console.log(`\n${line}`);
  if (process.env.TEST_SUMMARY_FILE) writeFileSync(process.env.TEST_SUMMARY_FILE, `${line}\n`);
}
process.exit(results.some(({ failed }) => failed > 0) ? 1 : 0);
