import { type Comment } from '../../domain/comment.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { presentTime } from '../../domain/time.js';
import { type CommentDto, type CommentPageDto } from './comments.dto.js';

export function presentComment(project: Project, comment: Comment): CommentDto {
  const time = presentTime(comment.createdAt);
  return {
    id: comment.id,
    projectId: project.id,
    createdAt: time,
    updatedAt: time,
    objectType: comment.objectType,
    objectId: comment.objectId,
    content: comment.content,
    authorUserId: comment.authorUserId,
  };
}

export function presentCommentPage(
  project: Project,
  page: Page<Comment>,
  { page: number, limit }: PageRequest,
): CommentPageDto {
  const counted = Math.ceil(page.totalItems / limit);
  const totalPages = page.hasMore ? Math.max(counted, number + 1) : counted;
  return {
    data: page.items.map((comment) => presentComment(project, comment)),
    meta: { page: number, limit, totalItems: page.totalItems, totalPages },
  };
}
