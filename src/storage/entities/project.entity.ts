import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The owner of data. */
@Entity('projects')
export class ProjectEntity {
  @PrimaryColumn({ type: 'int4' })
  no!: number;

  @Column({ type: 'text', collation: 'C', unique: true })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'now()' })
  updatedAt!: Date;
}
