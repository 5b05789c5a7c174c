import { ApiProperty } from '@nestjs/swagger';
import { COMMENTED_TYPES } from '../../domain/comment.js';
import { PageMetaDto } from '../../http/page.dto.js';

const COMMENT_ID = { format: 'uuid', example: '6a2f4b8e-0a53-4d6b-9a3a-5f6b1a9c7e10' } as const;
const OBJECT_TYPE = { enum: COMMENTED_TYPES, example: 'TRACE' } as const;
const OBJECT_ID = { example: 'b5c31fa3-0c2e-4a93-9a9b-3e9d13f0a001' } as const;

export class NewCommentDto {
  /** The project of the credentials. */
  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty(OBJECT_TYPE)
  objectType!: string;

  /** Of the trace, observation, session or version of a prompt. */
  @ApiProperty(OBJECT_ID)
  objectId!: string;

  /** Markdown. */
  @ApiProperty({ minLength: 1, maxLength: 5000, example: 'The tool was called **twice** with the same arguments.' })
  content!: string;

  /** Who wrote it, as your users are called. */
  @ApiProperty({ required: false, nullable: true, type: 'string', maxLength: 200, example: 'reviewer-3' })
  authorUserId?: string | null;
}

export class CreatedCommentDto {
  @ApiProperty(COMMENT_ID)
  id!: string;
}

export class CommentDto {
  @ApiProperty(COMMENT_ID)
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:30:00.000Z' })
  createdAt!: string;

  /** The same as createdAt: a comment is never changed. */
  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:30:00.000Z' })
  updatedAt!: string;

  @ApiProperty(OBJECT_TYPE)
  objectType!: string;

  @ApiProperty(OBJECT_ID)
  objectId!: string;

  @ApiProperty({ example: 'The tool was called **twice** with the same arguments.' })
  content!: string;

  @ApiProperty({ nullable: true, type: 'string', example: 'reviewer-3' })
  authorUserId!: string | null;
}

export class CommentPageDto {
  /** Newest first. */
  @ApiProperty({ type: [CommentDto] })
  data!: CommentDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;
}

export class CommentListQuery {
  /** From 1. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Comments a page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 100, default: 50, example: 50 })
  limit?: number;

  /** Only those about things of this type. */
  @ApiProperty({ required: false, enum: COMMENTED_TYPES, example: 'TRACE' })
  objectType?: string;

  /** Only those about this one; objectType has to say what it is. */
  @ApiProperty({ required: false, example: 'b5c31fa3-0c2e-4a93-9a9b-3e9d13f0a001' })
  objectId?: string;

  /** Only those by this author. */
  @ApiProperty({ required: false, example: 'reviewer-3' })
  authorUserId?: string;
}
