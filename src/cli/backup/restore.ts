import { type DatabaseConnection } from '../../config/database-connection.js';
import { TableRestore } from '../../storage/backup/table-restore.js';
import { type Progress, formatBytes } from '../progress.js';
import { type ArchiveReader } from './archive-reader.js';
import { BackupDamaged, type TablePart } from './manifest.js';

export interface RestoreOptions {
  readonly database: DatabaseConnection;
  readonly archive: ArchiveReader;
  /** Consent to lose what the database holds. */
  readonly replace: boolean;
  readonly progress: Progress;
}

export interface RestoreResult {
  readonly rows: number;
  /** Migrations that were run after the rows were back, because the backup is older than this version. */
  readonly migrated: readonly string[];
  /** Tables in the backup that are not of xtrace. */
  readonly skipped: readonly string[];
}

/** Reads the file through and compares everything with its checksums. @throws BackupDamaged */
export async function verifyBackup(archive: ArchiveReader, progress: Progress): Promise<void> {
  const total = archive.manifest.tables.reduce((sum, table) => sum + table.bytes, 0);
  progress.start('checking', total);
  try {
    await archive.verify((bytes) => progress.advance(bytes));
  } catch (error) {
    progress.clear();
    throw error;
  }
  progress.done(`checked ${archive.manifest.tables.length} tables, ${formatBytes(total)}: all checksums match`);
}

/**
 * Puts a verified backup into the database: all of it, or, whatever happens, nothing.
 * @throws RestoreRefused, BackupDamaged, and errors of the database.
 */
export async function restoreBackup({ database, archive, replace, progress }: RestoreOptions): Promise<RestoreResult> {
  const { tables, migrations, partitions, sequences } = archive.manifest;
  const restore = await TableRestore.begin(database, { migrations, partitions, sequences, replace });
  let rows = 0;
  const skipped: string[] = [];
  try {
    progress.start(
      'restoring',
      tables.reduce((sum, table) => sum + table.bytes, 0),
    );
    const known = new Set(restore.tables.map(({ name }) => name));
    for (const table of tables) {
      if (known.has(table.name)) rows += await loadTable(restore, archive, table, progress);
      else skipped.push(table.name);
    }
  } catch (error) {
    progress.clear();
    await restore.rollback();
    throw error;
  }
  const migrated = await restore.commit();
  progress.done(`restored ${tables.length - skipped.length} tables, ${rows} rows`);
  return { rows, migrated, skipped };
}

async function loadTable(
  restore: TableRestore,
  archive: ArchiveReader,
  table: TablePart,
  progress: Progress,
): Promise<number> {
  const source = await archive.table(table.name);
  source.on('data', (chunk: Buffer) => progress.advance(chunk.length));
  source.pause();
  const rows = await restore.load(table, source);
  if (rows !== table.rows)
    throw new BackupDamaged(`table ${table.name} gave ${rows} rows, and the backup says ${table.rows}`);
  return rows;
}
