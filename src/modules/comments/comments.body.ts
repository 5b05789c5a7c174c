import { type Comment, COMMENTED_TYPES } from '../../domain/comment.js';
import { InvalidInput } from '../../domain/errors.js';
import { missing, readChoice, readId, readText, toMembers } from '../../domain/members.js';
import { type Project } from '../../domain/project.js';

/** Langfuse's limit. */
const MAX_COMMENT_LENGTH = 5000;
const MAX_AUTHOR_LENGTH = 200;

/** What POST /api/public/comments asks for. @throws InvalidInput naming the field. Unknown fields are ignored. */
export function parseNewComment(body: unknown, project: Project): Omit<Comment, 'id' | 'createdAt'> {
  const members = toMembers(body);
  // The credential alone says where it goes; one that is meant for somewhere else goes nowhere.
  if (members.get('projectId') !== project.id)
    throw new InvalidInput(`projectId must be the project of the credentials, ${project.id}`, 'projectId');
  return {
    objectType: readChoice(members, 'objectType', COMMENTED_TYPES) ?? missing('objectType'),
    objectId: readId(members, 'objectId') ?? missing('objectId'),
    content: readText(members, 'content', MAX_COMMENT_LENGTH) ?? missing('content'),
    authorUserId: readText(members, 'authorUserId', MAX_AUTHOR_LENGTH) ?? null,
  };
}
