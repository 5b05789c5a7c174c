import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What somebody wrote about a trace, observation, session or prompt. */
@Entity('comments')
export class CommentEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ name: 'object_type', type: 'text', collation: 'C' })
  objectType!: string;

  @Column({ name: 'object_id', type: 'text', collation: 'C' })
  objectId!: string;

  @Column({ type: 'text' })
  content!: string;

  @Column({ name: 'author_user_id', type: 'text', nullable: true, collation: 'C' })
  authorUserId!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
