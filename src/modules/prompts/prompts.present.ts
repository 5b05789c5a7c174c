import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { PRODUCTION, type PromptContent, type PromptSummary, type PromptVersion } from '../../domain/prompt.js';
import { type PromptGraph } from '../../domain/prompt-reference.js';
import { presentTime } from '../../domain/time.js';
import { presentPageMeta } from '../../http/page-meta.js';
import { type PromptDto, type PromptGraphDto, type PromptMetaDto, type PromptPageDto } from './prompts.dto.js';

/** A version with `content`, its own or that with what it includes in place; then `graph` says what that was. */
export function presentPrompt(
  project: Project,
  prompt: PromptVersion,
  content: PromptContent = prompt.content,
  graph?: PromptGraph,
): PromptDto {
  return {
    id: prompt.id,
    createdAt: presentTime(prompt.createdAt),
    updatedAt: presentTime(prompt.updatedAt),
    projectId: project.id,
    createdBy: prompt.createdBy,
    prompt: content,
    name: prompt.name,
    version: prompt.version,
    type: prompt.type,
    isActive: prompt.labels.includes(PRODUCTION),
    config: JSON.parse(prompt.config) as unknown,
    tags: prompt.tags,
    labels: prompt.labels,
    commitMessage: prompt.commitMessage,
    resolutionGraph: graph === undefined ? null : presentGraph(graph),
  };
}

export function presentPromptPage(page: Page<PromptSummary>, request: PageRequest): PromptPageDto {
  const meta = presentPageMeta(page, request);
  return { data: page.items.map(presentSummary), meta, pagination: meta };
}

function presentSummary(prompt: PromptSummary): PromptMetaDto {
  return {
    name: prompt.name,
    type: prompt.type,
    versions: prompt.versions,
    labels: prompt.labels,
    tags: prompt.tags,
    lastUpdatedAt: presentTime(prompt.lastUpdatedAt),
    lastConfig: JSON.parse(prompt.lastConfig) as unknown,
  };
}

/** The ids are made by the server. */
function presentGraph({ root, dependencies }: PromptGraph): PromptGraphDto {
  return { root, dependencies: Object.fromEntries(dependencies) };
}
