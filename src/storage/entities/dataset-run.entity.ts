import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One go over the items of a dataset. */
@Entity('dataset_runs')
export class DatasetRunEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  @Column({ name: 'dataset_id', type: 'text', collation: 'C' })
  datasetId!: string;

  /** Unique in its dataset. */
  @Column({ type: 'text', collation: 'C' })
  name!: string;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  /** A JSON object. */
  @Column({ type: 'text' })
  metadata!: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
