import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Comment, type CommentedType } from '../../domain/comment.js';
import { NotFound } from '../../domain/errors.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { micros } from '../bulk-insert.js';
import { ReadPool } from '../read-pool.js';
import { CappedCounter } from '../sql/capped-count.js';
import { pageOf, windowOf } from '../sql/paging.js';
import { Where } from '../sql/where.js';
import { COMMENTED_THING } from './commented-things.js';

/** Which comments a list shows; every condition must hold, an absent one always does. */
export interface CommentFilter {
  readonly objectType?: CommentedType;
  readonly objectId?: string;
  readonly authorUserId?: string;
}

interface CommentColumns extends Omit<Comment, 'createdAt'> {
  /** int8 as text. */
  readonly createdAt: string;
}

const COLUMNS =
  'c.id, c.object_type AS "objectType", c.object_id AS "objectId", c.content, c.author_user_id AS "authorUserId", ' +
  `${micros('c.created_at')} AS "createdAt"`;

/** What people write about traces, observations, sessions and prompts. */
@Injectable()
export class CommentStore {
  private readonly counter: CappedCounter;

  constructor(private readonly pool: ReadPool) {
    this.counter = new CappedCounter(pool);
  }

  /**
   * Adds a comment; committed when it resolves with its id.
   * @throws NotFound when the project does not have what it is about.
   */
  async create(project: Project, comment: Omit<Comment, 'id' | 'createdAt'>): Promise<string> {
    const { objectType, objectId, content, authorUserId } = comment;
    const [found] = await this.pool.query(`${COMMENTED_THING[objectType]('$1', '$2')} LIMIT 1`, [project.no, objectId]);
    if (found === undefined) throw new NotFound(`${objectType} ${objectId} not found within authorized project`);
    const id = randomUUID();
    await this.pool.query(
      'INSERT INTO comments (project_no, id, object_type, object_id, content, author_user_id, created_at) ' +
        'VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())',
      [project.no, id, objectType, objectId, content, authorUserId],
    );
    return id;
  }

  /** @throws NotFound unless the project has it. */
  async get(project: Project, id: string): Promise<Comment> {
    const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
    const [row] = isUuid
      ? await this.pool.query<CommentColumns>(
          `SELECT ${COLUMNS} FROM comments c WHERE c.project_no = $1 AND c.id = $2`,
          [project.no, id],
        )
      : [];
    if (row === undefined) throw new NotFound(`Comment ${id} not found within authorized project`);
    return decode(row);
  }

  /** One page, newest first. */
  async find(project: Project, filter: CommentFilter, page: PageRequest): Promise<Page<Comment>> {
    const window = windowOf(page);
    const where = new Where();
    where.and(`c.project_no = ${where.bind(project.no, 'int4')}`);
    for (const [column, value] of [
      ['c.object_id', filter.objectId],
      ['c.object_type', filter.objectType],
      ['c.author_user_id', filter.authorUserId],
    ] as const) {
      if (value !== undefined) where.and(`${column} = ${where.bind(value, 'text')}`);
    }
    const [rows, count] = await Promise.all([
      this.pool.query<CommentColumns>(
        `SELECT ${COLUMNS} FROM comments c WHERE ${where.sql} ORDER BY c.created_at DESC, c.id ` +
          `LIMIT ${window.limit} OFFSET ${window.offset}`,
        where.parameters,
      ),
      this.counter.count('comments c', where),
    ]);
    const cut = pageOf(rows, window, count, undefined);
    return { ...cut, items: cut.items.map(decode) };
  }
}

function decode(row: CommentColumns): Comment {
  return { ...row, createdAt: Number(row.createdAt) };
}
