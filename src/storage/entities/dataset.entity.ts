import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A named set of examples. */
@Entity('datasets')
export class DatasetEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  /** Unique in its project. */
  @Column({ type: 'text', collation: 'C' })
  name!: string;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  /** JSON, as the schemas are. */
  @Column({ type: 'text', nullable: true })
  metadata!: string | null;

  @Column({ name: 'input_schema', type: 'text', nullable: true })
  inputSchema!: string | null;

  @Column({ name: 'expected_output_schema', type: 'text', nullable: true })
  expectedOutputSchema!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
