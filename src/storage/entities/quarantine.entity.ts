import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A message that PostgreSQL refused, kept for inspection. */
@Entity('quarantine')
export class QuarantineEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  kind!: string;

  @PrimaryColumn({ name: 'trace_id', type: 'text', collation: 'C' })
  traceId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;

  @Column({ type: 'text' })
  sqlstate!: string;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ type: 'int4' })
  bytes!: number;

  @Column({ type: 'bytea' })
  content!: Buffer;
}
