import { Logger } from '@nestjs/common';
import { type ScoreBatch, type ScorePatch, type ScoreRejection } from '../domain/score.js';
import { type RefusedScore, type ScoreWriter } from '../storage/scores/score-writer.js';
import { ItemQueue } from './item-queue.js';
import { type QueueOptions } from './queue-options.js';

/** Scores of one transaction, about. */
const MAX_FLUSH_SCORES = 4000;

/** Of scores. */
export type ScoreQueue = ItemQueue<ScoreBatch, ScorePatch, RefusedScore, ScoreRejection>;

export function openScoreQueue(writer: ScoreWriter, options: Omit<QueueOptions, 'onMissingPartition'>): ScoreQueue {
  const logger = new Logger('ScoreQueue');
  return new ItemQueue(
    {
      maxFlushItems: MAX_FLUSH_SCORES,
      itemsOf: ({ scores }) => scores,
      write: async (works) => {
        const scores = works.map(({ projectNo, items }) => ({ projectNo, scores: items }));
        const refused = await writer.write(scores, options.nowMs());
        for (const { patch, code } of refused) {
          // Not the reason, which may quote the value: it is told to the sender.
          if (code === 'NOT_STORABLE') logger.warn(`PostgreSQL refused score ${JSON.stringify(patch.id)}`);
        }
        return refused;
      },
      itemOf: ({ patch }) => patch,
      present: presentRefusal,
      end: () => writer.end(),
    },
    // Scores have no partitions.
    { ...options, onMissingPartition: () => Promise.resolve() },
  );
}

function presentRefusal({ patch, code, field, message }: RefusedScore): ScoreRejection {
  return { kind: 'score', index: patch.index, id: patch.id, ...(field === undefined ? {} : { field }), code, message };
}
