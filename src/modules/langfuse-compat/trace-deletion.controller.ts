import { Body, Controller, Delete, Param } from '@nestjs/common';
import { ApiBody, ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { NotFound } from '../../domain/errors.js';
import { type Project } from '../../domain/project.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { TraceDeleter } from '../../storage/trace-deleter.js';
import { BATCH_EXAMPLE } from './batch.dto.js';
import { parseTraceIds } from './trace-deletion.body.js';
import { DeletedTracesDto, TraceIdsDto } from './trace-deletion.dto.js';

@ApiTags('Traces')
@Controller('api/public/traces')
export class TraceDeletionController {
  constructor(private readonly deleter: TraceDeleter) {}

  /**
   * Deletes a trace
   * @remarks With its observations, payloads, scores, comments and logs, at once; sessions, usage and costs no longer count it. What arrives
   * for it later makes it anew. Needs a key with the scope `admin`.
   */
  @Delete(':traceId')
  @RequireScope('admin')
  @ApiParam({ name: 'traceId', description: 'As it was sent.', example: BATCH_EXAMPLE.trace.id })
  @ApiOkResponse({ type: DeletedTracesDto, description: 'It is gone.' })
  @ApiNotFoundResponse({ description: 'The project has no such trace.' })
  async deleteTrace(@CurrentProject() project: Project, @Param('traceId') traceId: string): Promise<DeletedTracesDto> {
    const deleted = await this.deleter.delete(project, [traceId]);
    if (deleted === 0) throw new NotFound(`Trace ${traceId} not found within authorized project`);
    return { message: 'Trace deleted successfully' };
  }

  /**
   * Deletes many traces
   * @remarks As one by one; ids that the project does not have are passed over. Needs a key with the scope `admin`.
   */
  @Delete()
  @RequireScope('admin')
  @ApiBody({ type: TraceIdsDto, description: 'Which ones.' })
  @ApiOkResponse({ type: DeletedTracesDto, description: 'They are gone.' })
  async deleteTraces(@CurrentProject() project: Project, @Body() body: unknown): Promise<DeletedTracesDto> {
    await this.deleter.delete(project, parseTraceIds(body));
    return { message: 'Traces deleted successfully' };
  }
}
