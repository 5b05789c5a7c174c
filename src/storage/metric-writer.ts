import { Inject, Injectable } from '@nestjs/common';
import { Pool, type PoolClient } from 'pg';
import { CONFIG, type Config } from '../config/config.js';
import { DATABASE, type DatabaseConnection } from '../config/database-connection.js';
import { type Point } from '../domain/metric.js';
import { type Micros } from '../domain/time.js';
import { BulkInsert } from './bulk-insert.js';
import { writerOptions } from './client-options.js';
import { insertExemplars } from './metric-exemplars.js';
import { SeriesDirectory } from './metric-series.js';
import { classifyFault } from './sql-state.js';

/** Points of one project, in the order of their arrival. */
export interface ProjectPoints {
  readonly projectNo: number;
  readonly points: readonly Point[];
}

/** A point that cannot be stored and that no retry can save. */
export interface RefusedPoint {
  readonly point: Point;
  /** Why PostgreSQL refuses it; absent when its series would be one too many. */
  readonly fault?: { readonly sqlState: string; readonly reason: string };
}

interface PointRow {
  readonly projectNo: number;
  /** Undefined until it is resolved. */
  seriesId: number | undefined;
  readonly time: Micros;
  readonly point: Point;
}

const UNIQUE_VIOLATION = '23505';
/** What a vain attempt costs, in rows written for nothing, is one hundredth of all then. */
const CAUTIOUS_FLUSHES = 100;

/** How many parts refused rows are split into. */
const SPLIT = 8;

const pointTable = new BulkInsert<PointRow>(
  'metric_points',
  [
    { name: 'project_no', type: 'int4', value: (row) => row.projectNo },
    { name: 'series_id', type: 'int4', value: (row) => row.seriesId },
    { name: 'ts', type: 'timestamptz', value: (row) => row.time },
    { name: 'value', type: 'float8', value: (row) => row.point.value },
  ],
  // A request that is sent again changes nothing and so writes nothing.
  '(project_no, series_id, ts) DO UPDATE SET value = excluded.value WHERE t.value IS DISTINCT FROM excluded.value',
);

/**
 * Writes points over one connection of its own. Each INSERT is a transaction: it needs no lane and no lock, because the
 * last value of a key wins whatever else is written. Not safe for two writes at once.
 */
@Injectable()
export class MetricWriter {
  private readonly pool: Pool;
  private readonly directory: SeriesDirectory;
  /** For so many flushes points are taken for known ones. */
  private cautiousFlushes = 0;

  constructor(
    @Inject(DATABASE) database: DatabaseConnection,
    @Inject(CONFIG) { metricsMaxSeries }: Pick<Config, 'metricsMaxSeries'>,
  ) {
    this.directory = new SeriesDirectory(metricsMaxSeries);
    this.pool = new Pool({ ...writerOptions(database, 'xtrace metric writes'), max: 1, idleTimeoutMillis: 0 });
    // Without a listener the loss of the idle connection would end the process; the next write opens another.
    this.pool.on('error', () => undefined);
  }

  /**
   * Commits every point that can be stored, then their exemplars, and returns the others: those of new series that their project has no room
   * for, and those that PostgreSQL refuses. Of several points with the same series and time the last one in `works`
   * wins. Rejects when it is unknown what is committed: `classifyFault` tells whether to try again, which is safe.
   */
  async write(works: readonly ProjectPoints[]): Promise<RefusedPoint[]> {
    const client = await this.pool.connect();
    try {
      const { rows, refused } = await this.rowsOf(client, works);
      const distinct = sortedRows(rows);
      if (!(await this.insertNew(client, distinct))) refused.push(...(await insert(client, distinct)));
      await insertExemplars(client, distinct);
      client.release();
      return refused;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async end(): Promise<void> {
    await this.pool.end();
  }

  /**
   * Inserts points that are new, as nearly all are; false, with nothing written, when one of them is not or is at fault.
   * Requests are sent again one after the other: after such a one the next flushes do not try.
   */
  private async insertNew(client: PoolClient, rows: readonly PointRow[]): Promise<boolean> {
    if (this.cautiousFlushes > 0) {
      this.cautiousFlushes -= 1;
      return false;
    }
    try {
      await pointTable.runNew(client, rows);
      return true;
    } catch (error) {
      const isKnown = (error as { code?: string }).code === UNIQUE_VIOLATION;
      if (!isKnown && classifyFault(error) !== 'row') throw error;
      this.cautiousFlushes = CAUTIOUS_FLUSHES;
      return false;
    }
  }

  private async rowsOf(
    client: PoolClient,
    works: readonly ProjectPoints[],
  ): Promise<{ rows: PointRow[]; refused: RefusedPoint[] }> {
    this.directory.forgetOld();
    let rows: PointRow[] = [];
    const pending = new Map<number, PointRow[]>();
    for (const { projectNo, points } of works) {
      for (const point of points) {
        const seriesId = this.directory.recall(projectNo, point.series);
        const row = { projectNo, seriesId, time: point.time, point };
        rows.push(row);
        if (seriesId !== undefined) continue;
        const others = pending.get(projectNo);
        if (others === undefined) pending.set(projectNo, [row]);
        else others.push(row);
      }
    }
    const refused: RefusedPoint[] = [];
    for (const [projectNo, others] of pending) {
      const ids = await this.directory.resolve(client, projectNo, new Set(others.map(({ point }) => point.series)));
      for (const row of others) {
        row.seriesId = ids.get(row.point.series);
        if (row.seriesId === undefined) refused.push({ point: row.point });
      }
    }
    if (refused.length > 0) rows = rows.filter((row) => row.seriesId !== undefined);
    return { rows, refused };
  }
}

/**
 * Rows with distinct keys in the order in which every writer takes them, so that no two of them wait for one another in
 * a circle. Sorting is stable: of equal keys the last is the one that arrived last.
 */
function sortedRows(rows: PointRow[]): PointRow[] {
  rows.sort((a, b) => a.projectNo - b.projectNo || a.seriesId! - b.seriesId! || a.time - b.time);
  return rows.filter((row, i) => {
    const next = rows[i + 1];
    return (
      next === undefined || row.time !== next.time || row.seriesId !== next.seriesId || row.projectNo !== next.projectNo
    );
  });
}

/** Inserts all rows or, when a row is at fault, all but the rows that are: part by part, each a transaction. */
async function insert(client: PoolClient, rows: readonly PointRow[]): Promise<RefusedPoint[]> {
  try {
    await pointTable.run(client, rows);
    return [];
  } catch (error) {
    if (classifyFault(error) !== 'row') throw error;
    if (rows.length === 1) {
      const { code, message } = error as { code?: string; message: string };
      return [{ point: rows[0]!.point, fault: { sqlState: code ?? '', reason: message } }];
    }
    const size = Math.ceil(rows.length / SPLIT);
    const refused: RefusedPoint[] = [];
    for (let at = 0; at < rows.length; at += size) {
      refused.push(...(await insert(client, rows.slice(at, at + size))));
    }
    return refused;
  }
}
