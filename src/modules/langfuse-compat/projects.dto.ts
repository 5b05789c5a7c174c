export class OrganizationDto {
  /** @example xtrace */
  id!: string;
  /** @example xtrace */
  name!: string;
}

/** A project as Langfuse clients expect it, with xtrace's `createdAt` and `updatedAt`. */
export class ProjectDto {
  /** @example default */
  id!: string;
  /** @example default */
  name!: string;
  /** @example 2026-01-31T09:30:00.000Z */
  createdAt!: string;
  /** @example 2026-01-31T09:30:00.000Z */
  updatedAt!: string;
  organization!: OrganizationDto;
  /**
   * Always empty.
   * @example {}
   */
  metadata!: Record<string, string>;
}

export class ProjectsDto {
  /** Exactly one: the project of the credentials. */
  data!: ProjectDto[];
}
