import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A value of a series at a time. */
@Entity('metric_points')
export class MetricPointEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'series_id', type: 'int4' })
  seriesId!: number;

  @PrimaryColumn({ type: 'timestamptz' })
  ts!: Date;

  @Column({ type: 'float8' })
  value!: number;
}
