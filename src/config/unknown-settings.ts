import { SETTINGS } from './config.js';
import type { Environment, Setting } from './setting.js';

/**
 * One warning per XTRACE_* variable that is none of ours, most often a typing error, and per LANGFUSE_INIT_* variable
 * that means nothing here: both would otherwise have no effect in silence.
 */
export function unknownSettings(env: Environment = process.env): string[] {
  const known = Object.values(SETTINGS).flatMap((setting: Setting<unknown>) => [
    setting.name,
    ...(setting.aliases ?? []),
  ]);
  return Object.keys(env)
    .filter((name) => /^(?:XTRACE|LANGFUSE_INIT)_/.test(name) && !known.includes(name))
    .map((name) => `${name} is not a setting of xtrace and has no effect; .env.example lists all settings`);
}
