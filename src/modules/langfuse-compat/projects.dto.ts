export class OrganizationDto {
  id!: string;
  name!: string;
}

/** A project as Langfuse clients expect it, with xtrace's `createdAt` and `updatedAt`. */
export class ProjectDto {
  id!: string;
  name!: string;
  /** @example 2026-01-31T09:30:00.000Z */
  createdAt!: string;
  /** @example 2026-01-31T09:30:00.000Z */
  updatedAt!: string;
  organization!: OrganizationDto;
  /** Always empty. */
  metadata!: Record<string, string>;
}

export class ProjectsDto {
  /** Exactly one: the project of the credentials. */
  data!: ProjectDto[];
}
