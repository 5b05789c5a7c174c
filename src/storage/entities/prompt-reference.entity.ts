import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A prompt that a version includes, by version or by label. */
@Entity('prompt_references')
export class PromptReferenceEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  name!: string;

  @PrimaryColumn({ type: 'int4' })
  version!: number;

  @PrimaryColumn({ type: 'int4' })
  position!: number;

  @Column({ name: 'used_name', type: 'text', collation: 'C' })
  usedName!: string;

  @Column({ name: 'used_version', type: 'int4', nullable: true })
  usedVersion!: number | null;

  @Column({ name: 'used_label', type: 'text', collation: 'C', nullable: true })
  usedLabel!: string | null;
}
