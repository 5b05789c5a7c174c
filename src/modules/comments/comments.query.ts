import { COMMENTED_TYPES } from '../../domain/comment.js';
import { InvalidInput } from '../../domain/errors.js';
import { type PageRequest } from '../../domain/page.js';
import { parseChoice, parseLimit, parsePage, parseText, type QueryString } from '../../http/query.js';
import { type CommentFilter } from '../../storage/comments/comment-store.js';

const LIMIT = { default: 50, max: 100 };
const PARAMETERS = new Set(['page', 'limit', 'objectType', 'objectId', 'authorUserId']);

/**
 * What GET /api/public/comments asks for. Strict, as langfuse.md §2.1 says of this list.
 * @throws InvalidInput naming the parameter, also for one that is not known.
 */
export function parseCommentList(query: QueryString): { filter: CommentFilter; page: PageRequest } {
  for (const name of Object.keys(query)) {
    if (!PARAMETERS.has(name)) throw new InvalidInput(`${JSON.stringify(name)} is no parameter of this list`, name);
  }
  const objectType = parseChoice(query, 'objectType', COMMENTED_TYPES);
  const objectId = parseText(query, 'objectId');
  const authorUserId = parseText(query, 'authorUserId');
  if (objectId !== undefined && objectType === undefined)
    throw new InvalidInput('objectType is required with objectId', 'objectType');
  return {
    filter: {
      ...(objectType === undefined ? {} : { objectType }),
      ...(objectId === undefined ? {} : { objectId }),
      ...(authorUserId === undefined ? {} : { authorUserId }),
    },
    page: { page: parsePage(query), limit: parseLimit(query, LIMIT) },
  };
}
