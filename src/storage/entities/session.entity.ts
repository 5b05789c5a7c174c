import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TotalsColumns } from './totals.js';

/** The sums over the traces of one session; a row whose trace count is 0 is no session any more. */
@Entity('sessions')
export class SessionEntity extends TotalsColumns {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'session_id', type: 'text', collation: 'C' })
  sessionId!: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'trace_count', type: 'int8' })
  traceCount!: string;

  @Column({ name: 'first_time', type: 'timestamptz', nullable: true })
  firstTime!: Date | null;

  @Column({ name: 'last_time', type: 'timestamptz', nullable: true })
  lastTime!: Date | null;
}
