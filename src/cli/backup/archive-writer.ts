import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, rmSync } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { type Part } from './manifest.js';

/** A file that is in the way. */
export class FileExists extends Error {
  override readonly name = 'FileExists';
}

/** More shrinks prompts and answers by a few per cent, and takes several times as long. */
const COMPRESSION_LEVEL = 1;

/**
 * Writes a backup: a ZIP file, one entry after the other, that gets its name when it is whole and on disk. Until then it
 * is `<file>.partial`, and a ZIP without its directory, which no reader takes for a whole one.
 */
export class ArchiveWriter {
  private readonly zip = new ZipFile();
  private readonly partial: string;
  /** Rejects when the file cannot be written. */
  private readonly written: Promise<void>;
  private readonly removePartial = () => rmSync(this.partial, { force: true });

  /** @throws FileExists if `file` exists: a backup never replaces another. */
  constructor(readonly file: string) {
    if (existsSync(file)) throw new FileExists(`${file} exists: name another file, or remove it`);
    this.partial = `${file}.partial`;
    const output = createWriteStream(this.partial, { mode: 0o600 });
    this.written = pipeline(this.zip.outputStream as Readable, output);
    this.written.catch(() => undefined);
    process.once('exit', this.removePartial);
  }

  /** Adds an entry while it is read. `onBytes` hears of every piece, uncompressed. */
  async add(entry: string, source: Readable, onBytes: (bytes: number) => void = () => undefined): Promise<Part> {
    const hash = createHash('sha256');
    let bytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        bytes += chunk.length;
        onBytes(chunk.length);
        done(null, chunk);
      },
    });
    this.zip.addReadStream(meter, entry, { mode: 0o100600, compressionLevel: COMPRESSION_LEVEL });
    await Promise.race([pipeline(source, meter), this.failure()]);
    return { bytes, sha256: hash.digest('hex') };
  }

  addText(entry: string, text: string): Part {
    const content = Buffer.from(text);
    this.zip.addBuffer(content, entry, { mode: 0o100600, compressionLevel: COMPRESSION_LEVEL });
    return { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  }

  /** Completes the file and resolves with its size in bytes once a crash of the machine cannot lose it any more. */
  async finish(): Promise<number> {
    this.zip.end();
    await this.written;
    await sync(this.partial);
    await rename(this.partial, this.file);
    process.off('exit', this.removePartial);
    await sync(dirname(this.file));
    return (await stat(this.file)).size;
  }

  /** Leaves no file behind. */
  async abandon(): Promise<void> {
    (this.zip.outputStream as Readable).destroy();
    await this.written.catch(() => undefined);
    this.removePartial();
    process.off('exit', this.removePartial);
  }

  private async failure(): Promise<never> {
    await this.written;
    throw new Error('the file ended before its content');
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
