import { existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { type DatabaseConnection } from '../../config/database-connection.js';
import { VERSION } from '../../http/version.js';
import { TableSnapshot } from '../../storage/backup/table-snapshot.js';
import { type Progress, formatBytes } from '../progress.js';
import { ArchiveWriter } from './archive-writer.js';
import {
  CREDENTIALS_ENTRY,
  FORMAT,
  MANIFEST_CHECKSUM_ENTRY,
  MANIFEST_ENTRY,
  type Manifest,
  type Part,
  type TablePart,
  tableEntry,
} from './manifest.js';

export interface BackupOptions {
  readonly database: DatabaseConnection;
  /** Must not exist. */
  readonly file: string;
  /** Absolute path of `credentials.json` to take along, if it exists. */
  readonly credentialsFile?: string;
  readonly progress: Progress;
}

export interface BackupResult {
  readonly manifest: Manifest;
  readonly fileBytes: number;
}

/**
 * Writes all that the database holds at this moment into one file. Servers may go on meanwhile. Leaves nothing behind
 * when it fails.
 * @throws FileExists, NoSchema, and errors of the database and the file system.
 */
export async function writeBackup({ database, file, credentialsFile, progress }: BackupOptions): Promise<BackupResult> {
  const archive = new ArchiveWriter(file);
  let snapshot: TableSnapshot | undefined;
  try {
    snapshot = await TableSnapshot.open(database);
    const { migrations, postgresVersion, takenAt, partitions, sequences, tableBytes } = snapshot.contents;
    progress.start('reading', tableBytes);
    const tables: TablePart[] = [];
    for (const table of snapshot.contents.tables) {
      const { stream, rows } = snapshot.read(table);
      const part = await archive.add(tableEntry(table.name), stream, (bytes) => progress.advance(bytes));
      tables.push({ ...table, rows: await rows(), ...part });
    }
    const credentials = await addCredentials(archive, credentialsFile);
    const manifest: Manifest = {
      format: FORMAT,
      xtraceVersion: VERSION,
      ...{ takenAt, postgresVersion, migrations, tables, partitions, sequences },
      ...(credentials === undefined ? {} : { credentials }),
    };
    const { sha256 } = archive.addText(MANIFEST_ENTRY, `${JSON.stringify(manifest, null, 1)}\n`);
    archive.addText(MANIFEST_CHECKSUM_ENTRY, `${sha256}\n`);
    const fileBytes = await archive.finish();
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
    progress.done(`read ${tables.length} tables, ${rows} rows, ${formatBytes(bytes)}`);
    return { manifest, fileBytes };
  } catch (error) {
    progress.clear();
    // The database first: it may still be sending rows that nobody takes.
    await snapshot?.close();
    await archive.abandon();
    throw error;
  } finally {
    await snapshot?.close();
  }
}

async function addCredentials(archive: ArchiveWriter, file: string | undefined): Promise<Part | undefined> {
  if (file === undefined || !existsSync(file)) return undefined;
  return await archive.add(CREDENTIALS_ENTRY, Readable.from([readFileSync(file)]));
}
