import { Inject, Injectable } from '@nestjs/common';
import { Pool, type PoolClient } from 'pg';
import { DATABASE, type DatabaseConnection } from '../../config/database-connection.js';
import { InvalidInput } from '../../domain/errors.js';
import { compareBytewise } from '../../domain/json.js';
import { type ScoreRule } from '../../domain/score-config.js';
import { foldScores, type ScoreState, scoreStateOf } from '../../domain/score-merge.js';
import { settleScore } from '../../domain/score-value.js';
import { type ScorePatch } from '../../domain/score.js';
import { writerOptions } from '../client-options.js';
import { classifyFault } from '../sql-state.js';
import { type BinaryStatement } from '../statement-batch.js';
import { lockScores } from './score-locks.js';
import { type ScoreRow, selectScores, upsertScores } from './score-rows.js';
import { selectRules } from './score-rules.js';

/** Scores of one project. */
export interface ProjectScores {
  readonly projectNo: number;
  readonly scores: readonly ScorePatch[];
}

/** A score that cannot be stored and that no retry can save. */
export interface RefusedScore {
  readonly patch: ScorePatch;
  readonly code: 'INVALID_FIELD' | 'NOT_STORABLE';
  /** The field that breaks a rule of the score's type or config. */
  readonly field?: string | undefined;
  readonly message: string;
}

interface OwnedPatch {
  readonly projectNo: number;
  readonly patch: ScorePatch;
}

/** What a flush says of one score. */
interface ScoreWork {
  readonly projectNo: number;
  readonly id: string;
  readonly patches: ScorePatch[];
  state: ScoreState;
}

/** Look-ups by key, whatever the statistics of a new table say. */
const KEYED_PLANS = 'SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan';
const COMMIT: BinaryStatement = { name: 'commit', text: 'COMMIT', values: [] };
/** How many parts refused rows are split into. */
const SPLIT = 8;

/**
 * Writes scores over one connection of its own: old rows are read, folded with what is new, and written, under the locks
 * of their lanes. Not safe for two writes at once.
 */
@Injectable()
export class ScoreWriter {
  private readonly pool: Pool;

  constructor(@Inject(DATABASE) database: DatabaseConnection) {
    this.pool = new Pool({ ...writerOptions(database, 'xtrace score writes'), max: 1, idleTimeoutMillis: 0 });
    // Without a listener the loss of the idle connection would end the process; the next write opens another.
    this.pool.on('error', () => undefined);
  }

  /**
   * Commits every score that can be stored and returns the others: those that break a rule of their type or config, and
   * those that PostgreSQL refuses. Rejects when it is unknown what is committed: `classifyFault` tells whether to try
   * again, which is safe.
   */
  async write(works: readonly ProjectScores[], nowMs: number): Promise<RefusedScore[]> {
    const client = await this.pool.connect();
    try {
      const { settled, refused } = await settle(client, works);
      refused.push(...(await commit(client, settled, nowMs)));
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
}

/** Looks the configs up and folds what the flush says of each score, in the order in which every writer takes scores. */
async function settle(
  client: PoolClient,
  works: readonly ProjectScores[],
): Promise<{ settled: ScoreWork[]; refused: RefusedScore[] }> {
  const owned = works.flatMap(({ projectNo, scores }) => scores.map((patch): OwnedPatch => ({ projectNo, patch })));
  const rules = await rulesOf(client, owned);
  const settled = new Map<string, ScoreWork>();
  const refused: RefusedScore[] = [];
  for (const { projectNo, patch } of owned) {
    try {
      const rule = patch.configId === undefined ? undefined : rules.get(`${projectNo}:${patch.configId}`);
      const state = scoreStateOf(patch, settleScore(patch, rule));
      const key = `${projectNo}:${patch.id}`;
      const known = settled.get(key);
      if (known === undefined) settled.set(key, { projectNo, id: patch.id, patches: [patch], state });
      else {
        known.patches.push(patch);
        known.state = foldScores(known.state, state);
      }
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      refused.push({ patch, code: 'INVALID_FIELD', field: error.field, message: error.message });
    }
  }
  const sorted = [...settled.values()].sort((a, b) => a.projectNo - b.projectNo || compareBytewise(a.id, b.id));
  return { settled: sorted, refused };
}

async function rulesOf(client: PoolClient, owned: readonly OwnedPatch[]): Promise<Map<string, ScoreRule>> {
  const keys = new Map<string, { projectNo: number; id: string }>();
  for (const { projectNo, patch } of owned) {
    if (patch.configId !== undefined) keys.set(`${projectNo}:${patch.configId}`, { projectNo, id: patch.configId });
  }
  const rules = await selectRules(client, [...keys.values()]);
  return new Map([...keys.keys()].flatMap((key, i) => (rules[i] === undefined ? [] : [[key, rules[i]] as const])));
}

/** Commits all works or, when a row is at fault, all but the rows that are: part by part, each a transaction. */
async function commit(client: PoolClient, works: readonly ScoreWork[], nowMs: number): Promise<RefusedScore[]> {
  if (works.length === 0) return [];
  try {
    await writeUnderLocks(client, works, nowMs);
    return [];
  } catch (error) {
    if (classifyFault(error) !== 'row') throw error;
    await client.query('ROLLBACK');
    if (works.length === 1) {
      const message = `the database refuses it: ${(error as Error).message}`;
      return works[0]!.patches.map((patch) => ({ patch, code: 'NOT_STORABLE', message }));
    }
    const size = Math.ceil(works.length / SPLIT);
    const refused: RefusedScore[] = [];
    for (let at = 0; at < works.length; at += size) {
      refused.push(...(await commit(client, works.slice(at, at + size), nowMs)));
    }
    return refused;
  }
}

async function writeUnderLocks(client: PoolClient, works: readonly ScoreWork[], nowMs: number): Promise<void> {
  await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED; ${KEYED_PLANS}; ${lockScores(works)}`);
  const stored = await selectScores(client, works);
  const now = nowMs * 1000;
  const rows = works.flatMap(({ projectNo, id, state }, i): ScoreRow[] => {
    const known = stored[i];
    if (known === undefined) return [{ projectNo, id, state, createdAt: now, updatedAt: now }];
    const folded = foldScores(known.state, state);
    // What was sent again changes nothing and so writes nothing.
    return folded === known.state ? [] : [{ projectNo, id, state: folded, createdAt: known.createdAt, updatedAt: now }];
  });
  await upsertScores(client, rows, COMMIT);
}
