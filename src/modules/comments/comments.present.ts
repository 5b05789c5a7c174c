import { type Comment } from '../../domain/comment.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { presentTime } from '../../domain/time.js';
import { presentPageMeta } from '../../http/page-meta.js';
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

export function presentCommentPage(project: Project, page: Page<Comment>, request: PageRequest): CommentPageDto {
  return {
    data: page.items.map((comment) => presentComment(project, comment)),
    meta: presentPageMeta(page, request),
  };
}
