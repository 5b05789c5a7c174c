import { type Command } from 'commander';
import { type RepriceOptions } from './run-reprice.js';

export function defineReprice(program: Command): void {
  program
    .command('reprice')
    .summary('bring stored costs to the prices of today')
    .description(
      'Shows what stored model calls would cost by the prices of today, the own ones of the project and the list of this ' +
        'version, and with --apply changes their costs and every sum that they are in. Costs that clients stated stay as ' +
        'they are. Works on the database of the settings, while the server runs and while it does not.\n\n' +
        'What has the right cost is not written, so that a run that was cut short may be started again.',
    )
    .option('--apply', 'change the costs (default: only show what would change)')
    .option('--project <id>', 'whose calls (default: DEFAULT_PROJECT_ID)')
    .option(
      '--from <when>',
      'traces from then on: days back such as 90d, or an ISO 8601 time with a zone (default: 30 days before --to)',
    )
    .option('--to <when>', 'traces until then, in the same form (default: now)')
    .option('--model <name>', 'calls of this model alone')
    .option('--json', 'print the sums as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx xtrace reprice --from 90d\n  $ npx xtrace reprice --from 90d --model qwen3-32b --apply',
    )
    .action(async (options: RepriceOptions) => {
      const { runReprice } = await import('./run-reprice.js');
      await runReprice(options);
    });
}
