import { ConfigError } from '../config/config.js';
import { CredentialsError } from '../config/credentials.js';
import { readOptions, type SeedCommandOptions } from '../seed/options.js';
import { Progress } from '../seed/progress.js';
import { seed, type Summary } from '../seed/seed.js';
import { SeedError, SeedOptionError } from '../seed/seed-error.js';
import { USAGE_EXIT_CODE, USAGE_HINT } from './usage-error.js';

/** `xtrace seed`: fills a running server with a believable week of data and ends. */
export async function runSeed(commandOptions: SeedCommandOptions): Promise<void> {
  const progress = new Progress(process.stderr, (line) => console.log(line));
  try {
    const options = readOptions(commandOptions, Date.now());
    const { url, days } = options;
    console.log(`filling ${days === 1 ? 'the last day' : `the last ${days} days`} at ${url}`);
    const summary = await seed({ ...options, onProgress: (done, total) => progress.update(done, total) });
    progress.stop();
    console.log(describe(summary));
  } catch (error) {
    progress.stop();
    const isExpected = error instanceof SeedError || error instanceof ConfigError || error instanceof CredentialsError;
    console.error('xtrace cannot seed:', isExpected ? error.message : error);
    const isUsage = error instanceof SeedOptionError;
    if (isUsage) console.error(USAGE_HINT);
    process.exitCode = isUsage ? USAGE_EXIT_CODE : 1;
  }
}

function describe(summary: Summary): string {
  const count = (value: number) => value.toLocaleString('en-US');
  const { traceCount, observationCount, sessionCount, pointCount, seriesCount, retryCount, durationMs } = summary;
  const retried = retryCount === 0 ? '' : `, ${count(retryCount)} requests sent again`;
  return (
    `wrote ${count(traceCount)} traces with ${count(observationCount)} observations in ${count(sessionCount)} sessions, ` +
    `${count(pointCount)} points of ${count(seriesCount)} series in ${(durationMs / 1000).toFixed(1)} s${retried}`
  );
}
