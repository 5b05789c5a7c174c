import { FORMAT, type Manifest, parseManifest } from './manifest.js';

const MANIFEST: Manifest = {
  format: FORMAT,
  xtraceVersion: '1.2.3',
  postgresVersion: '18.4',
  takenAt: '2026-11-23T09:00:00.000Z',
  migrations: ['CreateCore1'],
  tables: [{ name: 'traces', columns: ['trace_id'], rows: 1, bytes: 7, sha256: 'a'.repeat(64) }],
  partitions: [],
  sequences: [{ name: 'ids', lastValue: '9223372036854775807', isCalled: true }],
};

describe('the manifest of a backup', () => {
  it('is read as it was written', () => {
    expect(parseManifest(JSON.stringify(MANIFEST))).toEqual(MANIFEST);
  });

  it('of a later format asks for a newer version', () => {
    expect(() => parseManifest(JSON.stringify({ ...MANIFEST, format: FORMAT + 1 }))).toThrow('take a newer one');
  });

  it.each([
    'no json',
    'null',
    '{}',
    JSON.stringify({ ...MANIFEST, format: '1' }),
    JSON.stringify({ ...MANIFEST, tables: [{ name: 'traces' }] }),
    JSON.stringify({ ...MANIFEST, tables: [{ ...MANIFEST.tables[0], rows: -1 }] }),
    JSON.stringify({ ...MANIFEST, tables: [{ ...MANIFEST.tables[0], sha256: 'short' }] }),
    JSON.stringify({ ...MANIFEST, sequences: [{ name: 'ids', lastValue: '1); DROP', isCalled: true }] }),
  ])('that is wrong is refused: %s', (text) => {
    expect(() => parseManifest(text)).toThrow(/manifest\.json/);
  });
});
