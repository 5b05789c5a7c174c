import { RouteTraitsOf } from '../route-config.js';
import type { Scope } from './principal.js';

/** Opens a route only to callers with `scope`, instead of the default of its kind. */
export function RequireScope(scope: Scope): MethodDecorator {
  return RouteTraitsOf({ scope });
}
