import { type Micros } from './time.js';

/** What can be commented on (langfuse.md §2.8). */
export const COMMENTED_TYPES = ['TRACE', 'OBSERVATION', 'SESSION', 'PROMPT'] as const;
export type CommentedType = (typeof COMMENTED_TYPES)[number];

/** What somebody wrote about a thing. It is never changed. */
export interface Comment {
  readonly id: string;
  readonly objectType: CommentedType;
  readonly objectId: string;
  readonly content: string;
  /** As the client names its author; null when it does not. */
  readonly authorUserId: string | null;
  readonly createdAt: Micros;
}
