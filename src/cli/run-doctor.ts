import { VERSION } from '../http/version.js';
import { runCommand } from './database-command.js';
import { hasFailed, renderChecks } from './doctor/check.js';
import { examine } from './doctor/doctor.js';

export interface DoctorCommandOptions {
  readonly json?: true;
}

/** `xtrace doctor`. */
export async function runDoctor(options: DoctorCommandOptions): Promise<void> {
  await runCommand('check', async (context) => {
    const checks = await examine(context);
    const isFine = !hasFailed(checks);
    if (options.json) console.log(JSON.stringify({ ok: isFine, version: VERSION, checks }, null, 2));
    else for (const line of renderChecks(checks)) console.log(line);
    if (!isFine) process.exitCode = 1;
  });
}
