import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Input and output of a trace as JSON text. */
@Entity('trace_payloads')
export class TracePayloadEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'trace_id', type: 'text', collation: 'C' })
  traceId!: string;

  @PrimaryColumn({ type: 'int4' })
  bucket!: number;

  @Column({ type: 'text', nullable: true })
  input!: string | null;

  @Column({ type: 'text', nullable: true })
  output!: string | null;

  @Column({ name: 'input_stamp', type: 'int8', nullable: true })
  inputStamp!: string | null;

  @Column({ name: 'output_stamp', type: 'int8', nullable: true })
  outputStamp!: string | null;
}
