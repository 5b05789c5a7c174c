import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { toJsonText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import {
  describePrompt,
  labelsOfNewVersion,
  LATEST,
  type PromptDraft,
  type PromptSelector,
  type PromptType,
  type PromptVersion,
} from '../../domain/prompt.js';
import { findReferences, type ResolvedPrompt, resolvePrompt } from '../../domain/prompt-reference.js';
import { ReadPool, type RunStatement } from '../read-pool.js';
import { loadReferences } from './prompt-references.js';
import { type PromptColumns, promptStatement, toPrompt } from './prompt-rows.js';

/** Namespace of the advisory locks of projects whose prompts change ("prom" in ASCII). */
const PROMPT_LOCKS = 0x70726f6d;

/** Who made a version, as Langfuse says of everything that came by the API. */
const CREATED_BY = 'API';

/** Answers show milliseconds, and whoever filters by what was shown means it. */
const NOW = "date_trunc('milliseconds', clock_timestamp())";

/** Parameters: project, name, labels. Those that lose one of the labels have changed. */
const TOUCH_HOLDERS_SQL =
  `UPDATE prompt_versions v SET updated_at = ${NOW} FROM prompt_labels l WHERE l.project_no = $1 AND l.name = $2 ` +
  'AND l.label = ANY($3::text[]) AND v.project_no = $1 AND v.name = $2 AND v.version = l.version';

/** Parameters: project, name, labels, version. A label goes where it is put; one that is there already keeps its place. */
const PUT_LABELS_SQL =
  'INSERT INTO prompt_labels AS old (project_no, name, label, version, position) SELECT $1, $2, n.label, $4, ' +
  '(SELECT coalesce(max(l.position), 0) FROM prompt_labels l WHERE l.project_no = $1 AND l.name = $2 AND l.version = $4) + n.i ' +
  'FROM unnest($3::text[]) WITH ORDINALITY AS n(label, i) ON CONFLICT (project_no, name, label) ' +
  'DO UPDATE SET version = excluded.version, position = excluded.position WHERE old.version <> excluded.version';

/**
 * Makes, labels and deletes prompts. Changes of one project's prompts wait for each other, so that versions follow one
 * another, a label is on one version, and two changes cannot close a circle of references between them.
 */
@Injectable()
export class PromptStore {
  /** The last change of this process: a burst of them waits here, and not on all the connections that reads need. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly pool: ReadPool) {}

  /**
   * Adds a version after the highest one of its name, with its labels and `latest`, which other versions lose.
   * @throws InvalidInput when earlier versions have another type, or what it includes cannot be resolved.
   */
  async create(project: Project, draft: PromptDraft): Promise<PromptVersion> {
    return this.change(project, async (run) => {
      const { name } = draft;
      const version = await this.insertVersion(run, project.no, draft);
      await putLabels(run, project.no, { name, version, labels: labelsOfNewVersion(draft.labels) });
      const made = await getVersion(run, project, name, { version });
      const { graph } = await resolveWith(run, project.no, made);
      const included = [...(graph?.dependencies.values() ?? [])].flat();
      if (included.some((node) => node.name === name))
        throw new InvalidInput(`Circular dependency: '${name}' must not include a version of itself`, 'prompt');
      return made;
    });
  }

  /**
   * Puts labels on a version; other versions lose them, and it keeps those it has.
   * @throws NotFound unless the project has the version, InvalidInput when prompts would then include each other in a circle.
   */
  async addLabels(project: Project, name: string, version: number, labels: readonly string[]): Promise<PromptVersion> {
    return this.change(project, async (run) => {
      const { labels: held } = await getVersion(run, project, name, { version });
      const added = [...new Set(labels)].filter((label) => !held.includes(label));
      if (added.length > 0) {
        await putLabels(run, project.no, { name, version, labels: added });
        await run(
          `UPDATE prompt_versions SET updated_at = ${NOW} WHERE project_no = $1 AND name = $2 AND version = $3`,
          [project.no, name, version],
        );
      }
      const labelled = await getVersion(run, project, name, { version });
      await resolveWith(run, project.no, labelled);
      return labelled;
    });
  }

  /**
   * Deletes one version, or all of them. `latest` goes to the highest version that is left.
   * @throws NotFound when there is none such, InvalidInput when other prompts include what would be gone.
   */
  async delete(project: Project, name: string, selector?: PromptSelector): Promise<void> {
    await this.change(project, async (run) => {
      const versions = await run<{ version: number; labels: string[] }>(
        'SELECT v.version, ARRAY(SELECT l.label FROM prompt_labels l WHERE l.project_no = $1 AND l.name = $2 ' +
          'AND l.version = v.version) AS labels FROM prompt_versions v WHERE v.project_no = $1 AND v.name = $2 ' +
          'ORDER BY v.version',
        [project.no, name],
      );
      const doomed = versions.filter(({ version, labels }) => {
        if (selector === undefined) return true;
        return selector.version === undefined ? labels.includes(selector.label) : version === selector.version;
      });
      if (doomed.length === 0) {
        const shown = selector === undefined ? `'${name}'` : describePrompt(name, selector);
        throw new NotFound(`Prompt not found: ${shown}`);
      }
      const left = versions.filter((version) => !doomed.includes(version));
      const labels = doomed.flatMap((version) => version.labels);
      await refuseIfUsed(run, project.no, {
        name,
        versions: doomed.map(({ version }) => version),
        labels: left.length === 0 ? labels : labels.filter((label) => label !== LATEST),
      });
      await deleteVersions(run, project.no, name, doomed);
      const highest = left.at(-1);
      if (highest === undefined) {
        await run('DELETE FROM prompts WHERE project_no = $1 AND name = $2', [project.no, name]);
      } else if (labels.includes(LATEST)) {
        await putLabels(run, project.no, { name, version: highest.version, labels: [LATEST] });
        await resolveWith(run, project.no, await getVersion(run, project, name, highest));
      }
    });
  }

  private change<T>(project: Project, work: (run: RunStatement) => Promise<T>): Promise<T> {
    const change = async (): Promise<T> =>
      this.pool.transaction(async (run) => {
        // Alone in its statement: one that also reads would read what was there before the wait.
        await run('SELECT pg_advisory_xact_lock($1, $2)', [PROMPT_LOCKS, project.no]);
        return work(run);
      });
    const result = this.last.then(change);
    this.last = result.catch(() => undefined);
    return result;
  }

  private async insertVersion(run: RunStatement, projectNo: number, draft: PromptDraft): Promise<number> {
    const { name, type, content, config, tags, commitMessage } = draft;
    const [known] = await run<{ type: PromptType; version: number }>(
      'SELECT p.type, (SELECT max(v.version) FROM prompt_versions v WHERE v.project_no = $1 AND v.name = $2) AS version ' +
        'FROM prompts p WHERE p.project_no = $1 AND p.name = $2',
      [projectNo, name],
    );
    if (known !== undefined && known.type !== type) {
      throw new InvalidInput(
        `Previous versions of '${name}' are of type ${known.type}: a version must have the same type`,
        'type',
      );
    }
    const version = (known?.version ?? 0) + 1;
    await run(
      `INSERT INTO prompts (project_no, name, type, tags, created_at) VALUES ($1, $2, $3, coalesce($4::text[], '{}'), ${NOW}) ` +
        'ON CONFLICT (project_no, name) DO UPDATE SET tags = coalesce($4::text[], prompts.tags)',
      [projectNo, name, type, tags ?? null],
    );
    await run(
      'INSERT INTO prompt_versions (project_no, name, version, id, content, config, commit_message, created_by, created_at, updated_at) ' +
        `SELECT $1, $2, $3, $4, $5, $6, $7, $8, t.now, t.now FROM (SELECT ${NOW} AS now) t`,
      [projectNo, name, version, randomUUID(), toJsonText(content), config, commitMessage, CREATED_BY],
    );
    const references = findReferences(content);
    if (references.length === 0) return version;
    await run(
      'INSERT INTO prompt_references (project_no, name, version, position, used_name, used_version, used_label) ' +
        'SELECT $1, $2, $3, u.n, u.name, u.version, u.label ' +
        'FROM unnest($4::text[], $5::int4[], $6::text[]) WITH ORDINALITY AS u(name, version, label, n)',
      [
        projectNo,
        name,
        version,
        references.map((reference) => reference.name),
        references.map(({ selector }) => selector.version ?? null),
        references.map(({ selector }) => selector.label ?? null),
      ],
    );
    return version;
  }
}

interface Labelling {
  readonly name: string;
  readonly version: number;
  /** None of them is on the version yet. */
  readonly labels: readonly string[];
}

async function putLabels(run: RunStatement, projectNo: number, { name, version, labels }: Labelling): Promise<void> {
  await run(TOUCH_HOLDERS_SQL, [projectNo, name, labels]);
  await run(PUT_LABELS_SQL, [projectNo, name, labels, version]);
}

async function getVersion(
  run: RunStatement,
  project: Project,
  name: string,
  selector: PromptSelector,
): Promise<PromptVersion> {
  const [row] = await run<PromptColumns>(...promptStatement(project.no, name, selector));
  if (row === undefined) throw new NotFound(`Prompt not found: ${describePrompt(name, selector)}`);
  return toPrompt(row);
}

/** @throws InvalidInput when what `prompt` includes cannot be had. */
async function resolveWith(run: RunStatement, projectNo: number, prompt: PromptVersion): Promise<ResolvedPrompt> {
  return resolvePrompt(prompt, await loadReferences(run, projectNo, prompt));
}

/** Versions, and labels that will be on no version. */
interface Doomed {
  readonly name: string;
  readonly versions: readonly number[];
  readonly labels: readonly string[];
}

async function refuseIfUsed(run: RunStatement, projectNo: number, { name, versions, labels }: Doomed): Promise<void> {
  type Use = { name: string; version: number; used_version: number | null; used_label: string | null };
  const uses = await run<Use>(
    'SELECT r.name, r.version, r.used_version, r.used_label FROM prompt_references r WHERE r.project_no = $1 ' +
      'AND r.used_name = $2 AND r.name <> $2 AND (r.used_version = ANY($3::int4[]) OR r.used_label = ANY($4::text[])) ' +
      'ORDER BY r.name, r.version LIMIT 20',
    [projectNo, name, versions, labels],
  );
  if (uses.length === 0) return;
  const list = uses.map(
    (use) =>
      `'${use.name}' version ${use.version} includes ${use.used_version === null ? `label ${use.used_label}` : `version ${use.used_version}`}`,
  );
  throw new InvalidInput(
    `Other prompts depend on the versions of '${name}' that would be deleted: ${list.join('; ')}. Delete these first.`,
  );
}

async function deleteVersions(
  run: RunStatement,
  projectNo: number,
  name: string,
  doomed: readonly { readonly version: number }[],
): Promise<void> {
  const params = [projectNo, name, doomed.map(({ version }) => version)];
  for (const table of ['prompt_labels', 'prompt_references', 'prompt_versions']) {
    await run(`DELETE FROM ${table} WHERE project_no = $1 AND name = $2 AND version = ANY($3::int4[])`, params);
  }
}
