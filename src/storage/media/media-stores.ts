import { type MediaConfig } from '../../config/media-settings.js';
import { BucketObjects, bucketOf } from './bucket-objects.js';
import { type MediaObjects, type MediaSql } from './media-objects.js';
import { TableObjects } from './table-objects.js';

/** Who keeps objects: what is new goes to one store, and what is older stays where it is when the settings change. */
export class MediaStores {
  /** Where new objects go. */
  readonly current: MediaObjects;
  private readonly table: TableObjects;
  private readonly bucket: BucketObjects | undefined;

  constructor(sql: MediaSql, config: MediaConfig) {
    const bucket = bucketOf(config);
    this.table = new TableObjects(sql);
    this.bucket = bucket === undefined ? undefined : new BucketObjects(bucket);
    this.current = this.bucket ?? this.table;
  }

  /** Undefined when the settings no longer name the bucket. */
  named(store: string): MediaObjects | undefined {
    return store === this.table.store ? this.table : this.bucket;
  }
}
