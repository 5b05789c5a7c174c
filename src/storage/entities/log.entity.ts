import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A log record; its texts are JSON. */
@Entity('logs')
export class LogEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  /** Hash of what the record says. */
  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  /** Week of arrival. */
  @PrimaryColumn({ type: 'int4' })
  bucket!: number;

  @Column({ type: 'timestamptz' })
  ts!: Date;

  @Column({ name: 'observed_ts', type: 'timestamptz', nullable: true })
  observedTs!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Position in the request: orders records of the same microsecond. */
  @Column({ type: 'int4' })
  ordinal!: number;

  @Column({ name: 'trace_id', type: 'text', collation: 'C', nullable: true })
  traceId!: string | null;

  @Column({ name: 'span_id', type: 'text', collation: 'C', nullable: true })
  spanId!: string | null;

  @Column({ name: 'session_id', type: 'text', collation: 'C', nullable: true })
  sessionId!: string | null;

  @Column({ name: 'severity_number', type: 'int2' })
  severityNumber!: number;

  @Column({ name: 'severity_text', type: 'text', nullable: true })
  severityText!: string | null;

  @Column({ name: 'event_name', type: 'text', collation: 'C', nullable: true })
  eventName!: string | null;

  @Column({ type: 'text', nullable: true })
  body!: string | null;

  @Column({ type: 'text', nullable: true })
  attributes!: string | null;

  @Column({ type: 'text', nullable: true })
  scope!: string | null;

  @Column({ type: 'text', nullable: true })
  resource!: string | null;

  @Column({ name: 'message_side', type: 'text', collation: 'C', nullable: true })
  messageSide!: string | null;

  @Column({ type: 'text', nullable: true })
  message!: string | null;
}
