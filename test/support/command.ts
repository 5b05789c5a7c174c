import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT, type RunningServer, observe } from './server-process.js';

const ENTRY = join(process.env.XTRACE_TEST_DIST ?? join(PROJECT_ROOT, 'dist'), 'src/cli/main.js');

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built command line, with `input` to read if given; nothing of the caller's environment gets in. */
export function spawnCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
): RunningServer {
  const binDir = process.env.XTRACE_TEST_POSTGRES_BIN;
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd: tmpdir(),
    env: {
      PATH: process.env.PATH,
      BIND_ADDR: '127.0.0.1:0',
      ...(binDir === undefined ? {} : { EMBEDDED_POSTGRES_BIN: binDir }),
      ...env,
    },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  return observe(child, env['XTRACE_DATA_DIR'] ?? '');
}

/** Runs the built command line to its end. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const command = spawnCommand(args, env);
  const { code } = await command.exited;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}
