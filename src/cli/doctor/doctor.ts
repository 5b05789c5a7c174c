import { type Config, ConfigError } from '../../config/config.js';
import { unknownSettings } from '../../config/unknown-settings.js';
import { describeConnection } from '../../config/database-connection.js';
import { findCluster } from '../../embedded-postgres/placement.js';
import { ENGINES_NODE } from '../../http/version.js';
import { describeStartError } from '../../start-error.js';
import { readDatabaseFacts } from '../../storage/database-facts.js';
import { type CommandContext } from '../database-command.js';
import { formatBytes } from '../progress.js';
import { type Check, failure, ok, skipped, warning } from './check.js';
import { checkCredentials, checkDisk, checkNode, checkPort } from './host-checks.js';
import { judgeDatabase } from './judge-database.js';

/**
 * Looks at all that a start depends on. Makes and changes nothing; a private PostgreSQL that is stopped is started for
 * the time of the checks, and one that does not exist is not made.
 */
export async function examine(context: CommandContext): Promise<Check[]> {
  const node = checkNode(process.versions.node, ENGINES_NODE);
  const settings = checkSettings(context);
  const config = settings.config;
  if (config === undefined) return [node, ...settings.checks];
  return [
    node,
    ...settings.checks,
    ...checkCredentials(config),
    await checkPort(config),
    ...(await checkDatabase(context, config)),
  ];
}

function checkSettings(context: CommandContext): { config?: Config; checks: Check[] } {
  let config: Config;
  try {
    config = context.config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map((problem) => failure('settings', problem, '.env.example lists all settings'));
    return { checks: [...problems, skipped('database', 'the settings come first')] };
  }
  const unknown = unknownSettings().map((line) => {
    const [found = line, next = ''] = line.split('; ');
    return warning('settings', found, next);
  });
  return { config, checks: unknown.length > 0 ? unknown : [ok('settings', 'all readable')] };
}

async function checkDatabase(context: CommandContext, config: Config): Promise<Check[]> {
  const isPrivate = config.databaseUrl === undefined;
  const clusterDir = isPrivate ? findCluster(config.dataDir) : undefined;
  if (isPrivate && clusterDir === undefined)
    return [skipped('database', `none yet in ${config.dataDir}; the first start makes it`)];
  const disk = clusterDir === undefined ? undefined : await checkDisk(clusterDir);
  try {
    const database = await context.database();
    const facts = await readDatabaseFacts(database);
    const found = `${describeConnection(database)}, ${formatBytes(facts.databaseBytes)}`;
    return [
      ok('database', `${found}${facts.serverConnections > 0 ? '; a server of xtrace is connected' : ''}`),
      ...(disk ?? [skipped('disk', 'that of your PostgreSQL cannot be seen from here')]),
      ...judgeDatabase(facts, config, Date.now()),
    ];
  } catch (error) {
    const database = context.connection;
    const lines = describeStartError(error, { config, ...(database === undefined ? {} : { database }) });
    return [
      ...lines.map((line) => failure('database', line, 'without it nothing else of it can be checked')),
      ...(disk ?? []),
    ];
  }
}
