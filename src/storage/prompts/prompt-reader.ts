import { Injectable } from '@nestjs/common';
import { NotFound } from '../../domain/errors.js';
import { isStorableText, type JsonText } from '../../domain/json.js';
import { type Filter } from '../../domain/filter.js';
import { type Observation } from '../../domain/observation.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import {
  describePrompt,
  type PromptSelector,
  type PromptSummary,
  type PromptType,
  type PromptVersion,
} from '../../domain/prompt.js';
import { findReferences, type ResolvedPrompt, resolvePrompt } from '../../domain/prompt-reference.js';
import { type Micros } from '../../domain/time.js';
import { micros } from '../bulk-insert.js';
import { conditionSql } from '../filter/filter-sql.js';
import { ReadPool } from '../read-pool.js';
import { CappedCounter } from '../sql/capped-count.js';
import { pageOf, windowOf } from '../sql/paging.js';
import { lastOf, timestampLiteral, Where } from '../sql/where.js';
import { PROMPT_FILTER } from './prompt-filter.js';
import { loadReferences } from './prompt-references.js';
import { type PromptColumns, promptStatement, toPrompt } from './prompt-rows.js';

/** Which prompts a list shows; absent means all. All but `name` and `tag` choose versions. */
export interface PromptFilter {
  readonly name?: string;
  readonly tag?: string;
  readonly label?: string;
  readonly version?: number;
  /** Bounds of the last change of a version, both inclusive. */
  readonly from?: Micros;
  readonly to?: Micros;
  readonly conditions?: Filter;
}

/** A version as generations name it. */
export interface PromptLink {
  readonly name: string;
  readonly version: number;
}

interface SummaryColumns {
  name: string;
  type: PromptType;
  tags: string[];
  versions: number[];
  labels: string[];
  updated_at: string;
  config: JsonText;
}

const IDS_SQL =
  'SELECT k.n::int4 AS n, v.id FROM unnest($2::text[], $3::int4[]) WITH ORDINALITY AS k(name, version, n) CROSS JOIN LATERAL ' +
  '(SELECT s.id FROM prompt_versions s WHERE s.project_no = $1 AND s.name = k.name AND s.version = k.version LIMIT 1) v';

/** A version as a number says it: `1`, not `01` or `1.0`. */
const WHOLE = /^[1-9]\d{0,8}$/;

/** Reads prompts. */
@Injectable()
export class PromptReader {
  private readonly counter: CappedCounter;

  constructor(private readonly pool: ReadPool) {
    this.counter = new CappedCounter(pool);
  }

  /**
   * One version, by one statement over primary keys.
   * @throws NotFound unless the project has it.
   */
  async getPrompt(project: Project, name: string, selector: PromptSelector): Promise<PromptVersion> {
    const [row] =
      isStorableText(name) && isStorableText(selector.label ?? '')
        ? await this.pool.query<PromptColumns>(...promptStatement(project.no, name, selector))
        : [];
    if (row === undefined) throw new NotFound(`Prompt not found: ${describePrompt(name, selector)}`);
    return toPrompt(row);
  }

  /**
   * A prompt with what it includes: one more statement for each level of prompts that it includes, none where there is none.
   * @throws InvalidInput when that cannot be had; see `resolvePrompt`.
   */
  async resolve(project: Project, prompt: PromptVersion): Promise<ResolvedPrompt> {
    if (findReferences(prompt.content).length === 0) return { content: prompt.content, graph: undefined };
    return resolvePrompt(
      prompt,
      await loadReferences((sql, params) => this.pool.query(sql, params), project.no, prompt),
    );
  }

  /**
   * By name, in bytewise order.
   * @throws InvalidInput for conditions on columns that there are not.
   */
  async findPrompts(project: Project, filter: PromptFilter, page: PageRequest): Promise<Page<PromptSummary>> {
    const { where, ofVersion } = wherePrompts(project.no, filter);
    const window = windowOf(page);
    const shown = where.copy();
    const sql =
      'SELECT p.name, p.type, p.tags, m.versions, m.labels, m.updated_at, c.config FROM ' +
      `(SELECT p.* FROM prompts p WHERE ${shown.sql} ORDER BY p.name LIMIT ${shown.bind(window.limit, 'int4')} ` +
      `OFFSET ${shown.bind(window.offset, 'int8')}) p CROSS JOIN LATERAL ` +
      `(SELECT array_agg(v.version ORDER BY v.version) AS versions, ${micros('max(v.updated_at)')} AS updated_at, ` +
      'ARRAY(SELECT l.label FROM prompt_labels l WHERE l.project_no = p.project_no AND l.name = p.name ' +
      'AND l.version = ANY(array_agg(v.version)) ORDER BY l.label) AS labels ' +
      `FROM prompt_versions v WHERE v.project_no = p.project_no AND v.name = p.name${ofVersion}) m ` +
      'JOIN prompt_versions c ON c.project_no = p.project_no AND c.name = p.name ' +
      'AND c.version = m.versions[cardinality(m.versions)] ORDER BY p.name';
    const [rows, count] = await Promise.all([
      this.pool.query<SummaryColumns>(sql, shown.parameters),
      this.counter.count('prompts p', where),
    ]);
    const cut = pageOf(rows, window, count, undefined);
    return { ...cut, items: cut.items.map(toSummary) };
  }

  /** The ids of versions, at the positions of `links`; undefined where the project has no such version. */
  async idsOf(project: Project, links: readonly PromptLink[]): Promise<(string | undefined)[]> {
    const ids = new Array<string | undefined>(links.length).fill(undefined);
    if (links.length === 0) return ids;
    const rows = await this.pool.query<{ n: number; id: string }>(IDS_SQL, [
      project.no,
      links.map(({ name }) => name),
      links.map(({ version }) => version),
    ]);
    for (const { n, id } of rows) ids[n - 1] = id;
    return ids;
  }

  /** Fills in the id of the prompt that each of `observations` names and has no id of; one statement where there is any. */
  async linkPrompts(project: Project, observations: readonly Observation[]): Promise<void> {
    const links = new Map<string, PromptLink & { readonly observations: Observation[] }>();
    for (const seen of observations) {
      const { promptId, promptName: name, promptVersion } = seen;
      if (promptId !== null || name === null || promptVersion === null || !WHOLE.test(promptVersion)) continue;
      const link = links.get(`${promptVersion}|${name}`);
      if (link === undefined)
        links.set(`${promptVersion}|${name}`, { name, version: Number(promptVersion), observations: [seen] });
      else link.observations.push(seen);
    }
    const found = [...links.values()];
    const ids = await this.idsOf(project, found);
    found.forEach((link, i) => {
      for (const seen of link.observations) seen.promptId = ids[i] ?? null;
    });
  }
}

/** Conditions on `p`, a row of `prompts`, and those on `v`, a row of `prompt_versions` beside it, each of these after an AND. */
function wherePrompts(projectNo: number, filter: PromptFilter): { where: Where; ofVersion: string } {
  const where = new Where();
  where.and(`p.project_no = ${where.bind(projectNo, 'int4')}`);
  if (filter.name !== undefined) where.and(`p.name = ${where.bind(filter.name, 'text')}`);
  if (filter.tag !== undefined) where.and(`p.tags @> ARRAY[${where.bind(filter.tag, 'text')}]`);
  const ofVersion = bindVersion(where, filter);
  if (ofVersion !== '') {
    where.and(
      `EXISTS (SELECT FROM prompt_versions v WHERE v.project_no = p.project_no AND v.name = p.name${ofVersion})`,
    );
  }
  return { where, ofVersion };
}

function bindVersion(where: Where, { label, version, from, to, conditions = [] }: PromptFilter): string {
  const parts = PROMPT_FILTER.resolve(conditions).map((condition) => conditionSql(where, condition));
  if (version !== undefined) parts.push(`v.version = ${where.bind(version, 'int4')}`);
  if (label !== undefined) {
    parts.push(
      'EXISTS (SELECT FROM prompt_labels l WHERE l.project_no = v.project_no AND l.name = v.name ' +
        `AND l.version = v.version AND l.label = ${where.bind(label, 'text')})`,
    );
  }
  if (from !== undefined) parts.push(`v.updated_at >= ${where.bind(timestampLiteral(from), 'timestamptz')}`);
  if (to !== undefined) parts.push(`v.updated_at <= ${where.bind(timestampLiteral(lastOf(to)), 'timestamptz')}`);
  return parts.map((part) => ` AND ${part}`).join('');
}

function toSummary(row: SummaryColumns): PromptSummary {
  return {
    name: row.name,
    type: row.type,
    versions: row.versions,
    labels: row.labels,
    tags: row.tags,
    lastUpdatedAt: Number(row.updated_at),
    lastConfig: row.config,
  };
}
