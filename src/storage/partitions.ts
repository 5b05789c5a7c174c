import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { RepeatedWork } from './repeated-work.js';
import { type RunSql } from './retired-partitions.js';
import { changeSchema } from './schema-change.js';
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
/** Makes the weekly partitions of payloads, observations and logs before anything is written into them. */
@Injectable()
export class PartitionKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(PartitionKeeper.name);
  private readonly rounds = new RepeatedWork(() => this.ensureAndReport(), CHECK_EVERY_MS);

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /**
   * Makes sure that this week and the next four have their partitions. Safe in several processes at once; blocks
   * neither readers nor writers (a partition is made apart and then attached).
   */
  async ensure(nowMs: number = Date.now()): Promise<void> {
    const first = bucketAt(nowMs);
    const missing = await findMissing((sql, parameters) => this.dataSource.query(sql, parameters), first);
    if (missing.length === 0) return;
    await changeSchema(this.dataSource, async (run) => {
      const compression = await this.compression(run);
      for (const { table, bucket } of await findMissing(run, first)) await attach(run, table, bucket, compression);
    });
  }

  /** Never rejects. */
  private async ensureAndReport(): Promise<void> {
    await this.ensure().catch((error: Error) => this.logger.error(`partitions were not made: ${error.message}`));
  }

  /** How payload texts are stored: lz4 costs half of pglz, and where the server has none, no compression costs less than pglz. */
  private async compression(run: RunSql): Promise<'lz4' | 'pglz' | 'none'> {
    const wanted = this.config.payloadCompression;
    if (wanted !== 'auto') return wanted;
    const [row] = await run<{ lz4: boolean }>(
      `SELECT 'lz4' = ANY(enumvals) AS lz4 FROM pg_settings WHERE name = 'default_toast_compression'`,
    );
    return row?.lz4 === true ? 'lz4' : 'none';
  }
}

/** The partitions that are not there of week `first` and those after it. */
async function findMissing(run: RunSql, first: number): Promise<{ table: PartitionedTable; bucket: number }[]> {
  const wanted = TABLES.flatMap((table) =>
    weeks(first).map((bucket) => ({ table, bucket, name: partitionName(table.name, bucket) })),
  );
  const rows = await run<{ name: string }>(
    'SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relname = ANY($1)',
    [wanted.map(({ name }) => name)],
  );
  const known = new Set(rows.map((row) => row.name));
  return wanted.filter(({ name }) => !known.has(name));
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

async function attach(run: RunSql, table: PartitionedTable, bucket: number, compression: string): Promise<void> {
  const name = partitionName(table.name, bucket);
  // A process that died between the two statements left nothing behind: both are in one transaction.
  const isUncompressed = table.payloadColumns.length > 0 && compression === 'none';
  const settings = isUncompressed ? `${table.settings}, ${INLINE_UNCOMPRESSED}` : table.settings;
  await run(`CREATE TABLE ${name} (LIKE ${table.name}) WITH (${settings})`);
  for (const column of table.payloadColumns) {
    const storage = isUncompressed ? 'SET STORAGE EXTERNAL' : `SET COMPRESSION ${compression}`;
    await run(`ALTER TABLE ${name} ALTER COLUMN ${column} ${storage}`);
  }
  await run(`ALTER TABLE ${table.name} ATTACH PARTITION ${name} FOR VALUES FROM (${bucket}) TO (${bucket + 1})`);
}
