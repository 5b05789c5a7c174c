import { escapeIdentifier } from 'pg';
import { type PartitionDefinition } from './schema-contents.js';

const NUMBER = '-?\\d+';
const TIME = "'[-0-9:.+ ]+'";
const EDGE = `(?:MINVALUE|MAXVALUE|'?${NUMBER}'?|${TIME})`;
/** The bounds that xtrace makes: by number and by time. Anything else in a backup might be any SQL. */
const BOUND = new RegExp(`^FOR VALUES FROM \\(${EDGE}\\) TO \\(${EDGE}\\)$`);
const SETTING = /^[a-z_]+=[a-z0-9.]+$/;
const STORAGES: Readonly<Record<string, string>> = { p: 'PLAIN', m: 'MAIN', e: 'EXTERNAL', x: 'EXTENDED' };
const COMPRESSIONS: Readonly<Record<string, string>> = { l: 'lz4', p: 'pglz' };

/** A partition in a backup that xtrace has not made. */
export class PartitionUnknown extends Error {
  override readonly name = 'PartitionUnknown';
}

/**
 * The statements that make a partition again: apart, and then attached. Where PostgreSQL has no lz4, columns that were
 * compressed with it are stored uncompressed, as the server does itself.
 * @throws PartitionUnknown instead of SQL that is not plainly a partition of ours.
 */
export function partitionStatements(partition: PartitionDefinition, offersLz4: boolean): string[] {
  const name = escapeIdentifier(partition.name);
  const parent = escapeIdentifier(partition.parent);
  if (!BOUND.test(partition.bound) || !partition.settings.every((setting) => SETTING.test(setting)))
    throw new PartitionUnknown(`the partition ${partition.name} is none that xtrace makes`);
  const settings = partition.settings.length > 0 ? ` WITH (${partition.settings.join(', ')})` : '';
  const columns = partition.columns.flatMap(({ name: column, storage, compression }) => {
    const method = COMPRESSIONS[compression];
    const isLost = method === 'lz4' && !offersLz4;
    const kind = isLost ? 'EXTERNAL' : STORAGES[storage];
    if (kind === undefined) throw new PartitionUnknown(`the storage of ${partition.name}.${column} is unknown`);
    const alter = `ALTER TABLE ${name} ALTER COLUMN ${escapeIdentifier(column)}`;
    return [
      `${alter} SET STORAGE ${kind}`,
      ...(method === undefined || isLost ? [] : [`${alter} SET COMPRESSION ${method}`]),
    ];
  });
  return [
    `CREATE TABLE ${name} (LIKE ${parent})${settings}`,
    ...columns,
    `ALTER TABLE ${parent} ATTACH PARTITION ${name} ${partition.bound}`,
  ];
}
