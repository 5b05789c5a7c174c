import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { JsonValue } from '../../domain/json.js';

/** An evaluation of a trace, an observation, a session or a dataset run. */
@Entity('scores')
export class ScoreEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  @Column({ type: 'timestamptz' })
  ts!: Date;

  @Column({ name: 'trace_id', type: 'text', collation: 'C', nullable: true })
  traceId!: string | null;

  @Column({ name: 'observation_id', type: 'text', collation: 'C', nullable: true })
  observationId!: string | null;

  @Column({ name: 'session_id', type: 'text', collation: 'C', nullable: true })
  sessionId!: string | null;

  @Column({ name: 'dataset_run_id', type: 'text', collation: 'C', nullable: true })
  datasetRunId!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  environment!: string | null;

  @Column({ type: 'text', collation: 'C' })
  name!: string;

  @Column({ type: 'text', collation: 'C' })
  source!: string;

  @Column({ name: 'data_type', type: 'text', collation: 'C' })
  dataType!: string;

  @Column({ type: 'float8', nullable: true })
  value!: number | null;

  @Column({ name: 'string_value', type: 'text', nullable: true })
  stringValue!: string | null;

  @Column({ name: 'config_id', type: 'text', collation: 'C', nullable: true })
  configId!: string | null;

  @Column({ type: 'text', nullable: true })
  comment!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  metadata!: JsonValue | null;

  @Column({ name: 'queue_id', type: 'text', collation: 'C', nullable: true })
  queueId!: string | null;

  @Column({ name: 'author_user_id', type: 'text', collation: 'C', nullable: true })
  authorUserId!: string | null;

  @Column({ name: 'execution_trace_id', type: 'text', collation: 'C', nullable: true })
  executionTraceId!: string | null;

  /** Of the message that decided subject, timestamp and environment. */
  @Column({ name: 'first_stamp', type: 'int8' })
  firstStamp!: string;

  /** Of what the score says, and of optional fields that `stamps` does not list. */
  @Column({ type: 'int8' })
  stamp!: string;

  @Column({ type: 'jsonb', nullable: true })
  stamps!: JsonValue | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
