import { type Comment, COMMENTED_TYPES } from '../../domain/comment.js';
import { InvalidInput } from '../../domain/errors.js';
import { idProblem } from '../../domain/identifier.js';
import { isStorableText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';

/** Langfuse's limit. */
export const MAX_COMMENT_LENGTH = 5000;
const MAX_AUTHOR_LENGTH = 200;

/** What POST /api/public/comments asks for. @throws InvalidInput naming the field. Unknown fields are ignored. */
export function parseNewComment(body: unknown, project: Project): Omit<Comment, 'id' | 'createdAt'> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new InvalidInput('The body must be a JSON object', 'body');
  const members = new Map<string, unknown>(Object.entries(body));
  // The credential alone says where it goes; one that is meant for somewhere else goes nowhere.
  if (members.get('projectId') !== project.id)
    throw new InvalidInput(`projectId must be the project of the credentials, ${project.id}`, 'projectId');
  const objectType = COMMENTED_TYPES.find((type) => type === members.get('objectType'));
  if (objectType === undefined)
    throw new InvalidInput(`objectType must be one of ${COMMENTED_TYPES.join(', ')}`, 'objectType');
  const objectId = members.get('objectId');
  const problem = typeof objectId === 'string' ? idProblem(objectId) : 'must be text';
  if (problem !== undefined) throw new InvalidInput(`objectId ${problem}`, 'objectId');
  return {
    objectType,
    objectId: objectId as string,
    content: readText(members.get('content'), 'content', MAX_COMMENT_LENGTH),
    authorUserId:
      (members.get('authorUserId') ?? null) === null
        ? null
        : readText(members.get('authorUserId'), 'authorUserId', MAX_AUTHOR_LENGTH),
  };
}

function readText(value: unknown, field: string, maxLength: number): string {
  if (typeof value !== 'string' || value === '' || value.length > maxLength || !isStorableText(value))
    throw new InvalidInput(`${field} must be text of 1 to ${maxLength} characters`, field);
  return value;
}
