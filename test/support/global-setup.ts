import Module from 'node:module';

type Resolve = (request: string, parent: { filename?: string } | undefined, ...rest: unknown[]) => string;

/**
 * Lets Node find `./x.ts` where the sources say `./x.js`. Jest's moduleNameMapper does the same, but only inside tests;
 * this file runs before them.
 */
function resolveSources(): void {
  const loader = Module as unknown as { _resolveFilename: Resolve };
  const resolve = loader._resolveFilename;
  loader._resolveFilename = (request, parent, ...rest) => {
    const isOurs = /^\.{1,2}\/.*\.js$/.test(request) && parent?.filename?.endsWith('.ts') === true;
    return resolve.call(Module, isOurs ? `${request.slice(0, -3)}.ts` : request, parent, ...rest);
  };
}

/** Starts the PostgreSQL of this run, migrates the template of its databases and says in the environment where it is. */
async function globalSetup(): Promise<void> {
  resolveSources();
  const { startTestPostgres } = await import('./postgres.js');
  await startTestPostgres();
}

export { globalSetup as default };
