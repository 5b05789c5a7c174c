import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Some of the bytes of a file that PostgreSQL keeps. */
@Entity('media_chunks')
export class MediaChunkEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'object_id', type: 'uuid' })
  objectId!: string;

  @PrimaryColumn({ name: 'byte_offset', type: 'int8' })
  byteOffset!: string;

  @Column({ type: 'bytea' })
  bytes!: Buffer;
}

/** An object that no file names: an upload under way, or one to be deleted. */
@Entity('media_loose_objects')
export class MediaLooseObjectEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'object_id', type: 'uuid' })
  objectId!: string;

  @Column({ type: 'text' })
  store!: string;

  @Column({ type: 'timestamptz' })
  since!: Date;
}

/** The key of links that work without credentials. */
@Entity('media_signing_keys')
export class MediaSigningKeyEntity {
  @PrimaryColumn({ type: 'int4' })
  no!: number;

  @Column({ type: 'bytea' })
  key!: Buffer;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
