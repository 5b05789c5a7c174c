import { createHash } from 'node:crypto';
import { type Readable } from 'node:stream';
import { type Entry, type ZipFile, openPromise } from 'yauzl';
import {
  BackupDamaged,
  CREDENTIALS_ENTRY,
  MANIFEST_CHECKSUM_ENTRY,
  MANIFEST_ENTRY,
  type Manifest,
  type Part,
  parseManifest,
  tableEntry,
} from './manifest.js';

/** Far above what a manifest or a credentials file takes, far below what hurts. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** Reads a backup. */
export class ArchiveReader {
  private constructor(
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
    readonly manifest: Manifest,
  ) {}

  /** @throws BackupDamaged if `file` is no whole backup; the file system's error if it cannot be read. */
  static async open(file: string): Promise<ArchiveReader> {
    const zip = await openZip(file);
    try {
      const entries = new Map<string, Entry>();
      for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
      const text = await readText(zip, entries, MANIFEST_ENTRY);
      const stated = (await readText(zip, entries, MANIFEST_CHECKSUM_ENTRY)).trim();
      if (sha256(text) !== stated) throw new BackupDamaged(`${MANIFEST_ENTRY} does not match its checksum`);
      return new ArchiveReader(zip, entries, parseManifest(text));
    } catch (error) {
      zip.close();
      throw error instanceof BackupDamaged ? error : new BackupDamaged(`${file} cannot be read: ${message(error)}`);
    }
  }

  /** Reads everything once. @throws BackupDamaged naming the first part that is not what it was. */
  async verify(onBytes: (bytes: number) => void): Promise<void> {
    for (const table of this.manifest.tables) await this.verifyPart(tableEntry(table.name), table, onBytes);
    const { credentials } = this.manifest;
    if (credentials) await this.verifyPart(CREDENTIALS_ENTRY, credentials, onBytes);
  }

  async table(name: string): Promise<Readable> {
    return await openEntry(this.zip, this.entries, tableEntry(name));
  }

  /** The text of `credentials.json`, if the backup has it. */
  async credentials(): Promise<string | undefined> {
    return this.manifest.credentials && (await readText(this.zip, this.entries, CREDENTIALS_ENTRY));
  }

  close(): void {
    this.zip.close();
  }

  private async verifyPart(entry: string, stated: Part, onBytes: (bytes: number) => void): Promise<void> {
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      for await (const chunk of await openEntry(this.zip, this.entries, entry)) {
        hash.update(chunk as Buffer);
        bytes += (chunk as Buffer).length;
        onBytes((chunk as Buffer).length);
      }
    } catch (error) {
      throw error instanceof BackupDamaged ? error : new BackupDamaged(`${entry} cannot be read: ${message(error)}`);
    }
    if (bytes !== stated.bytes || hash.digest('hex') !== stated.sha256)
      throw new BackupDamaged(`${entry} does not match its checksum`);
  }
}

async function openZip(file: string): Promise<ZipFile> {
  try {
    return await openPromise(file, { autoClose: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    throw new BackupDamaged(`${file} is no backup, or not all of one: ${message(error)}`);
  }
}

async function openEntry(zip: ZipFile, entries: ReadonlyMap<string, Entry>, name: string): Promise<Readable> {
  const entry = entries.get(name);
  if (!entry) throw new BackupDamaged(`${name} is missing`);
  return await zip.openReadStreamPromise(entry);
}

async function readText(zip: ZipFile, entries: ReadonlyMap<string, Entry>, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of await openEntry(zip, entries, name)) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_TEXT_BYTES) throw new BackupDamaged(`${name} is longer than any that xtrace writes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
