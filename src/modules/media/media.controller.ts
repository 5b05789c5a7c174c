import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Req } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CONFIG, type Config } from '../../config/config.js';
import { NotFound } from '../../domain/errors.js';
import { mediaIdOf } from '../../domain/media.js';
import { type Project } from '../../domain/project.js';
import { Redactor } from '../../domain/redaction.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { serverAddress } from '../../http/server-address.js';
import { MediaReader } from '../../storage/media/media-reader.js';
import { MediaStore } from '../../storage/media/media-store.js';
import { MediaUrls } from '../../storage/media/media-urls.js';
import { parseAnnouncement, parseUploadReport } from './media.body.js';
import { MediaDto, NewMediaDto, UploadDto, UploadReportDto, UploadReportedDto } from './media.dto.js';
import { presentMedia } from './media.present.js';

const MEDIA_ID = {
  name: 'mediaId',
  description: 'As the upload or a reference has it.',
  example: 'nVgv0hJfmdRfXsWzMGMQYw',
};

/** Files in inputs, outputs and metadata, as the Langfuse SDKs upload and fetch them (langfuse.md §2.9). */
@ApiTags('Media')
@Controller('api/public/media')
export class MediaController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly store: MediaStore,
    private readonly reader: MediaReader,
    private readonly urls: MediaUrls,
    private readonly redactor: Redactor,
  ) {}

  /**
   * Announces a file
   * @remarks Remembers which trace, observation or dataset item has the file; these need not exist yet. A file that the
   * project already has, whoever sent it, is not sent again: `uploadUrl` is null then. Otherwise its bytes go to
   * `uploadUrl` by PUT, without other credentials, within an hour. At most MEDIA_MAX_BYTES.
   */
  @Post()
  @ApiBody({ type: NewMediaDto, description: 'What the file is, and who has it.' })
  @ApiCreatedResponse({ type: UploadDto, description: 'Where its bytes go.' })
  async announceMedia(
    @CurrentProject() project: Project,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<UploadDto> {
    const { content, link } = parseAnnouncement(body, this.config.mediaMaxBytes);
    const base = serverAddress(request, this.config);
    const mediaId = mediaIdOf(content.sha256);
    const { isStored } = await this.store.announce(project, content, [link]);
    if (isStored) return { mediaId, uploadUrl: null };
    const { url } = await this.urls.signUpload(base, { projectId: project.id, mediaId, ...content }, Date.now());
    return { mediaId, uploadUrl: url };
  }

  /**
   * Says how an upload went
   * @remarks Whether a file is there is known from its bytes; what is said here of one that could not be sent is shown
   * to whoever asks for it.
   */
  @Patch(':mediaId')
  @HttpCode(200)
  @ApiParam(MEDIA_ID)
  @ApiBody({ type: UploadReportDto, description: 'What came of the PUT.' })
  @ApiOkResponse({ type: UploadReportedDto, description: 'Noted.' })
  @ApiNotFoundResponse({ description: 'The project has no such file.' })
  async reportUpload(
    @CurrentProject() project: Project,
    @Param('mediaId') mediaId: string,
    @Body() body: unknown,
  ): Promise<UploadReportedDto> {
    const failure = parseUploadReport(body);
    await this.reader.get(project, mediaId);
    if (failure !== null) {
      const message = this.redactor.redactText(failure.message);
      await this.store.reportFailure(project, mediaId, { ...failure, message });
    }
    return { message: 'OK' };
  }

  /**
   * A file and where to read it
   * @remarks `url` works without credentials until `urlExpiry`, an hour or a little more from now.
   */
  @Get(':mediaId')
  @ApiParam(MEDIA_ID)
  @ApiOkResponse({ type: MediaDto, description: 'What the file is.' })
  @ApiNotFoundResponse({ description: 'The project has no such file, or its bytes have not come.' })
  async getMedia(
    @CurrentProject() project: Project,
    @Param('mediaId') mediaId: string,
    @Req() request: FastifyRequest,
  ): Promise<MediaDto> {
    const media = await this.reader.get(project, mediaId);
    if (media.uploadedAt === null) {
      const { uploadFailure: failure } = media;
      const said = failure && ` (the client reports ${failure.status}${failure.message ? `: ${failure.message}` : ''})`;
      throw new NotFound(`Media not yet uploaded${said ?? ''}`);
    }
    const url = await this.urls.signDownload(serverAddress(request, this.config), project, media.id, Date.now());
    return presentMedia(media, media.uploadedAt, url);
  }
}
