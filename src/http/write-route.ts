import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { RouteTraitsOf, type WriteRouteOptions } from './route-config.js';

/** OpenAPI mark with the options of a {@link WriteRoute}; `openapi-operation.ts` turns it into the errors of the route. */
export const WRITE_EXTENSION = 'x-write-route';

/**
 * Marks a POST that takes data in. Its handler gets `@Body() body: Buffer`, the raw and inflated bytes of any content
 * type (empty when there were none), and answers 200. Before the body is read, the caller is authenticated and room
 * for it is reserved until the response ends; see `write-body.ts`. Checking the media type is the handler's part, and so
 * is telling what became of the items, with `reportWrite`.
 *
 * ```ts
 * @Post('v1/traces')
 * @WriteRoute({ door: 'otlp', errors: 'rpc-status', overCapacity: 503 })
 * export(@CurrentProject() project: Project, @Body() body: Buffer, @Headers('content-type') type?: string)
 * ```
 */
export function WriteRoute(options: WriteRouteOptions): MethodDecorator {
  return applyDecorators(HttpCode(200), RouteTraitsOf({ write: options }), ApiExtension(WRITE_EXTENSION, options));
}
