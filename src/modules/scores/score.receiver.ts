import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InvalidInput } from '../../domain/errors.js';
import { type Project } from '../../domain/project.js';
import { readScoreBody, REST_SOURCES } from '../../domain/score-body.js';
import { ArrivalClock, eventStamp } from '../../domain/time.js';
import { ScoreIngestService } from '../../ingest/score-ingest.service.js';

/** Takes the body of `POST /api/public/scores`. */
@Injectable()
export class ScoreReceiver {
  constructor(
    private readonly scores: ScoreIngestService,
    private readonly clock: ArrivalClock,
  ) {}

  /**
   * Resolves with the id of the score once it is committed.
   * @throws InvalidInput naming the field; OverCapacity and Unavailable as `ScoreIngestService.submit`.
   */
  async receive(body: Buffer, project: Project): Promise<string> {
    const timestamp = this.clock.next();
    const score = readScoreBody(parseJson(body), {
      index: 0,
      newId: randomUUID,
      // Of two requests about one score the later one counts.
      stamp: eventStamp(timestamp, false, Date.now()),
      timestamp,
      sources: REST_SOURCES,
    });
    const { rejected } = await this.scores.submit({ project, scores: [score], bytes: body.length });
    if (rejected[0] !== undefined) throw new InvalidInput(rejected[0].message, rejected[0].field);
    return score.id;
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    throw new InvalidInput('The body is not valid JSON', 'body');
  }
}
