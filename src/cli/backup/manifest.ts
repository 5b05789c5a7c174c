import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type SnapshotContents } from '../../storage/backup/table-snapshot.js';

/** Version of the file format: raised when a reader of the former one would misread a file. */
export const FORMAT = 1;

export const MANIFEST_ENTRY = 'manifest.json';
export const MANIFEST_CHECKSUM_ENTRY = 'manifest.json.sha256';
export const CREDENTIALS_ENTRY = 'credentials.json';

/** The entry with the rows of a table. */
export function tableEntry(table: string): string {
  return `tables/${table}.copy`;
}

/** Length and checksum of the content of an entry, before compression. */
export interface Part {
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** One table in the file: `COPY … (columns) FROM STDIN` takes its entry as it is. */
export interface TablePart extends Part {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
}

/** What `manifest.json` says: all that is in the file, and what it takes to put it back. */
export interface Manifest extends Pick<
  SnapshotContents,
  'migrations' | 'postgresVersion' | 'takenAt' | 'partitions' | 'sequences'
> {
  readonly format: number;
  readonly xtraceVersion: string;
  /** In the order in which they have to be loaded. */
  readonly tables: readonly TablePart[];
  /** `credentials.json` of the data folder, if it is in the file. */
  readonly credentials?: Part;
}

/** A file that is no backup, or not all of one. */
export class BackupDamaged extends Error {
  override readonly name = 'BackupDamaged';
}

const Count = Type.Integer({ minimum: 0 });
const PART = { bytes: Count, sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) };
const Names = Type.Array(Type.String());

const check = Compile(
  Type.Object({
    xtraceVersion: Type.String(),
    postgresVersion: Type.String(),
    takenAt: Type.String(),
    migrations: Names,
    tables: Type.Array(Type.Object({ name: Type.String(), columns: Names, rows: Count, ...PART })),
    partitions: Type.Array(
      Type.Object({
        name: Type.String(),
        parent: Type.String(),
        bound: Type.String(),
        settings: Names,
        columns: Type.Array(Type.Object({ name: Type.String(), storage: Type.String(), compression: Type.String() })),
      }),
    ),
    sequences: Type.Array(
      Type.Object({ name: Type.String(), lastValue: Type.String({ pattern: '^-?\\d+$' }), isCalled: Type.Boolean() }),
    ),
    credentials: Type.Optional(Type.Object(PART)),
  }),
);

/** @throws BackupDamaged for another format or a field that is missing or wrong. */
export function parseManifest(text: string): Manifest {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new BackupDamaged(`${MANIFEST_ENTRY} is no JSON`);
  }
  const format = (content as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format > FORMAT)
    throw new BackupDamaged(
      `the file has format ${format}, and this version of xtrace reads ${FORMAT}: take a newer one`,
    );
  if (format !== FORMAT || !check.Check(content)) {
    const [error] = check.Errors(content);
    throw new BackupDamaged(
      `${MANIFEST_ENTRY} is not one of xtrace (${error?.instancePath ?? ''} ${error?.message ?? 'format'})`,
    );
  }
  return content as unknown as Manifest;
}
