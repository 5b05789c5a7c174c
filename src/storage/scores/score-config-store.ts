import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { isStorableText } from '../../domain/json.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { settleRule } from '../../domain/score-config-rules.js';
import { type ScoreConfig } from '../../domain/score-config.js';
import { micros } from '../bulk-insert.js';
import { ReadPool } from '../read-pool.js';
import { decodeRule, RULE_COLUMNS, type RuleColumns } from './score-rules.js';

/** More than anybody finds his way in; they bound what a list counts. */
const MAX_CONFIGS_PER_PROJECT = 1000;

/** A config to be made. */
export type NewScoreConfig = Omit<ScoreConfig, 'id' | 'createdAt' | 'updatedAt' | 'isArchived'>;

/** What of a config shall change; absent stays. Its type never changes. */
export type ScoreConfigChange = Partial<Omit<NewScoreConfig, 'dataType'> & Pick<ScoreConfig, 'isArchived'>>;

interface ConfigColumns extends RuleColumns {
  description: string | null;
  created_at: string;
  updated_at: string;
}

const COLUMNS = `${RULE_COLUMNS}, description, ${micros('created_at')} AS created_at, ${micros('updated_at')} AS updated_at`;

/** The configs that a project's scores can name. There is no way to delete one: archive it. */
@Injectable()
export class ScoreConfigStore {
  constructor(private readonly pool: ReadPool) {}

  /** Newest first, ties by id. */
  async list(project: Project, { page, limit }: PageRequest): Promise<Page<ScoreConfig>> {
    const offset = (page - 1) * limit;
    const [rows, [count]] = await Promise.all([
      this.pool.query<ConfigColumns>(
        `SELECT ${COLUMNS} FROM score_configs c WHERE project_no = $1 ` +
          'ORDER BY c.created_at DESC, c.id DESC LIMIT $2 OFFSET $3',
        [project.no, limit, offset],
      ),
      this.pool.query<{ n: number }>('SELECT count(*)::int4 AS n FROM score_configs WHERE project_no = $1', [
        project.no,
      ]),
    ]);
    const totalItems = count!.n;
    return { items: rows.map(decodeConfig), totalItems, isTotalCapped: false, hasMore: offset + limit < totalItems };
  }

  /** @throws NotFound unless the project has it. */
  async get(project: Project, id: string): Promise<ScoreConfig> {
    const [row] = isStorableText(id)
      ? await this.pool.query<ConfigColumns>(`SELECT ${COLUMNS} FROM score_configs WHERE project_no = $1 AND id = $2`, [
          project.no,
          id,
        ])
      : [];
    return decodeConfig(row ?? unknownConfig(id));
  }

  /** @throws InvalidInput for a config that makes no sense, or when the project has too many. */
  async create(project: Project, config: NewScoreConfig): Promise<ScoreConfig> {
    const settled = { ...config, ...settleRule(config) };
    const [row] = await this.pool.query<ConfigColumns>(
      'INSERT INTO score_configs (project_no, id, name, description, data_type, min_value, max_value, categories, ' +
        'is_archived, created_at, updated_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, false, now(), now() ' +
        `WHERE (SELECT count(*) FROM score_configs WHERE project_no = $1) < $9 RETURNING ${COLUMNS}`,
      [project.no, randomUUID(), ...valuesOf(settled), MAX_CONFIGS_PER_PROJECT],
    );
    if (row === undefined)
      throw new InvalidInput(`a project has at most ${MAX_CONFIGS_PER_PROJECT} score configs: change one instead`);
    return decodeConfig(row);
  }

  /**
   * Changes a config; scores that are stored stay as they are.
   * @throws NotFound unless the project has it, InvalidInput when it would make no sense any more.
   */
  async change(project: Project, id: string, change: ScoreConfigChange): Promise<ScoreConfig> {
    if (!isStorableText(id)) unknownConfig(id);
    return this.pool.transaction(async (run) => {
      const [known] = await run<ConfigColumns>(
        `SELECT ${COLUMNS} FROM score_configs WHERE project_no = $1 AND id = $2 FOR UPDATE`,
        [project.no, id],
      );
      const wanted = { ...decodeConfig(known ?? unknownConfig(id)), ...change };
      const settled = { ...wanted, ...settleRule(wanted) };
      const [row] = await run<ConfigColumns>(
        'UPDATE score_configs SET name = $3, description = $4, data_type = $5, min_value = $6, max_value = $7, ' +
          `categories = $8, is_archived = $9, updated_at = now() WHERE project_no = $1 AND id = $2 RETURNING ${COLUMNS}`,
        [project.no, id, ...valuesOf(settled), settled.isArchived],
      );
      return decodeConfig(row!);
    });
  }
}

function valuesOf({ name, description, dataType, minValue, maxValue, categories }: NewScoreConfig): unknown[] {
  return [name, description, dataType, minValue, maxValue, categories === null ? null : JSON.stringify(categories)];
}

function decodeConfig(row: ConfigColumns): ScoreConfig {
  return {
    ...decodeRule(row),
    description: row.description,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}

function unknownConfig(id: string): never {
  throw new NotFound(`Score config ${id} not found within authorized project`);
}
