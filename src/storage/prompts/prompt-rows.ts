import { type JsonText } from '../../domain/json.js';
import { type PromptContent, type PromptSelector, type PromptType, type PromptVersion } from '../../domain/prompt.js';
import { type IncludedPrompt } from '../../domain/prompt-reference.js';
import { micros } from '../bulk-insert.js';

/** A row of `PROMPT_COLUMNS` as `pg` gives it. */
export interface PromptColumns {
  id: string;
  name: string;
  version: number;
  type: PromptType;
  content: JsonText;
  config: JsonText;
  tags: string[];
  labels: string[];
  commit_message: string | null;
  created_by: string;
  created_at: string;
  updated_at: string;
}

/** The columns of a version: of `v`, a row of `prompt_versions`, and `p`, its row of `prompts`. */
const PROMPT_COLUMNS =
  `v.id, v.name, v.version, p.type, v.content, v.config, p.tags, v.commit_message, v.created_by, ` +
  `${micros('v.created_at')} AS created_at, ${micros('v.updated_at')} AS updated_at, ` +
  'ARRAY(SELECT l.label FROM prompt_labels l WHERE l.project_no = v.project_no AND l.name = v.name ' +
  'AND l.version = v.version ORDER BY l.position) AS labels';

const FROM =
  'FROM prompt_versions v JOIN prompts p ON p.project_no = v.project_no AND p.name = v.name ' +
  'WHERE v.project_no = $1 AND v.name = $2 AND v.version = ';

/** Parameters: project, name, version. */
const BY_VERSION_SQL = `SELECT ${PROMPT_COLUMNS} ${FROM} $3::int4`;

/** Parameters: project, name, label. */
const BY_LABEL_SQL =
  `SELECT ${PROMPT_COLUMNS} ${FROM} ` +
  '(SELECT s.version FROM prompt_labels s WHERE s.project_no = $1 AND s.name = $2 AND s.label = $3)';

/** One statement over primary keys, and its parameters. */
export function promptStatement(
  projectNo: number,
  name: string,
  { version, label }: PromptSelector,
): readonly [sql: string, params: readonly unknown[]] {
  return version === undefined
    ? [BY_LABEL_SQL, [projectNo, name, label]]
    : [BY_VERSION_SQL, [projectNo, name, version]];
}

export function toPrompt(row: PromptColumns): PromptVersion {
  return {
    id: row.id,
    name: row.name,
    version: row.version,
    type: row.type,
    content: JSON.parse(row.content) as PromptContent,
    config: row.config,
    tags: row.tags,
    labels: row.labels,
    commitMessage: row.commit_message,
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}

export type IncludedColumns = Pick<PromptColumns, 'id' | 'name' | 'version' | 'type' | 'content'>;

export function toIncluded({ id, name, version, type, content }: IncludedColumns): IncludedPrompt {
  return { id, name, version, type, content: JSON.parse(content) as PromptContent };
}
