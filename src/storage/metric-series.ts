import { createHash } from 'node:crypto';
import { type ClientBase } from 'pg';
import { type Series } from '../domain/metric.js';
import { encodeArray } from './binary-array.js';
import { BulkInsert } from './bulk-insert.js';

/** Names and labels that a process keeps in memory, in characters: about 100,000 series of 160 characters. */
const MAX_REMEMBERED_CHARACTERS = 16 * 1024 * 1024;

/** With a billion series in one project the chance that so many numbers in a row are taken is below 1e-9. */
const MAX_ATTEMPTS = 16;

interface SeriesRow {
  readonly projectNo: number;
  readonly seriesId: number;
  readonly key: string;
  readonly series: Series;
}

/** Whoever comes second keeps to what the first has written: of the same series, or of another with the same number. */
const seriesTable = new BulkInsert<SeriesRow>(
  'metric_series',
  [
    { name: 'project_no', type: 'int4', value: (row) => row.projectNo },
    { name: 'series_id', type: 'int4', value: (row) => row.seriesId },
    { name: 'key', type: 'text', value: (row) => row.key, expression: 'x.key::uuid' },
    { name: 'name', type: 'text', value: (row) => row.series.name },
    { name: 'labels', type: 'jsonb', value: (row) => row.series.labels },
  ],
  'DO NOTHING',
);

/** LATERAL with LIMIT: on a table without statistics a plain join would read all of it. */
const LOOK_UP = {
  name: 'look up metric_series',
  text:
    'SELECT k.key, s.series_id, s.idle_since IS NOT NULL AS is_idle FROM unnest($2::text[]) AS k(key) CROSS JOIN LATERAL ' +
    '(SELECT series_id, idle_since FROM metric_series s WHERE s.project_no = $1::int4 AND s.key = k.key::uuid LIMIT 1) s',
};

/** Keeps retention from a series that it was about to remove; what it has removed already is not returned. */
const REVIVE =
  'UPDATE metric_series SET idle_since = NULL WHERE project_no = $1::int4 AND key = ANY($2::text[]::uuid[]) ' +
  `RETURNING replace(key::text, '-', '') AS key, series_id, false AS is_idle`;

/**
 * How long a number is believed. Retention removes series without points after many times that (IDLE_MS), so that no
 * process still believes in one that has gone.
 */
const MAX_AGE_MS = 3_600_000;

/** How long "no more room" is believed without counting again: retention may have taken series away. */
const RECOUNT_AFTER_MS = 60_000;

const COUNT = {
  name: 'count metric_series',
  text: 'SELECT count(*)::int4 AS n FROM (SELECT FROM metric_series WHERE project_no = $1::int4 LIMIT $2::int4) s',
};

/** How many series of a project there were when they were last counted, and how many this process has entered since. */
interface SeriesCount {
  n: number;
  readonly atMs: number;
}

/** The series of one project that came by as the same objects lately. */
interface RecentSeries {
  readonly ids: Map<Series, number>;
  characters: number;
}

/**
 * The numbers by which points name their series. The dictionary in the database decides; this remembers what it has
 * said, the most recently used, for an hour.
 */
export class SeriesDirectory {
  // A Map iterates in order of insertion, and each use moves its entry to the end: the first is the longest unused.
  private readonly remembered = new Map<string, number>();
  private characters = 0;
  /** By project. In front of what is remembered: to be found by its object a series needs no text made. */
  private readonly recent = new Map<number, RecentSeries>();
  private sinceMs = 0;
  private readonly counts = new Map<number, SeriesCount>();

  constructor(
    /** Of one project. Processes that enter series at the same moment may exceed it together, by what one flush holds. */
    private readonly maxSeries: number,
    private readonly maxCharacters: number = MAX_REMEMBERED_CHARACTERS,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /**
   * The number of every series in `wanted`, new ones being entered while the project has room; the others are absent.
   * Outside any transaction: each statement must see what other processes have committed before it, and what it enters
   * counts at once.
   */
  async resolve(client: ClientBase, projectNo: number, wanted: Iterable<Series>): Promise<Map<Series, number>> {
    this.forgetOld();
    const ids = new Map<Series, number>();
    const unknown = new Map<string, Series[]>();
    for (const series of wanted) {
      const id = this.remembrance(projectNo, series);
      if (id !== undefined) ids.set(series, id);
      else {
        const key = keyOf(series);
        const same = unknown.get(key);
        if (same === undefined) unknown.set(key, [series]);
        else same.push(series);
      }
    }
    for (let attempt = 0; unknown.size > 0; attempt += 1) {
      for (const { key, series_id: id } of await lookUp(client, projectNo, [...unknown.keys()])) {
        for (const series of unknown.get(key)!) ids.set(series, id);
        this.remember(projectNo, unknown.get(key)![0]!, id);
        unknown.delete(key);
      }
      if (attempt === 0 && unknown.size > 0) await this.leaveOutExcess(client, projectNo, unknown);
      if (unknown.size === 0) break;
      if (attempt === MAX_ATTEMPTS) throw new Error(`no free number for a new series after ${attempt} attempts`);
      await seriesTable.run(client, candidates(projectNo, unknown, attempt));
    }
    this.noteRecent(projectNo, ids);
    return ids;
  }

  /** All at once: an hour's worth of look-ups costs less than a time kept with each series. */
  forgetOld(): void {
    const nowMs = this.nowMs();
    // A clock that was put back tells nothing about how long it has been.
    if (nowMs >= this.sinceMs && nowMs - this.sinceMs < MAX_AGE_MS) return;
    this.remembered.clear();
    this.recent.clear();
    this.characters = 0;
    this.sinceMs = nowMs;
  }

  /** The number of a series that was resolved as this very object lately; undefined says nothing. */
  recall(projectNo: number, series: Series): number | undefined {
    return this.recent.get(projectNo)?.ids.get(series);
  }

  private noteRecent(projectNo: number, ids: ReadonlyMap<Series, number>): void {
    let recent = this.recent.get(projectNo);
    for (const [series, id] of ids) {
      const length = series.name.length + series.labels.length;
      if (recent === undefined || recent.characters + length > this.maxCharacters)
        this.recent.set(projectNo, (recent = { ids: new Map(), characters: 0 }));
      if (!recent.ids.has(series)) recent.characters += length;
      recent.ids.set(series, id);
    }
  }

  /** Takes out of `unknown`, the series that are new, those that the project has no room for: the last ones. */
  private async leaveOutExcess(client: ClientBase, projectNo: number, unknown: Map<string, Series[]>): Promise<void> {
    let count = this.counts.get(projectNo);
    const isFull = count !== undefined && count.n + unknown.size > this.maxSeries;
    if (count === undefined || (isFull && this.nowMs() - count.atMs >= RECOUNT_AFTER_MS)) {
      const { rows } = await client.query<{ n: number }>({ ...COUNT, values: [projectNo, this.maxSeries] });
      this.counts.set(projectNo, (count = { n: rows[0]!.n, atMs: this.nowMs() }));
    }
    let room = this.maxSeries - count.n;
    for (const key of unknown.keys()) {
      if (room <= 0) unknown.delete(key);
      room -= 1;
    }
    count.n += unknown.size;
  }

  private remembrance(projectNo: number, series: Series): number | undefined {
    const text = textOf(projectNo, series);
    const id = this.remembered.get(text);
    if (id === undefined) return undefined;
    this.remembered.delete(text);
    this.remembered.set(text, id);
    return id;
  }

  private remember(projectNo: number, series: Series, id: number): void {
    const text = textOf(projectNo, series);
    if (!this.remembered.has(text)) this.characters += text.length;
    this.remembered.set(text, id);
    for (const longestUnused of this.remembered.keys()) {
      if (this.characters <= this.maxCharacters) return;
      this.remembered.delete(longestUnused);
      this.characters -= longestUnused.length;
    }
  }
}

interface FoundSeries {
  key: string;
  series_id: number;
  is_idle: boolean;
}

async function lookUp(client: ClientBase, projectNo: number, keys: readonly string[]): Promise<FoundSeries[]> {
  const values = [projectNo, encodeArray('metric_series.key', 'text', keys)];
  const { rows } = await client.query<FoundSeries>({ ...LOOK_UP, values });
  const idle = rows.filter((row) => row.is_idle).map(({ key }) => key);
  if (idle.length === 0) return rows;
  const revived = await client.query<FoundSeries>(REVIVE, [projectNo, encodeArray('metric_series.key', 'text', idle)]);
  return [...rows.filter((row) => !row.is_idle), ...revived.rows];
}

/** Sorted by key, so that processes which enter the same series wait for one another in the same order. */
function candidates(projectNo: number, unknown: ReadonlyMap<string, readonly Series[]>, attempt: number): SeriesRow[] {
  return [...unknown]
    .map(([key, [series]]) => ({ projectNo, seriesId: candidateId(key, attempt), key, series: series! }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** No name and no JSON text holds U+0000, so that different series never become the same text. */
function textOf(projectNo: number, { name, labels }: Series): string {
  return `${projectNo}\0${name}\0${labels}`;
}

/** The identity of a series: 32 hex digits, equal in every process. */
export function keyOf({ name, labels }: Series): string {
  return createHash('sha256').update(`${name}\0${labels}`).digest('hex').slice(0, 32);
}

/** The number to try for a series at the given attempt, the same in every process, so that few of them are wasted. */
export function candidateId(key: string, attempt: number): number {
  return createHash('sha256').update(`${key}:${attempt}`).digest().readInt32BE(0);
}
