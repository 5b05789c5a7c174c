import type { Config } from '../../config/config.js';
import type { ProjectDescription } from '../../domain/project.js';
import { presentTime } from '../../domain/time.js';
import type { OrganizationProjectDto, ProjectDto } from './projects.dto.js';

/** Langfuse clients read an organization of every project (langfuse.md §2.2); this server has one. */
const ORGANIZATION = { id: 'xtrace', name: 'xtrace' };

export function presentProject(
  { id, name, metadata, createdAt, updatedAt }: ProjectDescription,
  { tracesRetentionDays }: Pick<Config, 'tracesRetentionDays'>,
): ProjectDto {
  return {
    id,
    name,
    createdAt: presentTime(createdAt),
    updatedAt: presentTime(updatedAt),
    organization: ORGANIZATION,
    metadata: JSON.parse(metadata) as Record<string, unknown>,
    retentionDays: tracesRetentionDays === 0 ? null : tracesRetentionDays,
  };
}

export function presentOrganizationProject(project: ProjectDescription): OrganizationProjectDto {
  const { id, name, metadata, createdAt, updatedAt } = project;
  return {
    id,
    name,
    metadata: JSON.parse(metadata) as Record<string, unknown>,
    createdAt: presentTime(createdAt),
    updatedAt: presentTime(updatedAt),
  };
}
