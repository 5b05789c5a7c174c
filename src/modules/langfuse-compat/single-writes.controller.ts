import { Body, Controller, Headers, Patch, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Project } from '../../domain/project.js';
import { requireJson } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { reportWrite } from '../../http/request-record.js';
import { WriteRoute } from '../../http/write-route.js';
import { WrittenDto } from './ingestion.dto.js';
import { IngestionReceiver } from './ingestion.receiver.js';
import { type SingleWrite } from './ingestion.schema.js';

const ROUTE = { door: 'single', errors: 'envelope', overCapacity: 503 } as const;

/** What is the same for every one of these routes. */
const ADVICE =
  'From the time before batches, and the same as its event in a batch: a field that is absent stays as it was, and of two ' +
  'writes of a field the later one wins. New clients send POST /api/public/ingestion.';
const BODY = 'The body of the event, by the fields of the Langfuse API.';
const WRITTEN = { status: 200, type: WrittenDto, description: 'Committed.' } as const;

/** Writes of one thing a request, as clients of Langfuse made them before there were batches (langfuse.md §2.8). */
@ApiTags('Ingestion')
@Controller('api/public')
export class SingleWritesController {
  constructor(private readonly ingestion: IngestionReceiver) {}

  @Post('traces')
  @WriteRoute(ROUTE)
  @ApiOperation({ summary: 'Writes one trace (Langfuse, early clients)', description: ADVICE })
  @ApiBody({
    description: BODY,
    schema: { type: 'object', example: { id: 'trace-1', name: 'chat.turn', userId: 'ada' } },
  })
  @ApiResponse(WRITTEN)
  writeTrace(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<WrittenDto> {
    return this.write(create('trace-create'), project, body, contentType, request);
  }

  @Post('spans')
  @WriteRoute(ROUTE)
  @ApiOperation({ summary: 'Writes one span (Langfuse, early clients)', description: ADVICE })
  @ApiBody({
    description: BODY,
    schema: { type: 'object', example: { id: 'span-1', traceId: 'trace-1', name: 'agent.plan' } },
  })
  @ApiResponse(WRITTEN)
  writeSpan(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<WrittenDto> {
    return this.write(create('span-create'), project, body, contentType, request);
  }

  @Patch('spans')
  @WriteRoute(ROUTE)
  @ApiOperation({ summary: 'Completes one span (Langfuse, early clients)', description: ADVICE })
  @ApiBody({
    description: `${BODY} The id is \`spanId\` or \`id\`.`,
    schema: { type: 'object', example: { spanId: 'span-1', endTime: '2026-11-20T09:30:02.310Z' } },
  })
  @ApiResponse(WRITTEN)
  updateSpan(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<WrittenDto> {
    return this.write(update('span-update', 'spanId'), project, body, contentType, request);
  }

  @Post('generations')
  @WriteRoute(ROUTE)
  @ApiOperation({ summary: 'Writes one generation (Langfuse, early clients)', description: ADVICE })
  @ApiBody({
    description: BODY,
    schema: { type: 'object', example: { id: 'generation-1', traceId: 'trace-1', model: 'gpt-5-mini' } },
  })
  @ApiResponse(WRITTEN)
  writeGeneration(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<WrittenDto> {
    return this.write(create('generation-create'), project, body, contentType, request);
  }

  @Patch('generations')
  @WriteRoute(ROUTE)
  @ApiOperation({ summary: 'Completes one generation (Langfuse, early clients)', description: ADVICE })
  @ApiBody({
    description: `${BODY} The id is \`generationId\` or \`id\`.`,
    schema: { type: 'object', example: { generationId: 'generation-1', usage: { input: 412, output: 38 } } },
  })
  @ApiResponse(WRITTEN)
  updateGeneration(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<WrittenDto> {
    return this.write(update('generation-update', 'generationId'), project, body, contentType, request);
  }

  @Post('events')
  @WriteRoute(ROUTE)
  @ApiOperation({ summary: 'Writes one event (Langfuse, early clients)', description: ADVICE })
  @ApiBody({
    description: BODY,
    schema: { type: 'object', example: { id: 'event-1', traceId: 'trace-1', name: 'handed over' } },
  })
  @ApiResponse(WRITTEN)
  writeEvent(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<WrittenDto> {
    return this.write(create('event-create'), project, body, contentType, request);
  }

  private async write(
    write: SingleWrite,
    project: Project,
    body: Buffer,
    contentType: string | undefined,
    request: FastifyRequest,
  ): Promise<WrittenDto> {
    requireJson(contentType);
    const id = await this.ingestion.receiveOne(body, write, project);
    reportWrite(request, { itemCount: 1, refusedCount: 0, refused: [] });
    return { id };
  }
}

function create(type: string): SingleWrite {
  return { type, idFields: ['id'], isCreate: true };
}

function update(type: string, idField: string): SingleWrite {
  return { type, idFields: [idField, 'id'], isCreate: false };
}
