import { readFileSync, readdirSync } from 'node:fs';

/** Every installed package that is ESM only: Jest on Node below 24.9 cannot require() them, so SWC compiles them to CommonJS. */
function esmPackages(root) {
  const names = [];
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const packages = entry.name.startsWith('@')
      ? readdirSync(`${root}/${entry.name}`).map((name) => `${entry.name}/${name}`)
      : [entry.name];
    for (const name of packages) {
      try {
        if (JSON.parse(readFileSync(`${root}/${name}/package.json`, 'utf8')).type === 'module') names.push(name);
      } catch {
        // A folder without a package.json is not a package.
      }
    }
  }
  return names;
}

// The last ones are CommonJS, but load Node's modules with import(), which Jest refuses there and SWC turns into require().
const compiled = [
  ...esmPackages(new URL('./node_modules', import.meta.url).pathname),
  '@opentelemetry/otlp-exporter-base',
  'langfuse-core',
];

const swc = (parser, transform) => [
  '@swc/jest',
  {
    swcrc: false,
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
    jsc: { target: 'es2022', parser, transform, keepClassNames: true },
  },
];

const base = {
  testEnvironment: 'node',
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1', '$1.js'] },
  transform: {
    '^.+\\.ts$': swc(
      { syntax: 'typescript', decorators: true },
      { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    ),
    '/node_modules/.+\\.m?js$': swc({ syntax: 'ecmascript' }),
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:.+/node_modules/)?(?:${compiled.join('|')})/)`],
  modulePathIgnorePatterns: ['<rootDir>/dist'],
};

const withPostgres = {
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

const withDataTemplate = {
  globalSetup: '<rootDir>/test/support/e2e-setup.mjs',
  globalTeardown: '<rootDir>/test/support/e2e-teardown.mjs',
};

export default {
  projects: [
    { ...base, displayName: 'unit', roots: ['<rootDir>/src'], testMatch: ['**/*.spec.ts'] },
    { ...base, displayName: 'architecture', testMatch: ['<rootDir>/test/architecture/**/*.spec.ts'] },
    { ...base, ...withPostgres, displayName: 'integration', testMatch: ['<rootDir>/test/integration/**/*.spec.ts'] },
    { ...base, ...withDataTemplate, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'] },
    { ...base, displayName: 'crash', testMatch: ['<rootDir>/test/crash/**/*.spec.ts'] },
  ],
};
