import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Conflict, InvalidInput, NotFound } from '../../domain/errors.js';
import { type JsonText } from '../../domain/json.js';
import { type Project, type ProjectDescription } from '../../domain/project.js';
import { ReadPool } from '../read-pool.js';
import { changingKeys, KeyCopies } from './key-changes.js';

/** Enough for a team per project; what is kept in memory of each, such as deliveries and limits, stays bounded. */
export const MAX_PROJECTS = 1000;

/**
 * Parameters: id, name, metadata. Numbers are given once and for ever, so that data of a deleted project never belong to
 * another. Inserts nothing where a project has the id.
 */
export const INSERT_PROJECT =
  'INSERT INTO projects (no, id, name, metadata) SELECT coalesce(max(no), 0) + 1, $1, $2, $3::jsonb FROM projects ' +
  'HAVING NOT EXISTS (SELECT FROM projects WHERE id = $1 AND deleted_at IS NULL) ON CONFLICT DO NOTHING RETURNING no';

const COLUMNS = 'no, id, name, metadata::text AS metadata, created_at, updated_at';

interface ProjectColumns {
  no: number;
  id: string;
  name: string;
  metadata: JsonText;
  created_at: Date;
  updated_at: Date;
}

/** What is said of a project when it is made or changed. */
export interface ProjectPatch {
  readonly name: string;
  /** A JSON object; undefined leaves it as it is. */
  readonly metadata?: JsonText;
}

/** The projects of this server. */
@Injectable()
export class ProjectStore {
  constructor(
    private readonly pool: ReadPool,
    private readonly copies: KeyCopies,
  ) {}

  /** All of them, the oldest first. */
  async list(): Promise<ProjectDescription[]> {
    const rows = await this.pool.query<ProjectColumns>(
      `SELECT ${COLUMNS} FROM projects WHERE deleted_at IS NULL ORDER BY no`,
    );
    return rows.map(toDescription);
  }

  /** @throws NotFound */
  async describe(project: Project): Promise<ProjectDescription> {
    const [row] = await this.pool.query<ProjectColumns>(
      `SELECT ${COLUMNS} FROM projects WHERE no = $1 AND deleted_at IS NULL`,
      [project.no],
    );
    return toDescription(row ?? notFound(project.id));
  }

  /** The project that clients call `id`. @throws NotFound */
  async find(id: string): Promise<Project> {
    const [row] = await this.pool.query<{ no: number }>(
      'SELECT no FROM projects WHERE id = $1 AND deleted_at IS NULL',
      [id],
    );
    return { no: (row ?? notFound(id)).no, id };
  }

  /** Makes a project; its id is made as well unless given. @throws Conflict when there is one of that id. */
  async create({ name, metadata = '{}' }: ProjectPatch, id: string = randomUUID()): Promise<ProjectDescription> {
    for (;;) {
      const [row] = await this.pool.query<{ no: number }>(
        `${INSERT_PROJECT.replace('HAVING', 'HAVING count(*) FILTER (WHERE deleted_at IS NULL) < $4 AND')}`,
        [id, name, metadata, MAX_PROJECTS],
      );
      if (row !== undefined) return await this.describe({ no: row.no, id });
      const projects = await this.list();
      if (projects.some((project) => project.id === id)) throw new Conflict(`There is a project ${id} already`);
      if (projects.length >= MAX_PROJECTS) {
        throw new InvalidInput(`a server has at most ${MAX_PROJECTS} projects: delete one first`);
      }
      // Somebody else has taken the number.
    }
  }

  /** @throws NotFound */
  async update(project: Project, { name, metadata }: ProjectPatch): Promise<ProjectDescription> {
    const [row] = await this.pool.query<ProjectColumns>(
      'UPDATE projects SET name = $2, metadata = coalesce($3::jsonb, metadata), updated_at = clock_timestamp() ' +
        `WHERE no = $1 AND deleted_at IS NULL RETURNING ${COLUMNS}`,
      [project.no, name, metadata ?? null],
    );
    return toDescription(row ?? notFound(project.id));
  }

  /**
   * Deletes a project: it is gone for everybody, and its keys open nothing from here on. Its data are removed in the
   * background, see `ProjectRemoval`.
   * @throws NotFound
   */
  async delete(project: Project): Promise<void> {
    const rows = await this.pool.query(
      changingKeys({
        statement:
          'UPDATE projects SET deleted_at = clock_timestamp() WHERE no = $1 AND deleted_at IS NULL RETURNING no',
        after: 'revoked AS (DELETE FROM api_keys WHERE project_no IN (SELECT no FROM changed))',
      }),
      [project.no],
    );
    if (rows.length === 0) notFound(project.id);
    await this.copies.refresh();
  }
}

function toDescription(row: ProjectColumns): ProjectDescription {
  return {
    id: row.id,
    name: row.name,
    metadata: row.metadata,
    createdAt: row.created_at.getTime() * 1000,
    updatedAt: row.updated_at.getTime() * 1000,
  };
}

function notFound(id: string): never {
  throw new NotFound(`Project ${id} not found within authorized organization`);
}
