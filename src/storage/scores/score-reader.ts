import { Injectable, Optional } from '@nestjs/common';
import { NotFound } from '../../domain/errors.js';
import { isStorableText } from '../../domain/json.js';
import { MAX_EXACT_COUNT, type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { type Score } from '../../domain/score.js';
import { ReadPool } from '../read-pool.js';
import { CappedCounter } from '../sql/capped-count.js';
import { pageOf, windowOf } from '../sql/paging.js';
import { type Where, whereAfter } from '../sql/where.js';
import { type ScoreFilter, whereScores } from './score-filter.js';
import {
  decodeScore,
  SCORE_SQL,
  type ScoreColumns,
  SCORE_IDS_OF_TRACES_SQL,
  scoreListSql,
  SCORES_OF_TRACES_SQL,
  TRACES_OF_SCORES_SQL,
} from './score-statements.js';

const TIME_COLUMNS = { time: 's.ts', id: 's.id' };

/** More of one trace than anybody reads in it; the list of scores has the others. */
const MAX_SCORES_OF_TRACE = 1000;

/** What a list of scores shows of the trace that is scored. */
export interface ScoredTrace {
  readonly userId: string | null;
  readonly tags: readonly string[];
  readonly environment: string | null;
  readonly sessionId: string | null;
}

/** A score of a list; null where its trace is not there (yet), or it belongs to none. */
export interface ScoreListItem extends Score {
  readonly trace: ScoredTrace | null;
}

/** Reads scores. */
@Injectable()
export class ScoreReader {
  private readonly counter: CappedCounter;

  constructor(
    private readonly pool: ReadPool,
    /** Counts are exact up to here. */
    @Optional() cap: number = MAX_EXACT_COUNT,
  ) {
    this.counter = new CappedCounter(pool, cap);
  }

  /**
   * One page of the scores that `filter` leaves, newest first, ties by id, with what is shown of their traces.
   * @throws InvalidInput for a cursor that is none, or a condition on a column that is not known.
   */
  async findScores(project: Project, filter: ScoreFilter, page: PageRequest): Promise<Page<ScoreListItem>> {
    const where = whereScores(project.no, filter);
    const [rows, count] = await Promise.all([this.rows(where, page), this.counter.count('scores s', where)]);
    const cut = pageOf(rows, windowOf(page), count, cursorOf);
    const scores = cut.items.map(decodeScore);
    const traces = await this.traces(project, scores);
    return { ...cut, items: scores.map((score) => ({ ...score, trace: traces.get(score.traceId ?? '') ?? null })) };
  }

  /**
   * The scores that `filter` leaves from a cursor on, newest first, ties by id; they are not counted.
   * @throws InvalidInput for a cursor that is none.
   */
  async findFrom(
    project: Project,
    filter: ScoreFilter,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<{ scores: Score[]; nextCursor: string | undefined }> {
    const page = { page: 1, limit, ...(cursor === undefined ? {} : { cursor }) };
    const rows = await this.rows(whereScores(project.no, filter), page);
    const cut = pageOf(rows, windowOf(page), { totalItems: 0, isTotalCapped: true }, cursorOf);
    return { scores: cut.items.map(decodeScore), nextCursor: cut.nextCursor };
  }

  /** @throws NotFound unless the project has it. */
  async getScore(project: Project, id: string): Promise<Score> {
    const [row] = isStorableText(id) ? await this.pool.query<ScoreColumns>(SCORE_SQL, [project.no, id]) : [];
    if (row === undefined) throw new NotFound(`Score ${id} not found within authorized project`);
    return decodeScore(row);
  }

  /**
   * Scores of each of `traceIds` and of the observations in it, at their positions: newest first, at most
   * MAX_SCORES_OF_TRACE of a trace, without corrections, which the API's shape of a trace does not know.
   */
  async ofTraces(project: Project, traceIds: readonly string[]): Promise<Score[][]> {
    const scores = traceIds.map((): Score[] => []);
    if (traceIds.length === 0) return scores;
    const rows = await this.pool.query<ScoreColumns & { n: number }>(
      SCORES_OF_TRACES_SQL,
      [project.no, [...traceIds], MAX_SCORES_OF_TRACE],
      'scores of traces',
    );
    for (const row of rows) scores[row.n - 1]!.push(decodeScore(row));
    return scores;
  }

  /** The ids of what {@link ofTraces} gives. */
  async idsOfTraces(project: Project, traceIds: readonly string[]): Promise<string[][]> {
    const ids = traceIds.map((): string[] => []);
    if (traceIds.length === 0) return ids;
    const rows = await this.pool.query<{ n: number; ids: string[] }>(
      SCORE_IDS_OF_TRACES_SQL,
      [project.no, [...traceIds], MAX_SCORES_OF_TRACE],
      'score ids of traces',
    );
    for (const row of rows) ids[row.n - 1] = row.ids;
    return ids;
  }

  private rows(where: Where, page: PageRequest): Promise<ScoreColumns[]> {
    const window = windowOf(page);
    const shown = where.copy();
    if (window.after !== undefined) whereAfter(shown, TIME_COLUMNS, window.after, 'desc');
    return this.pool.query<ScoreColumns>(scoreListSql(shown, window), shown.parameters);
  }

  private async traces(project: Project, scores: readonly Score[]): Promise<Map<string, ScoredTrace>> {
    const ids = [...new Set(scores.flatMap(({ traceId }) => traceId ?? []))];
    if (ids.length === 0) return new Map();
    const rows = await this.pool.query<TraceColumns>(TRACES_OF_SCORES_SQL, [project.no, ids], 'traces of scores');
    return new Map(
      rows.map((row) => [
        row.trace_id,
        { userId: row.user_id, tags: row.tags, environment: row.environment, sessionId: row.session_id },
      ]),
    );
  }
}

interface TraceColumns {
  trace_id: string;
  user_id: string | null;
  tags: string[];
  environment: string | null;
  session_id: string | null;
}

function cursorOf(row: ScoreColumns): { micros: number; id: string } {
  return { micros: Number(row.ts), id: row.id };
}
