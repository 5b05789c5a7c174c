import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { JsonValue } from '../../domain/json.js';

/** A price that a project set; never changed but for its deletion. */
@Entity('model_prices')
export class ModelPriceEntity {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  /** As clients know it; of those that are not deleted a project has each once. */
  @Column({ name: 'model_id', type: 'text', collation: 'C' })
  modelId!: string;

  @Column({ name: 'model_pattern', type: 'text' })
  modelPattern!: string;

  @Column({ type: 'text', collation: 'C', nullable: true })
  provider!: string | null;

  @Column({ name: 'valid_from', type: 'timestamptz', nullable: true })
  validFrom!: Date | null;

  /** A `PriceSheet`. */
  @Column({ type: 'jsonb' })
  sheet!: JsonValue;

  /** A `ModelDefinition`. */
  @Column({ type: 'jsonb', nullable: true })
  definition!: JsonValue | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;
}
