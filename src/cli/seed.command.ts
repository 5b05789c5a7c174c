import { type Command } from 'commander';
import { type SeedCommandOptions } from '../seed/options.js';

export function defineSeed(program: Command): void {
  program
    .command('seed')
    .summary('fill a running server with a believable week of data')
    .description(
      'Writes traces of chats and agents, with their sessions, failures and costs, and the time series of the GPUs behind ' +
        'them, through the public API of a running server. The same seed gives the same data: a second run changes nothing.',
    )
    .option('--url <url>', 'server to write to (default: where BIND_ADDR says)')
    .option(
      '--token <token>',
      'its API token (default: API_BEARER_TOKEN, else what the server keeps in XTRACE_DATA_DIR)',
    )
    .option('--days <n>', 'length of the time to fill, 1 to 28 (default: 7)')
    .option('--scale <x>', 'how much of it, 0.01 to 100; 1 is about 4,000 traces a week (default: 1)')
    .option('--seed <text>', 'another text gives other data (default: xtrace)')
    .option('--now <time>', 'end of the time to fill, ISO 8601 with a zone (default: this moment)')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx xtrace seed\n  $ npx xtrace seed --days 2 --scale 0.1 --url http://127.0.0.1:8742',
    )
    .action(async (options: SeedCommandOptions) => {
      const { runSeed } = await import('./run-seed.js');
      await runSeed(options);
    });
}
