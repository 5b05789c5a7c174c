import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RepeatedWork } from './repeated-work.js';
import { type ExpiredPartition, findExpired, type RunSql } from './retired-partitions.js';
import { changeSchema } from './schema-change.js';

const DAY_MS = 86_400_000;
/** A point may be a day ahead of the clock; the third day is for a server that could not make partitions for a while. */
const DAYS_AHEAD = 3;
/** Days that get a partition of their own at the first start: what agents hold back over a long weekend. */
const DAYS_BACK = 7;
/** A server that was down for longer makes one partition of the days it missed. */
const MAX_MISSED_DAYS = 31;
const CHECK_EVERY_MS = 3_600_000;

const TABLE = 'metric_points';
const SETTINGS = 'autovacuum_analyze_scale_factor = 0.05';

/** Days as whole days since the Unix epoch, in UTC; `from` is -Infinity for the partition of the past, `to` is exclusive. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Keeps the partitions of points: a day each, made ahead, and one for everything before the first of them. Together
 * they always cover all times up to three days from now without a gap, so that no write ever waits for one to be made.
 * Dropping the oldest days is all that retention has to do: the past is made anew in their place.
 */
@Injectable()
export class MetricPartitionKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(MetricPartitionKeeper.name);
  private readonly rounds = new RepeatedWork(() => this.ensureAndReport(), CHECK_EVERY_MS);

  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /**
   * Makes the partitions that are missing. Safe in several processes at once; blocks neither readers nor writers (a
   * partition is made apart and then attached).
   */
  async ensure(nowMs: number = Date.now()): Promise<void> {
    const today = Math.floor(nowMs / DAY_MS);
    const attached = await attachedRanges((sql, parameters) => this.dataSource.query(sql, parameters));
    if (missingRanges(attached, today).length === 0) return;
    await changeSchema(this.dataSource, async (run) => {
      for (const range of missingRanges(await attachedRanges(run), today)) await attach(run, range);
    });
  }

  /** Never rejects. */
  private async ensureAndReport(): Promise<void> {
    await this.ensure().catch((error: Error) => this.logger.error(`partitions were not made: ${error.message}`));
  }
}

/** What must be added to `ranges` to cover all times up to `DAYS_AHEAD` from `today`: gaps, and the days ahead. */
function missingRanges(ranges: readonly Range[], today: number): Range[] {
  const missing: Range[] = [];
  let next = -Infinity;
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    if (from > next) missing.push({ from: next, to: from });
    next = to;
  }
  const first = next === -Infinity ? today - DAYS_BACK : next < today - MAX_MISSED_DAYS ? today : next;
  if (first > next) missing.push({ from: next, to: first });
  for (let day = first; day <= today + DAYS_AHEAD; day += 1) missing.push({ from: day, to: day + 1 });
  return missing;
}

// The name of a partition says what it holds: metric_points_20261123, …_20261101_to_20261120, …_past_to_20261116.
// Reading the bounds from the catalogue instead would mean parsing times in whatever time zone the session has.
const NAME = /^metric_points_(?:(\d{8})|(past|\d{8})_to_(\d{8}))$/;

async function attachedRanges(run: RunSql): Promise<Range[]> {
  const rows = await run<{ name: string }>(
    'SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass',
    [TABLE],
  );
  return rows.map(({ name }) => rangeOf(name));
}

function rangeOf(name: string): Range {
  const [, day, from, to] = NAME.exec(name) ?? [];
  if (day !== undefined) return { from: dayOf(day), to: dayOf(day) + 1 };
  if (from === undefined || to === undefined) throw new Error(`${name} is no partition that xtrace has made`);
  return { from: from === 'past' ? -Infinity : dayOf(from), to: dayOf(to) };
}

/**
 * The partitions all of whose points are older than `beforeMs`. The past is one of them together with the first day that
 * expires, so that it can be made anew up to there, and when points came into it.
 */
export async function expiredPointPartitions(run: RunSql, beforeMs: number): Promise<ExpiredPartition[]> {
  const expired = await findExpired(run, [TABLE], (name) => rangeOf(name).to * DAY_MS <= beforeMs);
  const [only] = expired;
  if (expired.length !== 1 || only!.isPending || rangeOf(only!.name).from !== -Infinity) return expired;
  const [past] = await run<{ hasPoints: boolean }>(`SELECT EXISTS (SELECT FROM ${only!.name}) AS "hasPoints"`);
  return past?.hasPoints === true ? expired : [];
}

async function attach(run: RunSql, { from, to }: Range): Promise<void> {
  const start = from === -Infinity ? 'past' : digits(from);
  const name = to === from + 1 ? `${TABLE}_${start}` : `${TABLE}_${start}_to_${digits(to)}`;
  const lower = from === -Infinity ? 'MINVALUE' : `'${digits(from)} 00:00:00Z'`;
  await run(`CREATE TABLE ${name} (LIKE ${TABLE}) WITH (${SETTINGS})`);
  await run(`ALTER TABLE ${TABLE} ATTACH PARTITION ${name} FOR VALUES FROM (${lower}) TO ('${digits(to)} 00:00:00Z')`);
}

/** `20261123` for that day. */
function digits(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
}

function dayOf(text: string): number {
  return Date.parse(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}T00:00:00Z`) / DAY_MS;
}
