import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { RouteTraitsOf } from '../route-config.js';

/** Metadata key of {@link Public}. */
export const PUBLIC = 'xtrace:public';

/** OpenAPI mark of a public operation; `openapi-operation.ts` turns it into "no credentials needed". */
export const PUBLIC_EXTENSION = 'x-public';

/** Opens a route to everyone. All others need credentials. A public route must not take a body. */
export function Public(): MethodDecorator {
  return applyDecorators(SetMetadata(PUBLIC, true), ApiExtension(PUBLIC_EXTENSION, true));
}

/**
 * Lets a route answer without valid credentials, as the default project, when XTRACE_ALLOW_UNAUTHENTICATED_COMPAT is on
 * and the settings name no key pair. OTLP write routes do so without this mark.
 */
export function OpenInCompat(): MethodDecorator {
  return RouteTraitsOf({ openInCompat: true });
}
