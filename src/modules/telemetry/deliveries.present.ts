import { type DeliveryDto } from './deliveries.dto.js';
import { clientOf } from './delivery.js';
import { type ListedDelivery } from './delivery-log.js';

/** Newest first, at most `limit` of all. */
export function presentDeliveries(deliveries: readonly ListedDelivery[], limit: number): DeliveryDto[] {
  return [...deliveries]
    .sort((a, b) => b.receivedAt.getTime() - a.receivedAt.getTime())
    .slice(0, limit)
    .map(presentDelivery);
}

function presentDelivery(delivery: ListedDelivery): DeliveryDto {
  const { itemCount, refusedCount } = delivery;
  const isCounted = itemCount !== undefined && refusedCount !== undefined;
  return {
    requestId: delivery.requestId,
    receivedAt: delivery.receivedAt.toISOString(),
    door: delivery.door ?? null,
    method: delivery.method,
    path: delivery.path,
    client: { ...clientOf(delivery), userAgent: delivery.userAgent ?? null },
    remoteAddress: delivery.remoteAddress,
    credential: delivery.keyId ?? null,
    result: delivery.result,
    status: delivery.status ?? null,
    durationMs: Math.round(delivery.durationMs * 10) / 10,
    sentBytes: delivery.sentBytes ?? null,
    bodyBytes: delivery.bodyBytes ?? null,
    itemCount: itemCount ?? null,
    acceptedCount: isCounted ? itemCount - refusedCount : null,
    refusedCount: refusedCount ?? null,
    message: delivery.message ?? null,
    reasons: delivery.reasons.map((reason) => ({ ...reason, field: reason.field ?? null })),
    count: delivery.count,
  };
}
