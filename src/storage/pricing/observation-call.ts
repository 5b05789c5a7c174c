import { type Observation } from '../../domain/observation.js';
import { type PricedCall } from './price-book.js';

/** What of a stored observation its price depends on. */
export function callOf(projectNo: number, seen: Observation): PricedCall {
  return {
    projectNo,
    type: seen.type,
    model: seen.model,
    requestedModel: seen.requestedModel,
    provider: seen.provider,
    usage: seen.usage,
    usageUnit: seen.usageUnit,
    at: seen.startTime ?? seen.createdAt,
  };
}
