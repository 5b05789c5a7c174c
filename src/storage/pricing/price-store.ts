import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { isStorableText } from '../../domain/json.js';
import { type OwnPrice } from '../../domain/price.js';
import { type Project } from '../../domain/project.js';
import { ReadPool } from '../read-pool.js';
import { compilePattern } from './own-price-matcher.js';
import { PRICE_COLUMNS, type PriceColumns, toPrice } from './own-price-rows.js';
import { PriceBook } from './price-book.js';

/** Every new name of a model is compared with all of them. */
const MAX_PRICES_PER_PROJECT = 1000;

const DELETE =
  'UPDATE model_prices SET deleted_at = clock_timestamp() WHERE project_no = $1 AND model_id = $2 AND deleted_at IS NULL';

/** A price to be made. */
export type NewPrice = Omit<OwnPrice, 'id' | 'createdAt'>;

/** The prices that a project sets itself. */
@Injectable()
export class PriceStore {
  constructor(
    private readonly pool: ReadPool,
    private readonly book: PriceBook,
  ) {}

  /** Newest first. */
  async list(project: Project): Promise<OwnPrice[]> {
    const rows = await this.pool.query<PriceColumns>(
      `SELECT ${PRICE_COLUMNS} FROM model_prices WHERE project_no = $1 AND deleted_at IS NULL ORDER BY created_at DESC, id`,
      [project.no],
    );
    return rows.map(toPrice);
  }

  /** Undefined unless the project has it. */
  async find(project: Project, id: string): Promise<OwnPrice | undefined> {
    if (!isStorableText(id)) return undefined;
    const [row] = await this.pool.query<PriceColumns>(
      `SELECT ${PRICE_COLUMNS} FROM model_prices WHERE project_no = $1 AND model_id = $2 AND deleted_at IS NULL`,
      [project.no, id],
    );
    return row === undefined ? undefined : toPrice(row);
  }

  /**
   * Adds a price. It counts for what is written from now on, within a few seconds.
   * @throws InvalidInput for a pattern that RE2 does not take, or when the project has too many prices.
   */
  create(project: Project, price: NewPrice): Promise<OwnPrice> {
    return this.put(project, randomUUID(), price);
  }

  /**
   * Adds the price `id`, in the place of the one that has this id. Costs that were made with that one stay.
   * @throws InvalidInput as `create`.
   */
  async put(project: Project, id: string, price: NewPrice): Promise<OwnPrice> {
    compilePattern(price.modelPattern, price.definition !== null);
    const row = await this.pool.transaction(async (run) => {
      // Two that put the same id take turns.
      await run('SELECT FROM projects WHERE no = $1 FOR NO KEY UPDATE', [project.no]);
      const [replaced] = await run<{ created_at: Date }>(`${DELETE} RETURNING created_at`, [project.no, id]);
      const [added] = await run<PriceColumns>(
        `INSERT INTO model_prices (id, ${PRICE_COLUMNS}) SELECT $1, $2, $3, $4, $5, $6, $7, $8, ` +
          'coalesce($9, clock_timestamp()) ' +
          'WHERE (SELECT count(*) FROM model_prices WHERE project_no = $3 AND deleted_at IS NULL) < $10 ' +
          `RETURNING ${PRICE_COLUMNS}`,
        [
          ...[randomUUID(), id, project.no, price.modelPattern, price.provider, price.validFrom],
          JSON.stringify(price.sheet),
          price.definition === null ? null : JSON.stringify(price.definition),
          replaced?.created_at ?? null,
          MAX_PRICES_PER_PROJECT,
        ],
      );
      if (added === undefined) {
        throw new InvalidInput(`a project has at most ${MAX_PRICES_PER_PROJECT} prices: delete one first`);
      }
      return added;
    });
    this.book.invalidate();
    return toPrice(row);
  }

  /**
   * Deletes a price. Costs that were made with it stay and can still be explained.
   * @throws NotFound unless the project has it.
   */
  async delete(project: Project, id: string): Promise<void> {
    const rows = isStorableText(id) ? await this.pool.query(`${DELETE} RETURNING id`, [project.no, id]) : [];
    if (rows.length === 0) throw new NotFound(`Price ${id} not found within authorized project`);
    this.book.invalidate();
  }
}
