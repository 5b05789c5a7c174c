import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Input, output and metadata of an observation as JSON text. */
@Entity('observation_payloads')
export class ObservationPayloadEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'trace_id', type: 'text', collation: 'C' })
  traceId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  @PrimaryColumn({ type: 'int4' })
  bucket!: number;

  @Column({ type: 'text', nullable: true })
  input!: string | null;

  @Column({ type: 'text', nullable: true })
  output!: string | null;

  @Column({ type: 'text', nullable: true })
  metadata!: string | null;

  @Column({ name: 'input_stamp', type: 'int8', nullable: true })
  inputStamp!: string | null;

  @Column({ name: 'output_stamp', type: 'int8', nullable: true })
  outputStamp!: string | null;

  @Column({ name: 'metadata_stamp', type: 'int8', nullable: true })
  metadataStamp!: string | null;

  @Column({ name: 'metadata_stamps', type: 'text', nullable: true })
  metadataStamps!: string | null;
}
