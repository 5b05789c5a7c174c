import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A file of a project, by the hash of its content. */
@Entity('media')
export class MediaEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  @Column({ name: 'content_type', type: 'text' })
  contentType!: string;

  @Column({ name: 'content_length', type: 'int8' })
  contentLength!: string;

  @Column({ type: 'bytea' })
  sha256!: Buffer;

  /** Where its bytes are; null until all of them are stored. */
  @Column({ name: 'object_id', type: 'uuid', nullable: true })
  objectId!: string | null;

  /** Who keeps that object: `postgresql` or `s3`. */
  @Column({ type: 'text', nullable: true })
  store!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'uploaded_at', type: 'timestamptz', nullable: true })
  uploadedAt!: Date | null;

  /** What the client said of an upload that failed. */
  @Column({ name: 'upload_status', type: 'int4', nullable: true })
  uploadStatus!: number | null;

  @Column({ name: 'upload_error', type: 'text', nullable: true })
  uploadError!: string | null;
}

/** Who has a file, and where in it. */
@Entity('media_links')
export class MediaLinkEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'media_id', type: 'text', collation: 'C' })
  mediaId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  kind!: string;

  @PrimaryColumn({ name: 'parent_id', type: 'text', collation: 'C' })
  parentId!: string;

  @PrimaryColumn({ name: 'child_id', type: 'text', collation: 'C' })
  childId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  field!: string;

  @Column({ name: 'linked_at', type: 'timestamptz' })
  linkedAt!: Date;
}
