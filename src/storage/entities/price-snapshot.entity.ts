import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A price that stored costs were made with, by the hash of its content. */
@Entity('price_snapshots')
export class PriceSnapshotEntity {
  @PrimaryColumn({ type: 'int8' })
  key!: string;

  /** A `PriceSnapshot` as JSON. */
  @Column({ type: 'text' })
  snapshot!: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
