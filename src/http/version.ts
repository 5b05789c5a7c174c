import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly engines: { readonly node: string };
}

/** The package.json of xtrace: two folders up in the sources, three in the build, so it is looked for by name. */
function readManifest(): Manifest {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
      if (manifest.name === 'xtrace') return manifest;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    if (folder === dirname(folder)) throw new Error('the package.json of xtrace is missing');
  }
}

const manifest = readManifest();

/** Version and description as released. */
export const { version: VERSION, description: DESCRIPTION } = manifest;

/** The Node versions that it runs on, as `>=20.19`. */
export const ENGINES_NODE = manifest.engines.node;
