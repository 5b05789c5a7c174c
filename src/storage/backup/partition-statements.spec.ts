import { PartitionUnknown, partitionStatements } from './partition-statements.js';
import { type PartitionDefinition } from './schema-contents.js';

const PARTITION: PartitionDefinition = {
  name: 'observation_payloads_w2969',
  parent: 'observation_payloads',
  bound: 'FOR VALUES FROM (2969) TO (2970)',
  settings: ['fillfactor=70', 'autovacuum_vacuum_insert_scale_factor=0.2'],
  columns: [{ name: 'input', storage: 'x', compression: 'l' }],
};

describe('the statements that make a partition again', () => {
  it('make it apart, with its settings and the storage of its columns, and attach it', () => {
    expect(partitionStatements(PARTITION, true)).toEqual([
      'CREATE TABLE "observation_payloads_w2969" (LIKE "observation_payloads") WITH (fillfactor=70, autovacuum_vacuum_insert_scale_factor=0.2)',
      'ALTER TABLE "observation_payloads_w2969" ALTER COLUMN "input" SET STORAGE EXTENDED',
      'ALTER TABLE "observation_payloads_w2969" ALTER COLUMN "input" SET COMPRESSION lz4',
      'ALTER TABLE "observation_payloads" ATTACH PARTITION "observation_payloads_w2969" FOR VALUES FROM (2969) TO (2970)',
    ]);
  });

  it('store without compression what was compressed with lz4, where there is none', () => {
    expect(partitionStatements(PARTITION, false).filter((statement) => statement.includes('input'))).toEqual([
      'ALTER TABLE "observation_payloads_w2969" ALTER COLUMN "input" SET STORAGE EXTERNAL',
    ]);
  });

  it.each([
    "FOR VALUES FROM (MINVALUE) TO ('2026-11-16 00:00:00+00')",
    "FOR VALUES FROM ('2026-11-16 00:00:00+00') TO ('2026-11-17 00:00:00+00')",
    'FOR VALUES FROM (-5) TO (MAXVALUE)',
  ])('know the bound %s', (bound) => {
    expect(partitionStatements({ ...PARTITION, bound }, true).at(-1)).toContain(bound);
  });

  it.each([
    { bound: 'FOR VALUES FROM (1) TO (2); DROP TABLE traces' },
    { bound: "FOR VALUES FROM (pg_sleep(1)) TO ('2026-11-17')" },
    { bound: 'DEFAULT' },
    { settings: ['fillfactor=70); DROP TABLE traces --'] },
    { columns: [{ name: 'input', storage: 'x; DROP', compression: '' }] },
  ])('are not made from a file that says $bound $settings $columns', (part) => {
    expect(() => partitionStatements({ ...PARTITION, ...part }, true)).toThrow(PartitionUnknown);
  });

  it('quote names', () => {
    const [create] = partitionStatements({ ...PARTITION, name: 'a" (x int); --' }, true);
    expect(create).toContain('CREATE TABLE "a"" (x int); --" (LIKE');
  });
});
