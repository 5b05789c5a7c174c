import { Entity, PrimaryColumn } from 'typeorm';
import { TotalsColumns } from './totals.js';

/** The sums over the observations of one trace that used one model. */
@Entity('trace_models')
export class TraceModelEntity extends TotalsColumns {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'trace_id', type: 'text', collation: 'C' })
  traceId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  model!: string;
}
