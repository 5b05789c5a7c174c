import { ApiProperty } from '@nestjs/swagger';

const METADATA = { type: 'object', additionalProperties: true, example: { team: 'search' } } as const;

export class OrganizationDto {
  /** @example xtrace */
  id!: string;
  /** @example xtrace */
  name!: string;
}

export class OrganizationProjectDto {
  @ApiProperty({ example: 'default' })
  id!: string;

  @ApiProperty({ example: 'default' })
  name!: string;

  @ApiProperty(METADATA)
  metadata!: Record<string, unknown>;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:30:00.000Z' })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:30:00.000Z' })
  updatedAt!: string;
}

export class OrganizationProjectsDto {
  @ApiProperty({ type: [OrganizationProjectDto] })
  projects!: OrganizationProjectDto[];
}

/** A project as Langfuse clients expect it, with xtrace's `createdAt` and `updatedAt`. */
export class ProjectDto extends OrganizationProjectDto {
  @ApiProperty({ type: OrganizationDto })
  organization!: OrganizationDto;

  /** TRACES_RETENTION_DAYS, which holds for all projects; null: kept for ever. */
  @ApiProperty({ type: 'integer', nullable: true, example: 90 })
  retentionDays!: number | null;
}

export class ProjectsDto {
  /** Exactly one: the project of the credentials. */
  @ApiProperty({ type: [ProjectDto] })
  data!: ProjectDto[];
}

export class ProjectPatchDto {
  /** 1 to 200 characters. */
  @ApiProperty({ example: 'Search' })
  name!: string;

  /** A JSON object of at most 16 KiB. */
  @ApiProperty({ selfRequired: false, ...METADATA })
  metadata?: Record<string, unknown>;

  /** 0, or what TRACES_RETENTION_DAYS says: it holds for the whole server. */
  @ApiProperty({ required: false, type: 'integer', minimum: 0, example: 0 })
  retention?: number;
}

export class NewProjectDto extends ProjectPatchDto {
  /** 1 to 200 characters, never used by another project; made when left out. */
  @ApiProperty({ required: false, example: 'search' })
  id?: string;
}

export class DeletedProjectDto {
  @ApiProperty({ example: true })
  success!: boolean;

  @ApiProperty({ example: 'Project deletion has been initiated and is being processed asynchronously' })
  message!: string;
}
