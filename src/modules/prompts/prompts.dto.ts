import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type PromptContent } from '../../domain/prompt.js';
import { type GraphNode } from '../../domain/prompt-reference.js';
import { PageMetaDto } from '../../http/page.dto.js';

const TIME = '2026-01-31T09:30:00.000Z';
const ID = '0b9a3c1e-52a4-4c64-9a77-6a3a5f3b8d10';

const CONTENT = {
  oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'object' } }],
  example: 'Answer {{question}} in one sentence.',
};

const CONFIG = {
  type: 'object',
  additionalProperties: true,
  example: { model: 'gpt-4o', temperature: 0.2 },
} as const;

/** A version of a prompt to be made. */
export class NewPromptDto {
  /** A `/` makes folders; no `|`. */
  @ApiProperty({ minLength: 1, maxLength: 255, example: 'support/answer' })
  name!: string;

  /** The same for all versions of a name. */
  @ApiProperty({ required: false, enum: ['text', 'chat'], default: 'text', example: 'text' })
  type?: string;

  /**
   * A string for a text, a list of `{role, content}` and `{type: "placeholder", name}` for a chat. May include texts:
   * `@@@langfusePrompt:name=X|version=1@@@` or `|label=production@@@`.
   */
  @ApiProperty(CONTENT)
  prompt!: unknown;

  /** Lower case letters, digits, `_`, `-` and `.`, 36 at most. Other versions lose them; `latest` is always set. */
  @ApiProperty({ required: false, type: [String], example: ['production'] })
  labels?: string[];

  /** For all versions; left out, they stay as they are. */
  @ApiProperty({ required: false, nullable: true, type: [String], example: ['support'] })
  tags?: string[] | null;

  /** Any JSON, for the application. */
  @ApiPropertyOptional({ ...CONFIG, nullable: true })
  config?: unknown;

  /** Why there is another version. */
  @ApiProperty({ required: false, nullable: true, type: 'string', maxLength: 500, example: 'One sentence only' })
  commitMessage?: string | null;
}

/** The same on the first version of the routes. */
export class NewPromptV1Dto extends NewPromptDto {
  /** Stands for the label `production`. */
  @ApiProperty({ required: false, default: false, example: true })
  isActive?: boolean;
}

export class NewLabelsDto {
  /** The version gets them, other versions lose them. Not `latest`. */
  @ApiProperty({ type: [String], example: ['production'] })
  newLabels!: string[];
}

export class GraphNodeDto {
  @ApiProperty({ example: ID })
  id!: string;

  @ApiProperty({ example: 'support/answer' })
  name!: string;

  @ApiProperty({ example: 1 })
  version!: number;
}

export class PromptGraphDto {
  @ApiProperty({ type: GraphNodeDto })
  root!: GraphNode;

  /** By the id of a prompt, those that it includes itself. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'object' } },
    example: { [ID]: [{ id: '5d0c8f0e-4a53-4f0f-8f6e-5a4f9a2f7c11', name: 'support/tone', version: 3 }] },
  })
  dependencies!: Record<string, readonly GraphNode[]>;
}

export class PromptDto {
  @ApiProperty({ example: ID })
  id!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  /** Follows the labels of the version. */
  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty({ example: 'API' })
  createdBy!: string;

  /** A string, or the messages of a chat. */
  @ApiProperty(CONTENT)
  prompt!: PromptContent;

  @ApiProperty({ example: 'support/answer' })
  name!: string;

  @ApiProperty({ example: 1 })
  version!: number;

  @ApiProperty({ enum: ['text', 'chat'], example: 'text' })
  type!: string;

  /** Whether the version has the label `production`. */
  @ApiProperty({ example: true })
  isActive!: boolean;

  @ApiProperty(CONFIG)
  config!: unknown;

  @ApiProperty({ type: [String], example: ['support'] })
  tags!: readonly string[];

  @ApiProperty({ type: [String], example: ['production', 'latest'] })
  labels!: readonly string[];

  @ApiProperty({ nullable: true, type: 'string', example: 'One sentence only' })
  commitMessage!: string | null;

  /** What was included; null where nothing was. */
  @ApiProperty({ nullable: true, type: PromptGraphDto, example: null })
  resolutionGraph!: PromptGraphDto | null;
}

export class PromptMetaDto {
  @ApiProperty({ example: 'support/answer' })
  name!: string;

  @ApiProperty({ enum: ['text', 'chat'], example: 'text' })
  type!: string;

  @ApiProperty({ type: [Number], example: [1, 2] })
  versions!: readonly number[];

  @ApiProperty({ type: [String], example: ['latest', 'production'] })
  labels!: readonly string[];

  @ApiProperty({ type: [String], example: ['support'] })
  tags!: readonly string[];

  @ApiProperty({ format: 'date-time', example: TIME })
  lastUpdatedAt!: string;

  /** Of the highest of `versions`. */
  @ApiProperty(CONFIG)
  lastConfig!: unknown;
}

export class PromptPageDto {
  @ApiProperty({ type: [PromptMetaDto] })
  data!: PromptMetaDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;

  /** The same again, for clients that look here. */
  @ApiProperty({ type: PageMetaDto })
  pagination!: PageMetaDto;
}

export class PromptListQuery {
  /** Exactly this name. */
  @ApiProperty({ required: false, example: 'support/answer' })
  name?: string;

  @ApiProperty({ required: false, description: 'Prompts with this tag.', example: 'support' })
  tag?: string;

  /** Versions with this label, and prompts that have one. */
  @ApiProperty({ required: false, example: 'production' })
  label?: string;

  /** Versions of this number. */
  @ApiProperty({ required: false, type: 'integer', minimum: 0, example: 1 })
  version?: number;

  /** Versions that changed at this time or later: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-01T00:00:00Z' })
  fromUpdatedAt?: string;

  /** Versions that changed at this time or before: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T23:59:59.999Z' })
  toUpdatedAt?: string;

  /**
   * JSON array of conditions on versions, in place of all parameters above: columns `id`, `name`, `type`, `version`,
   * `createdAt`, `updatedAt`, `labels`, `tags` and `config`. Text is searched in any case, `%` and `_` stand for others.
   */
  @ApiProperty({
    required: false,
    example: '[{"type":"string","column":"name","operator":"starts with","value":"support/"}]',
  })
  filter?: string;

  /** Page number, from 1. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Prompts per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 100, default: 10, example: 10 })
  limit?: number;
}

/** Which version; without either the one with the label `production`. */
export class PromptSelectorQuery {
  /** By number; not together with `label`. */
  @ApiProperty({ required: false, type: 'integer', minimum: 0, example: 1 })
  version?: number;

  /** By label; not together with `version`. */
  @ApiProperty({ required: false, example: 'production' })
  label?: string;
}

export class PromptQuery extends PromptSelectorQuery {
  /** False leaves references to other prompts as they are. */
  @ApiProperty({ required: false, default: true, example: true })
  resolve?: boolean;
}

export class PromptV1Query extends PromptQuery {
  /** The whole name. */
  @ApiProperty({ example: 'support/answer' })
  name!: string;
}
