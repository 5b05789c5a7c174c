import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { JsonValue } from '../../domain/json.js';
import { TotalsColumns } from './totals.js';

/** One trace without its input and output, and the sums over its observations. */
@Entity('traces')
export class TraceEntity extends TotalsColumns {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'trace_id', type: 'text', collation: 'C' })
  traceId!: string;

  @Column({ type: 'int4' })
  bucket!: number;

  @Column({ type: 'timestamptz' })
  ts!: Date;

  @Column({ name: 'stated_ts', type: 'timestamptz', nullable: true })
  statedTs!: Date | null;

  @Column({ name: 'first_start', type: 'timestamptz', nullable: true })
  firstStart!: Date | null;

  @Column({ name: 'last_end', type: 'timestamptz', nullable: true })
  lastEnd!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  @Column({ type: 'text', collation: 'C', nullable: true })
  name!: string | null;

  @Column({ name: 'user_id', type: 'text', collation: 'C', nullable: true })
  userId!: string | null;

  @Column({ name: 'session_id', type: 'text', collation: 'C', nullable: true })
  sessionId!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  release!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  version!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  environment!: string | null;

  @Column({ name: 'external_id', type: 'text', nullable: true })
  externalId!: string | null;

  @Column({ type: 'bool', nullable: true })
  public!: boolean | null;

  @Column({ type: 'bool', nullable: true })
  bookmarked!: boolean | null;

  @Column({ name: 'stated_latency_seconds', type: 'float8', nullable: true })
  statedLatencySeconds!: number | null;

  @Column({ name: 'stated_cost_usd', type: 'float8', nullable: true })
  statedCostUsd!: number | null;

  @Column({ type: 'text', array: true })
  tags!: string[];

  @Column({ type: 'jsonb', nullable: true })
  metadata!: JsonValue | null;

  /** The model of each (day, model) that has observations, by day and model; '' where none is known. */
  @Column({ name: 'model_names', type: 'text', array: true })
  modelNames!: string[];

  /** Six numbers for each of `modelNames`: day since the Unix epoch, observations, input, output and total tokens, nano-USD. */
  @Column({ name: 'model_sums', type: 'int8', array: true })
  modelSums!: string[];

  /** Whether one of these days is further than one day from that of the timestamp. */
  @Column({ type: 'bool' })
  strays!: boolean;

  /** Ids under which model calls came in and which may turn out to be the same calls traced once more; null: none. */
  @Column({ name: 'awaited_parents', type: 'text', array: true, nullable: true })
  awaitedParents!: string[] | null;

  /** Whether any further observation may change whose usage counts. */
  @Column({ name: 'usage_is_open', type: 'bool', nullable: true })
  usageIsOpen!: boolean | null;

  @Column({ type: 'int8', nullable: true })
  stamp!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  stamps!: JsonValue | null;

  @Column({ name: 'metadata_stamp', type: 'int8', nullable: true })
  metadataStamp!: string | null;

  @Column({ name: 'metadata_stamps', type: 'jsonb', nullable: true })
  metadataStamps!: JsonValue | null;
}
