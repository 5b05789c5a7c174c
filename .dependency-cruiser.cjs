/** The import rules of the house. `npm run check` and test/architecture run them. */
const server = '^src/(?!ui|client)';
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    forbid('no-cycle', 'A cycle hides who owns what.', {}, { circular: true }),
    forbid('domain-stands-alone', 'domain is plain TypeScript: no framework, no I/O, nothing above it.', { path: '^src/domain' }, { pathNot: '^src/domain' }),
    forbid('storage-knows-no-door', 'storage serves whoever asks; it never looks up.', { path: '^src/storage' }, { path: '^src/(ingest|http|modules|embedded-postgres|app|main)' }),
    forbid('ingest-knows-no-door', 'The pipeline takes an IngestBatch and knows no protocol.', { path: '^src/ingest' }, { path: '^src/(http|modules|embedded-postgres|app|main)' }),
    forbid('http-knows-no-storage', 'What all controllers share must not reach into storage or a module.', { path: '^src/http' }, { path: '^src/(storage|ingest|modules|embedded-postgres|app|main)' }),
    forbid('modules-are-strangers', 'A module never imports its sibling.', { path: '^src/modules/([^/]+)/' }, { path: '^src/modules/([^/]+)/', pathNot: '^src/modules/$1/' }),
    forbid('sql-only-in-storage', 'Only storage and migrations speak to PostgreSQL.', { path: server, pathNot: '^src/(storage|embedded-postgres)/' }, { path: 'node_modules/(typeorm|pg|@nestjs/typeorm)/' }),
    forbid('migrations-stand-alone', 'History must not change when the code does.', { path: '^migrations' }, { path: '^src' }),
    forbid('server-never-imports-ui-or-client', 'The SDK and the dashboard are clients.', { path: server }, { path: '^src/(ui|client)/' }),
    forbid('no-barrel', 'Import the file that defines the thing.', { path: server }, { path: '^src/.*/index\\.ts$' }),
    forbid('no-test-in-product', 'Product code never imports tests.', { path: '^(src|migrations)', pathNot: '\\.spec\\.ts$' }, { path: '^test/' }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
