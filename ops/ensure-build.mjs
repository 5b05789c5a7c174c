// Builds dist/ if it is missing or older than what it is made of. Runs before `npm start` and `npm run migrate`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const entry = join(root, 'dist/src/main.js');
const sources = ['src', 'migrations', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];
/** Built by their own tools, or not part of the build. */
const isOutside = (path) => /\/src\/(ui|client)$/.test(path) || path.endsWith('.spec.ts');

/** Folders count too: they change when a file in them is removed or renamed. */
function newestMs(path) {
  if (!existsSync(path) || isOutside(path)) return 0;
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

function nestCommand() {
  try {
    const manifest = createRequire(import.meta.url).resolve('@nestjs/cli/package.json');
    return join(dirname(manifest), 'bin', 'nest.js');
  } catch {
    return undefined;
  }
}

const isBuilt = existsSync(entry);
const isOutdated = isBuilt && Math.max(...sources.map((name) => newestMs(join(root, name)))) > statSync(entry).mtimeMs;
if (!isBuilt || isOutdated) {
  const nest = nestCommand();
  if (nest !== undefined) {
    console.log(isBuilt ? 'The sources are newer than dist/: building' : 'Building dist/ (once)');
    const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: root, stdio: 'inherit' });
    if (status !== 0) {
      // The compiler writes its output in spite of type errors; the next start must not take that for a build.
      rmSync(entry, { force: true });
      process.exit(status ?? 1);
    }
  } else if (isBuilt) {
    console.warn('The sources are newer than dist/, but the build tools are not installed: starting dist/ as it is.');
  } else {
    console.error(
      'There is no dist/, and the build tools are not installed (npm ci --omit=dev).\n' +
        'Either run "npm ci && npm run build" here, or copy a dist/ that was built elsewhere.',
    );
    process.exit(1);
  }
}
