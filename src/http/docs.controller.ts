import { Controller, Get, Redirect } from '@nestjs/common';
import { ApiFoundResponse, ApiTags } from '@nestjs/swagger';
import { Public } from './auth/public.decorator.js';

/** Where a browser lands that was given only host and port. */
@ApiTags('Operation')
@Controller()
export class DocsController {
  /**
   * Leads to this page
   * @remarks The address is relative, so that it holds behind a proxy that serves xtrace below a path.
   */
  @Get()
  @Public()
  @Redirect('./docs')
  @ApiFoundResponse({
    description: 'Found at `./docs`.',
    headers: { Location: { description: 'Relative to the request.', schema: { type: 'string' }, example: './docs' } },
  })
  redirectToDocs(): void {}
}
