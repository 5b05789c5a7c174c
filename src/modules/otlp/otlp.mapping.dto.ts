import { ApiProperty } from '@nestjs/swagger';

export class MappingQuery {
  /** Needed only where observations of several traces have the id: span ids are unique within a trace. */
  @ApiProperty({ required: false, example: '5b8efff798038103d269b633813fc60c' })
  traceId?: string;
}

/** An attribute that would have stated the field. */
export class LostAttributeDto {
  @ApiProperty({ example: 'gen_ai.request.model' })
  key!: string;

  /** As it was sent; of a long one the first 200 characters. */
  @ApiProperty({ example: 'gpt-4o-mini' })
  value!: string;

  @ApiProperty({ example: 'gen_ai.response.model goes before it' })
  reason!: string;
}

/** Where one field comes from. */
export class FieldMappingDto {
  /** Those that begin with `trace.` are fields of the trace. */
  @ApiProperty({ example: 'model' })
  field!: string;

  /** As it is stored, objects as JSON text; of a long one the first 200 characters. Null when the field is empty. */
  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }],
    nullable: true,
    example: 'gpt-4o-mini-2024-07-18',
  })
  value!: unknown;

  /** The key of the attribute, or in words what else filled it; null when the field is empty or another message filled it. */
  @ApiProperty({ type: String, nullable: true, example: 'gen_ai.response.model' })
  filledBy!: string | null;

  /** Attributes that were there for it and did not fill it. */
  @ApiProperty({ type: [LostAttributeDto] })
  lost!: LostAttributeDto[];

  /** For an empty field the keys that would fill it, in the order in which they win. */
  @ApiProperty({ type: [String], example: [] })
  wouldBeFilledBy!: string[];
}

/** Which attribute filled which field. */
export class MappingDto {
  @ApiProperty({ example: 'eee19b7ec3c1b174' })
  observationId!: string;

  @ApiProperty({ example: '5b8efff798038103d269b633813fc60c' })
  traceId!: string;

  /** `otlp`, or `other` for observations whose fields were stated by name. */
  @ApiProperty({ enum: ['otlp', 'other'], example: 'otlp' })
  source!: string;

  @ApiProperty({ type: [FieldMappingDto] })
  fields!: FieldMappingDto[];

  /** Attributes of the span and its resource that fill no field; they are in the metadata. */
  @ApiProperty({ type: [String], example: ['server.address', 'service.name'] })
  attributesWithoutField!: string[];

  @ApiProperty({ type: [String], example: [] })
  notes!: string[];
}
