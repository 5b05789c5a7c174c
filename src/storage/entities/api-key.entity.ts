import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A key of a project. */
@Entity('api_keys')
export class ApiKeyEntity {
  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  @Column({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @Column({ name: 'public_key', type: 'text', collation: 'C' })
  publicKey!: string;

  @Column({ name: 'secret_hash', type: 'bytea' })
  secretHash!: Buffer;

  @Column({ name: 'display_secret', type: 'text' })
  displaySecret!: string;

  @Column({ type: 'text', array: true })
  scopes!: string[];

  @Column({ type: 'text', nullable: true })
  note!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt!: Date | null;
}
