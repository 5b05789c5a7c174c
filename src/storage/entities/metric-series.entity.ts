import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One series: a metric name plus one label set. */
@Entity('metric_series')
export class MetricSeriesEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  /** What points call the series by, any 32-bit number. */
  @PrimaryColumn({ name: 'series_id', type: 'int4' })
  seriesId!: number;

  /** Hash of name and labels: the same series has the same one in every process. */
  @Column({ type: 'uuid', unique: true })
  key!: string;

  @Column({ type: 'text', collation: 'C' })
  name!: string;

  @Column({ type: 'jsonb' })
  labels!: Record<string, string>;

  /** Since when retention has seen it without points; null once it is looked up or has points again. */
  @Column({ name: 'idle_since', type: 'timestamptz', nullable: true })
  idleSince!: Date | null;
}
