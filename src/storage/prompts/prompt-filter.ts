import { FilterColumns } from '../filter/filter-columns.js';

const LABELS =
  'ARRAY(SELECT l.label FROM prompt_labels l WHERE l.project_no = v.project_no AND l.name = v.name AND l.version = v.version)';

/**
 * What a filter of prompts can speak of, with values as patterns (Langfuse API 4, `prompts.list`). Columns are those of `v`,
 * a row of `prompt_versions`, and `p`, its row of `prompts`.
 */
export const PROMPT_FILTER = new FilterColumns([
  { name: 'id', kind: 'text', sql: 'v.id::text', isPattern: true },
  { name: 'name', kind: 'text', sql: 'v.name', isPattern: true },
  { name: 'type', kind: 'text', sql: 'p.type', isPattern: true },
  { name: 'version', kind: 'number', sql: 'v.version' },
  { name: 'createdAt', kind: 'time', sql: 'v.created_at' },
  { name: 'updatedAt', kind: 'time', sql: 'v.updated_at' },
  { name: 'labels', kind: 'texts', sql: LABELS },
  { name: 'tags', kind: 'texts', sql: 'p.tags' },
  { name: 'config', kind: 'object', sql: 'v.config::jsonb', isPattern: true },
]);
