import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'pg';
import { CONFIG, type Config } from '../../config/config.js';
import { DATABASE, type DatabaseConnection } from '../../config/database-connection.js';
import { Unavailable } from '../../domain/errors.js';
import { type MediaContent, type MediaLink } from '../../domain/media.js';
import { type Project } from '../../domain/project.js';
import { writerOptions } from '../client-options.js';
import { classifyFault } from '../sql-state.js';
import { type MediaSql } from './media-objects.js';
import { MediaStore } from './media-store.js';
import { MediaStores } from './media-stores.js';

/** As many files are written at once; they need none of the connections that traces are written by. */
const CONNECTIONS = 2;

/** A file whose bytes are at hand. */
export interface WholeFile {
  readonly content: MediaContent;
  readonly bytes: Buffer;
  readonly links: readonly MediaLink[];
}

/** Stores files that came inside of traces. Connects when there is one. */
@Injectable()
export class MediaIntake implements OnApplicationShutdown {
  private readonly pool: Pool;
  private readonly store: MediaStore;

  constructor(@Inject(CONFIG) config: Config, @Inject(DATABASE) database: DatabaseConnection) {
    this.pool = new Pool({ ...writerOptions(database, 'xtrace media'), max: CONNECTIONS });
    // The loss of an idle connection would end the process otherwise.
    this.pool.on('error', () => undefined);
    const sql: MediaSql = {
      query: async <T extends object>(text: string, values: readonly unknown[] = [], name?: string): Promise<T[]> =>
        (await this.pool.query<T>({ text, values: [...values], ...(name === undefined ? {} : { name }) })).rows,
    };
    this.store = new MediaStore(sql, new MediaStores(sql, config).current);
  }

  /**
   * Resolves when all of `files` are durable. Safe to repeat.
   * @throws Unavailable when the database or the bucket does not take them: sending the same again is safe.
   */
  async storeAll(project: Project, files: readonly WholeFile[]): Promise<void> {
    try {
      for (const { content, bytes, links } of files) {
        const { isStored } = await this.store.announce(project, content, links);
        if (!isStored) await this.store.upload(project, content, once(bytes));
      }
    } catch (error) {
      const fault = classifyFault(error);
      if (fault === 'defect' || fault === 'row') throw error;
      throw new Unavailable('the files in the data could not be stored');
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- an iterable of one that is at hand
async function* once(bytes: Buffer): AsyncIterable<Buffer> {
  yield bytes;
}
