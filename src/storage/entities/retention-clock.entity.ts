import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the clock showed when retention last looked; one row, number 1. */
@Entity('retention_clock')
export class RetentionClockEntity {
  @PrimaryColumn({ type: 'int4' })
  no!: number;

  @Column({ name: 'seen_at', type: 'timestamptz' })
  seenAt!: Date;

  /** Null while the clock is trusted. */
  @Column({ name: 'doubted_since', type: 'timestamptz', nullable: true })
  doubtedSince!: Date | null;
}
