import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The owner of data. */
@Entity('projects')
export class ProjectEntity {
  @PrimaryColumn({ type: 'int4' })
  no!: number;

  /** Unique among those that are not deleted. */
  @Column({ type: 'text', collation: 'C' })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'now()' })
  updatedAt!: Date;

  @Column({ type: 'jsonb', default: {} })
  metadata!: object;

  /** Since when its data are being removed. */
  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;

  /** Since when nothing is left of them. */
  @Column({ name: 'emptied_at', type: 'timestamptz', nullable: true })
  emptiedAt!: Date | null;
}
