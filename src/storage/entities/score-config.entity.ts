import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { JsonValue } from '../../domain/json.js';

/** What scores that name it must comply with. */
@Entity('score_configs')
export class ScoreConfigEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  @Column({ name: 'data_type', type: 'text', collation: 'C' })
  dataType!: string;

  @Column({ name: 'min_value', type: 'float8', nullable: true })
  minValue!: number | null;

  @Column({ name: 'max_value', type: 'float8', nullable: true })
  maxValue!: number | null;

  /** A list of `ScoreCategory`. */
  @Column({ type: 'jsonb', nullable: true })
  categories!: JsonValue | null;

  @Column({ name: 'is_archived', type: 'bool' })
  isArchived!: boolean;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
