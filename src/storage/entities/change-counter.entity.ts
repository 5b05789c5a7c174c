import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Counts the changes of something that processes hold a copy of. */
@Entity('change_counters')
export class ChangeCounterEntity {
  @PrimaryColumn({ type: 'text', collation: 'C' })
  name!: string;

  @Column({ type: 'int8' })
  revision!: string;
}
