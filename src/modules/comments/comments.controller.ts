import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { Redactor } from '../../domain/redaction.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { CommentStore } from '../../storage/comments/comment-store.js';
import { parseNewComment } from './comments.body.js';
import { CommentDto, CommentListQuery, CommentPageDto, CreatedCommentDto, NewCommentDto } from './comments.dto.js';
import { presentComment, presentCommentPage } from './comments.present.js';
import { parseCommentList } from './comments.query.js';

@ApiTags('Comments')
@Controller('api/public/comments')
export class CommentsController {
  constructor(
    private readonly comments: CommentStore,
    private readonly redactor: Redactor,
  ) {}

  /**
   * Writes a comment
   * @remarks About a trace, observation, session or version of a prompt that the project has. Not to be repeated: each
   * call makes another comment.
   */
  @Post()
  @HttpCode(200)
  @ApiBody({ type: NewCommentDto, description: 'The comment.' })
  @ApiOkResponse({ type: CreatedCommentDto, description: 'It is kept under this id.' })
  @ApiNotFoundResponse({ description: 'The project does not have what it is about.' })
  async createComment(@CurrentProject() project: Project, @Body() body: unknown): Promise<CreatedCommentDto> {
    const comment = parseNewComment(body, project);
    const content = this.redactor.redactText(comment.content);
    const authorUserId = this.redactor.redactText(comment.authorUserId);
    return { id: await this.comments.create(project, { ...comment, content, authorUserId }) };
  }

  /**
   * Lists comments
   * @remarks Newest first. A parameter that is not known is refused.
   */
  @Get()
  @QueryRoute()
  @ApiQuery({ type: CommentListQuery })
  @ApiOkResponse({ type: CommentPageDto, description: 'A page of them.' })
  async listComments(@CurrentProject() project: Project, @Query() query: QueryString): Promise<CommentPageDto> {
    const { filter, page } = parseCommentList(query);
    return presentCommentPage(project, await this.comments.find(project, filter, page), page);
  }

  /**
   * One comment
   * @remarks By the id that writing it gave.
   */
  @Get(':commentId')
  @QueryRoute()
  @ApiParam({ name: 'commentId', description: 'As the list has it.', example: '6a2f4b8e-0a53-4d6b-9a3a-5f6b1a9c7e10' })
  @ApiOkResponse({ type: CommentDto, description: 'The comment.' })
  @ApiNotFoundResponse({ description: 'The project has no such comment.' })
  async getComment(@CurrentProject() project: Project, @Param('commentId') id: string): Promise<CommentDto> {
    return presentComment(project, await this.comments.get(project, id));
  }
}
