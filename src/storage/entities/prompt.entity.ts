import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What all versions of a prompt share. */
@Entity('prompts')
export class PromptEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  name!: string;

  /** `text` or `chat`. */
  @Column({ type: 'text' })
  type!: string;

  @Column({ type: 'text', array: true })
  tags!: string[];

  /** Of the first version. */
  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
