import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TotalsColumns } from './totals.js';

/**
 * The sums over the observations of one hour and model. Lanes are added up: each writer has one, so that two of them
 * do not wait for one another.
 */
@Entity('usage_hourly')
export class UsageHourlyEntity extends TotalsColumns {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'timestamptz' })
  hour!: Date;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  model!: string;

  @PrimaryColumn({ type: 'int2' })
  lane!: number;

  /** Traces whose timestamp lies in the hour; under the model '' alone. */
  @Column({ name: 'trace_count', type: 'int8' })
  traceCount!: string;

  /** Traces with an observation of the model on this day, each counted in one hour of it: only the sum of a day counts. */
  @Column({ name: 'model_trace_count', type: 'int8' })
  modelTraceCount!: string;
}
