import { InvalidInput } from '../../domain/errors.js';
import { isStorableText } from '../../domain/json.js';
import {
  findReferences,
  type IncludedPrompt,
  MAX_REFERENCE_DEPTH,
  MAX_REFERENCES,
  type PromptReference,
  referenceKey,
} from '../../domain/prompt-reference.js';
import { type RunStatement } from '../read-pool.js';
import { type IncludedColumns, toIncluded } from './prompt-rows.js';

/** Parameters: project, then names, versions and labels in step. Each look-up goes through primary keys. */
const REFERENCED_SQL =
  'SELECT r.n::int4 AS n, v.id, v.name, v.version, p.type, v.content ' +
  'FROM unnest($2::text[], $3::int4[], $4::text[]) WITH ORDINALITY AS r(name, version, label, n) ' +
  'CROSS JOIN LATERAL (SELECT * FROM prompt_versions s WHERE s.project_no = $1 AND s.name = r.name AND s.version = ' +
  'coalesce(r.version, (SELECT l.version FROM prompt_labels l WHERE l.project_no = $1 AND l.name = r.name AND l.label = r.label)) ' +
  'LIMIT 1) v JOIN prompts p ON p.project_no = $1 AND p.name = v.name';

/**
 * Every prompt that `root` includes, directly or through others, by `referenceKey`; one statement for each level. What the
 * project does not have is missing, and so is what lies deeper than prompts may include prompts.
 * @throws InvalidInput when they are too many.
 */
export async function loadReferences(
  run: RunStatement,
  projectNo: number,
  root: IncludedPrompt,
): Promise<ReadonlyMap<string, IncludedPrompt>> {
  const known = new Map<string, IncludedPrompt>();
  const asked = new Set<string>();
  let level = [root];
  for (let depth = 0; depth < MAX_REFERENCE_DEPTH && level.length > 0; depth += 1) {
    const wanted = new Map<string, PromptReference>();
    for (const { content } of level) {
      for (const reference of findReferences(content)) {
        const key = referenceKey(reference);
        if (!asked.has(key)) wanted.set(key, reference);
      }
    }
    if (wanted.size === 0) break;
    for (const key of wanted.keys()) asked.add(key);
    if (asked.size > MAX_REFERENCES)
      throw new InvalidInput(`A prompt may include at most ${MAX_REFERENCES} others`, 'prompt');
    const references = [...wanted.values()].filter(isStorable);
    const rows = await run<IncludedColumns & { n: number }>(REFERENCED_SQL, [
      projectNo,
      references.map(({ name }) => name),
      references.map(({ selector }) => selector.version ?? null),
      references.map(({ selector }) => selector.label ?? null),
    ]);
    level = rows.map((row) => {
      const included = toIncluded(row);
      known.set(referenceKey(references[row.n - 1]!), included);
      return included;
    });
  }
  return known;
}

function isStorable({ name, selector }: PromptReference): boolean {
  return isStorableText(name) && isStorableText(selector.label ?? '');
}
