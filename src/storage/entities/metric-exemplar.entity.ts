import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An observation that went into a point of a series, and the trace in which it was made. */
@Entity('metric_exemplars')
export class MetricExemplarEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'series_id', type: 'int4' })
  seriesId!: number;

  /** `ts` cut to the minute. */
  @PrimaryColumn({ type: 'timestamptz' })
  minute!: Date;

  /** A hash of the trace, below EXEMPLARS_PER_MINUTE. */
  @PrimaryColumn({ type: 'int4' })
  slot!: number;

  @Column({ type: 'timestamptz' })
  ts!: Date;

  @Column({ type: 'float8' })
  value!: number;

  @Column({ name: 'trace_id', type: 'text', collation: 'C' })
  traceId!: string;

  /** Empty when the exemplar names no span. */
  @Column({ name: 'span_id', type: 'text', collation: 'C' })
  spanId!: string;
}
