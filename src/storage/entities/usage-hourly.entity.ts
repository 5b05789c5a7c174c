import { Entity, PrimaryColumn } from 'typeorm';
import { TotalsColumns } from './totals.js';

/** The sums over the observations of one hour, model and lane. */
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
}
