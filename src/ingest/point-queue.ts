import { Logger } from '@nestjs/common';
import { type Point, type PointBatch, type PointRejection } from '../domain/metric.js';
import { type MetricWriter, type RefusedPoint } from '../storage/metric-writer.js';
import { ItemQueue } from './item-queue.js';
import { type QueueOptions } from './queue-options.js';

/** Points of one transaction, about: some 60 ms of work, far from any time limit however large a request is. */
const MAX_FLUSH_POINTS = 10_000;

/** Of points of time series. */
export type PointQueue = ItemQueue<PointBatch, Point, RefusedPoint, PointRejection>;

export function openPointQueue(writer: MetricWriter, options: QueueOptions): PointQueue {
  const logger = new Logger('PointQueue');
  return new ItemQueue(
    {
      maxFlushItems: MAX_FLUSH_POINTS,
      itemsOf: ({ points }) => points,
      write: async (works) => {
        const refused = await writer.write(works.map(({ projectNo, items }) => ({ projectNo, points: items })));
        logRefused(logger, refused);
        return refused;
      },
      itemOf: ({ point }) => point,
      present: presentRefusal,
      end: () => writer.end(),
    },
    options,
  );
}

function logRefused(logger: Logger, refused: readonly RefusedPoint[]): void {
  let excess = 0;
  for (const { point, fault } of refused) {
    if (fault === undefined) excess += 1;
    // Not the reason, which may quote the value: it is told to the sender.
    else logger.warn(`PostgreSQL refused a point of ${JSON.stringify(point.series.name)} (${fault.sqlState})`);
  }
  if (excess > 0) logger.warn(`refused ${excess} points of new series: their project has METRICS_MAX_SERIES`);
}

function presentRefusal({ point, fault }: RefusedPoint): PointRejection {
  const item = { kind: 'metric', index: point.index, id: point.series.name } as const;
  if (fault !== undefined)
    return { ...item, code: 'NOT_STORABLE', message: `the database refuses it: ${fault.reason}` };
  return {
    ...item,
    field: 'labels',
    code: 'TOO_MANY_SERIES',
    message: 'labels would make one series too many: the project has as many as METRICS_MAX_SERIES allows',
  };
}
