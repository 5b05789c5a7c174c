import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InvalidInput, TooLarge } from '../../domain/errors.js';
import { type Rejection } from '../../domain/ingest-batch.js';
import { type Project } from '../../domain/project.js';
import { parseRequestJson } from '../../domain/request-json.js';
import { readScoreBody, REST_SOURCES } from '../../domain/score-body.js';
import { type ScorePatch } from '../../domain/score.js';
import { ArrivalClock, eventStamp } from '../../domain/time.js';
import { ScoreIngestService } from '../../ingest/score-ingest.service.js';

/** Scores of one request. As many as events fit a request of `/api/public/ingestion`; Langfuse's SDK sends 15. */
export const MAX_SCORES = 50_000;

/** How many refused scores an answer lists; more are only counted, so that an answer stays below the size of a request. */
const MAX_LISTED_SCORES = 10_000;

/** A score that was not taken. */
export type RefusedScore = Pick<Rejection, 'index' | 'field' | 'code' | 'message'>;

/** What became of the scores of a request: everything that is not refused is committed. */
export interface ReceivedScores {
  /** Whether the body was an array, even of one. */
  readonly isList: boolean;
  /** Ids of those that could be read, in the order of the request. */
  readonly ids: readonly string[];
  readonly scoreCount: number;
  readonly refusedCount: number;
  /** In the order of the request, at most MAX_LISTED_SCORES. */
  readonly refused: readonly RefusedScore[];
}

/** Takes the body of `POST /api/public/scores`. */
@Injectable()
export class ScoreReceiver {
  constructor(
    private readonly scores: ScoreIngestService,
    private readonly clock: ArrivalClock,
  ) {}

  /**
   * Takes a score or an array of them, each on its own, and resolves once they are committed.
   * @throws InvalidInput for a body that is no JSON, TooLarge beyond MAX_SCORES; OverCapacity and Unavailable as
   * `ScoreIngestService.submit`.
   */
  async receive(body: Buffer, project: Project): Promise<ReceivedScores> {
    const sent = parseRequestJson(body.toString());
    const isList = Array.isArray(sent);
    const items: readonly unknown[] = isList ? sent : [sent];
    if (items.length > MAX_SCORES)
      throw new TooLarge(`The body holds ${items.length} scores, at most ${MAX_SCORES} fit one request`);
    const { scores, unread } = this.readAll(items);
    const { rejected } = await this.scores.submit({ project, scores, bytes: body.length });
    const refused = [...unread, ...rejected].sort((a, b) => a.index - b.index);
    return {
      isList,
      ids: scores.map(({ id }) => id),
      scoreCount: items.length,
      refusedCount: refused.length,
      refused: refused.slice(0, MAX_LISTED_SCORES),
    };
  }

  private readAll(items: readonly unknown[]): { scores: ScorePatch[]; unread: RefusedScore[] } {
    const scores: ScorePatch[] = [];
    const unread: RefusedScore[] = [];
    const nowMs = Date.now();
    for (const [index, item] of items.entries()) {
      const timestamp = this.clock.next();
      // Of two messages about one score the later one counts, whatever time they state.
      const stamp = eventStamp(timestamp, false, nowMs);
      try {
        scores.push(readScoreBody(item, { index, newId: randomUUID, stamp, timestamp, nowMs, sources: REST_SOURCES }));
      } catch (error) {
        if (!(error instanceof InvalidInput)) throw error;
        const { field, message } = error;
        unread.push({ index, code: 'INVALID_FIELD', message, ...(field === undefined ? {} : { field }) });
      }
    }
    return { scores, unread };
  }
}
