import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';

/** Metadata key of {@link QueryRoute}. */
export const QUERY_ROUTE = 'xtrace:query-route';

/** OpenAPI mark of a {@link QueryRoute}; `openapi-operation.ts` turns it into the errors of the route. */
export const QUERY_EXTENSION = 'x-query-route';

/** Counts a route, or every route of a controller, against the caller's query rate limit. */
export function QueryRoute(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(QUERY_ROUTE, true), ApiExtension(QUERY_EXTENSION, true));
}
