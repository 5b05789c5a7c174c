import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An update that waits for the observation it belongs to, because it does not say in which trace that is. */
@Entity('orphans')
export class OrphanEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  /** Of the observation. */
  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  /** SHA-256 of `content`. */
  @PrimaryColumn({ type: 'bytea' })
  digest!: Buffer;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;

  @Column({ name: 'next_try_at', type: 'timestamptz' })
  nextTryAt!: Date;

  @Column({ type: 'int4' })
  tries!: number;

  @Column({ type: 'int4' })
  bytes!: number;

  /** The message after redaction, as JSON. */
  @Column({ type: 'text' })
  content!: string;
}
