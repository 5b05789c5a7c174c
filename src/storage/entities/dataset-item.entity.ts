import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A version of an item of a dataset; its texts are JSON. */
@Entity('dataset_items')
export class DatasetItemEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  @PrimaryColumn({ name: 'valid_from', type: 'timestamptz' })
  validFrom!: Date;

  /** Exclusive; infinity for the present version. */
  @Column({ name: 'valid_to', type: 'timestamptz' })
  validTo!: Date;

  @Column({ name: 'dataset_id', type: 'text', collation: 'C' })
  datasetId!: string;

  /** Of the first version. */
  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'text', collation: 'C' })
  status!: string;

  @Column({ type: 'text', nullable: true })
  input!: string | null;

  @Column({ name: 'expected_output', type: 'text', nullable: true })
  expectedOutput!: string | null;

  @Column({ type: 'text', nullable: true })
  metadata!: string | null;

  @Column({ name: 'source_trace_id', type: 'text', collation: 'C', nullable: true })
  sourceTraceId!: string | null;

  @Column({ name: 'source_observation_id', type: 'text', collation: 'C', nullable: true })
  sourceObservationId!: string | null;
}
