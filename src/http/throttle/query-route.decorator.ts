import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiTooManyRequestsResponse } from '@nestjs/swagger';

/** Metadata key of {@link QueryRoute}. */
export const QUERY_ROUTE = 'xtrace:query-route';

/** Counts a route, or every route of a controller, against the caller's query rate limit. */
export function QueryRoute(): MethodDecorator & ClassDecorator {
  return applyDecorators(
    SetMetadata(QUERY_ROUTE, true),
    ApiTooManyRequestsResponse({ description: 'Over RATE_LIMIT_QPS and RATE_LIMIT_BURST; see Retry-After.' }),
  );
}
