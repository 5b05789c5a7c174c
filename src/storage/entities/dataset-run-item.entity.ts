import { Column, Entity, PrimaryColumn } from 'typeorm';

/** That an item was tried in a run, and by which trace. */
@Entity('dataset_run_items')
export class DatasetRunItemEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'run_id', type: 'text', collation: 'C' })
  runId!: string;

  /** Hash of run, item, trace and observation: saying the same again is the same row. */
  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  @Column({ name: 'dataset_item_id', type: 'text', collation: 'C' })
  datasetItemId!: string;

  /** `valid_from` of the item that was tried. */
  @Column({ name: 'item_version', type: 'timestamptz' })
  itemVersion!: Date;

  @Column({ name: 'trace_id', type: 'text', collation: 'C' })
  traceId!: string;

  @Column({ name: 'observation_id', type: 'text', collation: 'C', nullable: true })
  observationId!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
