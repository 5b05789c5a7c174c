/** The import rules of the house. `npm run check` runs them; test/architecture plants a violation of each. */
const server = '^src/(?!(ui|client)/)';
const specs = '\\.spec\\.ts$';
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    forbid('no-cycle', 'A cycle hides who owns what.', {}, { circular: true }),
    forbid(
      'nothing-unresolved',
      'An import that cannot be followed cannot be checked either.',
      {},
      { couldNotResolve: true },
    ),
    forbid(
      'domain-stands-alone',
      'domain is plain TypeScript: no framework, no I/O, nothing above it.',
      { path: '^src/domain/', pathNot: specs },
      { pathNot: '^src/domain/' },
    ),
    forbid(
      'domain-is-tested-alone',
      'Its specs may use test tools, but nothing of ours from above.',
      { path: '^src/domain/.*\\.spec\\.ts$' },
      { path: '^(src/(?!domain/)|migrations/)' },
    ),
    forbid(
      'config-serves-all',
      'Settings know nothing of those who read them.',
      { path: '^src/config/' },
      { path: '^src/(?!(config|domain)/)' },
    ),
    forbid(
      'embedded-postgres-serves-main',
      'The launcher starts a database; what it is for is none of its business.',
      { path: '^src/embedded-postgres/' },
      { path: '^src/(?!(embedded-postgres|config|domain)/)' },
    ),
    forbid(
      'storage-knows-no-door',
      'storage serves whoever asks; it never looks up.',
      { path: '^src/storage/' },
      { path: '^src/(?!(storage|config|domain)/)' },
    ),
    forbid(
      'ingest-knows-no-door',
      'The pipeline takes an IngestBatch and knows no protocol.',
      { path: '^src/ingest/' },
      { path: '^src/(?!(ingest|storage|config|domain)/)' },
    ),
    forbid(
      'http-knows-no-storage',
      'What all controllers share must not reach into storage or a module.',
      { path: '^src/http/' },
      { path: '^src/(?!(http|config|domain)/)' },
    ),
    forbid(
      'modules-are-strangers',
      'A module never imports its sibling.',
      { path: '^src/modules/([^/]+)/' },
      { path: '^src/modules/([^/]+)/', pathNot: '^src/modules/$1/' },
    ),
    forbid(
      'modules-write-through-ingest',
      'A door submits an IngestBatch; how rows are written is known to ingest and storage alone.',
      { path: '^src/modules/' },
      {
        path: '^src/(embedded-postgres/|storage/(entities/|[^/]*(writer|write-|bulk-|-table|rollup|lane|quarantine|partitions|retention|expired|idle-series|data-source)))',
      },
    ),
    forbid(
      'nobody-imports-the-top',
      'main, app, the files beside them and the command line put the parts together; no part knows the whole.',
      { path: '^(src/(?!cli/)[^/]+/|migrations/)' },
      { path: '^src/([^/]+\\.ts$|cli/)' },
    ),
    forbid(
      'seed-is-a-client',
      'Demo data come through the public API, like those of any other client.',
      { path: '^src/seed/', pathNot: specs },
      { path: '^src/(?!(seed|config|domain)/)' },
    ),
    forbid(
      'seed-serves-the-top',
      'The server knows nothing of its demo data.',
      { path: '^src/(?!seed/)[^/]+/', pathNot: '^src/cli/' },
      { path: '^src/seed/' },
    ),
    forbid(
      'sql-only-in-storage',
      'Only storage and migrations speak to PostgreSQL.',
      { path: server, pathNot: '^src/(storage|embedded-postgres)/' },
      { path: '(^|/)node_modules/(@types/)?(typeorm|pg|pg-[^/]+)/' },
    ),
    forbid(
      'migrations-stand-alone',
      'History must not change when the code does.',
      { path: '^migrations/' },
      { path: '^(src|test)/' },
    ),
    forbid(
      'server-never-imports-ui-or-client',
      'The SDK and the dashboard are clients.',
      { path: server },
      { path: '^src/(ui|client)/' },
    ),
    forbid(
      'ui-imports-only-client',
      'The dashboard is the first user of the SDK.',
      { path: '^src/ui/' },
      {
        path: '^(src/(?!(ui|client)/)|migrations/|test/)',
      },
    ),
    forbid(
      'client-stands-alone',
      'The SDK is published without the server.',
      { path: '^src/client/' },
      {
        path: '^(src/(?!client/)|migrations/|test/)',
      },
    ),
    forbid('no-barrel', 'Import the file that defines the thing.', { path: server }, { path: '^src/.*/index\\.ts$' }),
    forbid(
      'no-test-in-product',
      'Product code never imports tests.',
      { path: '^(src|migrations)/', pathNot: specs },
      { path: `^test/|${specs}` },
    ),
    forbid(
      'no-dev-package-in-product',
      'An installation without development packages must start.',
      { path: '^(src/(?!(ui|client)/)|migrations/)', pathNot: specs },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Type-only imports count: they tie two folders together as well.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.json'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
