import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InvalidInput } from '../../domain/errors.js';
import { type Rejection } from '../../domain/ingest-batch.js';
import { type Project } from '../../domain/project.js';
import { type ScoreRejection } from '../../domain/score.js';
import { OrphanIngestService } from '../../ingest/orphan-ingest.service.js';
import { ScoreIngestService } from '../../ingest/score-ingest.service.js';
import { type MappedEvents, mapEvents, type RefusedEvent } from './ingestion.map.js';
import { type Envelope, readEnvelope, readSingle, type SingleWrite } from './ingestion.schema.js';

/** How many refused events an answer lists; more are only counted, so that an answer stays below the size of a request. */
const MAX_LISTED_EVENTS = 10_000;

/** What became of the events of a request: everything that is not refused is committed. */
export interface ReceivedEvents {
  readonly eventCount: number;
  /** Ids of the events that were taken, in the order of the request. */
  readonly taken: readonly string[];
  readonly refusedCount: number;
  /** In the order of the request, at most MAX_LISTED_EVENTS. */
  readonly refused: readonly RefusedEvent[];
}

/** Takes the body of `/api/public/ingestion`, and those of the routes that it replaced. */
@Injectable()
export class IngestionReceiver {
  constructor(
    private readonly ingest: OrphanIngestService,
    private readonly scores: ScoreIngestService,
  ) {}

  /**
   * @param onlyScores the caller may send nothing else
   * @throws InvalidInput for a body that is no batch at all; OverCapacity and Unavailable as `IngestService.submit`.
   */
  receive(body: Buffer, project: Project, onlyScores: boolean): Promise<ReceivedEvents> {
    return this.take(readEnvelope(body), body.length, project, onlyScores);
  }

  /**
   * Takes the body of a single write, and resolves with the id of what it wrote.
   * @throws InvalidInput when it is refused; OverCapacity and Unavailable as `IngestService.submit`.
   */
  async receiveOne(body: Buffer, write: SingleWrite, project: Project): Promise<string> {
    const { event, id, idField } = readSingle(body, write, randomUUID());
    const { refused } = await this.take({ events: [event], texts: [] }, body.length, project, false);
    const [refusal] = refused;
    if (refusal === undefined) return id;
    // The envelope is ours: the caller only knows its own fields.
    const theirs = (text: string) => text.replace(/^body\.id\b/, idField).replace(/^body(?:\.| )/, '');
    throw new InvalidInput(theirs(refusal.message), refusal.field && theirs(refusal.field));
  }

  private async take(
    envelope: Envelope,
    bytes: number,
    project: Project,
    onlyScores: boolean,
  ): Promise<ReceivedEvents> {
    const mapped = mapEvents(envelope, { nowMs: Date.now(), onlyScores });
    const { scores, taken } = mapped;
    const [rejected, rejectedScores] = await Promise.all([
      this.submit(mapped, project, bytes),
      scores.length === 0 ? [] : this.scores.submit({ project, scores, bytes }).then((receipt) => receipt.rejected),
    ]);
    const late = [...rejected, ...rejectedScores].map((rejection) => toRefused(rejection, taken));
    const lateIndexes = new Set(late.map(({ index }) => index));
    const refused = [...mapped.refused, ...late].sort((a, b) => a.index - b.index);
    return {
      eventCount: envelope.events.length,
      taken: taken.filter((id, index): id is string => id !== undefined && !lateIndexes.has(index)),
      refusedCount: refused.length,
      refused: refused.slice(0, MAX_LISTED_EVENTS),
    };
  }

  private async submit(mapped: MappedEvents, project: Project, bytes: number): Promise<readonly Rejection[]> {
    const { traces, observations, strays } = mapped;
    if (traces.length + observations.length + strays.length === 0) return [];
    return (await this.ingest.submit({ project, traces, observations, bytes }, strays)).rejected;
  }
}

/** Patches have the index of their event, whatever they are about. */
function toRefused({ index, field, message }: Rejection | ScoreRejection, taken: MappedEvents['taken']): RefusedEvent {
  return { index, id: taken[index], field, reason: 'invalid', message };
}
