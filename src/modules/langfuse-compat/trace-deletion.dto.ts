import { ApiProperty } from '@nestjs/swagger';
import { BATCH_EXAMPLE } from './batch.dto.js';

export class TraceIdsDto {
  @ApiProperty({
    type: [String],
    minItems: 1,
    maxItems: 1000,
    description: 'Ids of traces, as they were sent.',
    example: [BATCH_EXAMPLE.trace.id],
  })
  traceIds!: string[];
}

export class DeletedTracesDto {
  @ApiProperty({ description: 'That it is done.', example: 'Traces deleted successfully' })
  message!: string;
}
