import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource, type QueryRunner } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { dropRetired } from './retired-partitions.js';
import { bucketAt } from './trace-writer.js';

interface PartitionedTable {
  readonly name: string;
  readonly payloadColumns: readonly string[];
  readonly settings: string;
}

/** Vacuum settings: payload rows are written once; observations are often written two or three times. */
const TABLES: readonly PartitionedTable[] = [
  {
    name: 'observations',
    payloadColumns: [],
    settings: 'fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02',
  },
  {
    name: 'observation_payloads',
    payloadColumns: ['input', 'output', 'metadata'],
    settings: 'autovacuum_vacuum_insert_scale_factor = 0.2',
  },
  {
    name: 'trace_payloads',
    payloadColumns: ['input', 'output'],
    settings: 'autovacuum_vacuum_insert_scale_factor = 0.2',
  },
  {
    name: 'logs',
    payloadColumns: ['body', 'attributes', 'scope', 'resource', 'message'],
    settings: 'autovacuum_vacuum_insert_scale_factor = 0.2',
  },
];

/**
 * Two rows of a page stay whole before values move to the TOAST table: with texts of 3.2 KB an insert costs a fifth less
 * and a read as much, for a tenth more disk. Not with compression, which begins at the same limit.
 */
const INLINE_UNCOMPRESSED = 'toast_tuple_target = 4080';

const WEEKS_AHEAD = 4;
const CHECK_EVERY_MS = 3_600_000;
/** Advisory lock of schema work ("xtrm" in ASCII), shared with the migrations. */
export const SCHEMA_LOCK = 0x7874726d;

/** Makes the weekly partitions of payloads, observations and logs before anything is written into them. */
@Injectable()
export class PartitionKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(PartitionKeeper.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.ensure().catch((error: Error) => this.logger.error(`partitions were not made: ${error.message}`));
    }, CHECK_EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /**
   * Makes sure that this week and the next four have their partitions. Safe in several processes at once; blocks
   * neither readers nor writers (a partition is made apart and then attached).
   */
  async ensure(nowMs: number = Date.now()): Promise<void> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const first = bucketAt(nowMs);
      const missing = await this.findMissing(runner, first);
      if (missing.length === 0) return;
      await runner.startTransaction();
      await runner.query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
      await dropRetired((sql, parameters) => runner.query(sql, parameters));
      const compression = await this.compression(runner);
      for (const { table, bucket } of await this.findMissing(runner, first))
        await attach(runner, table, bucket, compression);
      await runner.commitTransaction();
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  private async findMissing(
    runner: QueryRunner,
    first: number,
  ): Promise<{ table: PartitionedTable; bucket: number }[]> {
    const names = TABLES.flatMap((table) => weeks(first).map((bucket) => partitionName(table.name, bucket)));
    const rows = (await runner.query(
      'SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relname = ANY($1)',
      [names],
    )) as { name: string }[];
    const known = new Set(rows.map((row) => row.name));
    return TABLES.flatMap((table) => weeks(first).map((bucket) => ({ table, bucket }))).filter(
      ({ table, bucket }) => !known.has(partitionName(table.name, bucket)),
    );
  }

  /** How payload texts are stored: lz4 costs half of pglz, and where the server has none, no compression costs less than pglz. */
  private async compression(runner: QueryRunner): Promise<'lz4' | 'pglz' | 'none'> {
    const wanted = this.config.payloadCompression;
    if (wanted !== 'auto') return wanted;
    const rows = (await runner.query(
      `SELECT 'lz4' = ANY(enumvals) AS lz4 FROM pg_settings WHERE name = 'default_toast_compression'`,
    )) as { lz4: boolean }[];
    return rows[0]?.lz4 === true ? 'lz4' : 'none';
  }
}

function weeks(first: number): number[] {
  return Array.from({ length: WEEKS_AHEAD + 1 }, (_, i) => first + i);
}

/** Names of the tables that have a partition per week of arrival. */
export const PARTITIONED_BY_WEEK = TABLES.map(({ name }) => name);

/** The week that a partition holds, by its name. */
export function bucketOf(name: string): number {
  const [, bucket] = /_w(\d+)$/.exec(name) ?? [];
  if (bucket === undefined) throw new Error(`${name} is no partition that xtrace has made`);
  return Number(bucket);
}

function partitionName(table: string, bucket: number): string {
  return `${table}_w${bucket}`;
}

async function attach(
  runner: QueryRunner,
  table: PartitionedTable,
  bucket: number,
  compression: string,
): Promise<void> {
  const name = partitionName(table.name, bucket);
  // A process that died between the two statements left nothing behind: both are in one transaction.
  const isUncompressed = table.payloadColumns.length > 0 && compression === 'none';
  const settings = isUncompressed ? `${table.settings}, ${INLINE_UNCOMPRESSED}` : table.settings;
  await runner.query(`CREATE TABLE ${name} (LIKE ${table.name}) WITH (${settings})`);
  for (const column of table.payloadColumns) {
    const storage = isUncompressed ? 'SET STORAGE EXTERNAL' : `SET COMPRESSION ${compression}`;
    await runner.query(`ALTER TABLE ${name} ALTER COLUMN ${column} ${storage}`);
  }
  await runner.query(
    `ALTER TABLE ${table.name} ATTACH PARTITION ${name} FOR VALUES FROM (${bucket}) TO (${bucket + 1})`,
  );
}
