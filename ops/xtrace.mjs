#!/usr/bin/env node
// The command `xtrace`: builds dist/ if that is due, then runs it. What the build prints is no output of the command.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ensureBuild = join(import.meta.dirname, 'ensure-build.mjs');
const { status } = spawnSync(process.execPath, [ensureBuild], { stdio: ['ignore', 2, 2] });
if (status !== 0) process.exit(status ?? 1);
await import('../dist/src/cli/main.js');
