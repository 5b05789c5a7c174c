import { type Project } from '../../domain/project.js';

/** Where a file's bytes are. */
export interface MediaObject {
  readonly project: Pick<Project, 'no'>;
  /** UUID. */
  readonly objectId: string;
}

/** What a store has to know of an object before its bytes come. */
export interface MediaObjectFacts {
  readonly contentType: string;
  readonly contentLength: number;
  readonly sha256: string;
}

/** Keeps objects: bytes under an id, written once and never changed. */
export interface MediaObjects {
  /** Goes into the rows of files, which say by it who keeps their bytes. */
  readonly store: 'postgresql' | 's3';

  /**
   * Takes all of `source`, chunk by chunk, and resolves when it is durable. When `source` fails, some of the object may
   * be left: whoever calls removes it.
   */
  put(object: MediaObject, facts: MediaObjectFacts, source: AsyncIterable<Buffer>): Promise<void>;

  /** Bytes `from` to `to`, both inclusive, in chunks; the range lies in the object. */
  read(object: MediaObject, range: { from: number; to: number }): AsyncIterable<Buffer>;

  /** Removes all of it that is there. */
  remove(object: MediaObject): Promise<void>;
}

/** What an object's rows are read and written by: `ReadPool`, or the connections of the thread that writes. */
export interface MediaSql {
  query<T extends object>(sql: string, params?: readonly unknown[], name?: string): Promise<T[]>;
}
