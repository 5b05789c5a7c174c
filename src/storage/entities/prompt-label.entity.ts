import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which version of a prompt a label points at. The key lets it be one only. */
@Entity('prompt_labels')
export class PromptLabelEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  name!: string;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  label!: string;

  @Column({ type: 'int4' })
  version!: number;

  /** Orders the labels of a version as they came to it. */
  @Column({ type: 'int4' })
  position!: number;
}
