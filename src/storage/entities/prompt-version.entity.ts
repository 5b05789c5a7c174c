import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A version of a prompt. It never changes; `updated_at` follows its labels. */
@Entity('prompt_versions')
export class PromptVersionEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  name!: string;

  /** From 1. */
  @PrimaryColumn({ type: 'int4' })
  version!: number;

  @Column({ type: 'uuid' })
  id!: string;

  /** JSON: a string for a text, a list of messages for a chat. */
  @Column({ type: 'text' })
  content!: string;

  /** JSON. */
  @Column({ type: 'text' })
  config!: string;

  @Column({ name: 'commit_message', type: 'text', nullable: true })
  commitMessage!: string | null;

  @Column({ name: 'created_by', type: 'text' })
  createdBy!: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
