import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { type OwnPrice } from '../../domain/price.js';
import { type Project } from '../../domain/project.js';
import { ReadPool } from '../read-pool.js';
import { compilePattern } from './own-price-matcher.js';
import { PRICE_COLUMNS, type PriceColumns, toPrice } from './own-price-rows.js';
import { PriceBook } from './price-book.js';

/** Every new name of a model is compared with all of them. */
const MAX_PRICES_PER_PROJECT = 1000;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

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
    if (!UUID.test(id)) return undefined;
    const [row] = await this.pool.query<PriceColumns>(
      `SELECT ${PRICE_COLUMNS} FROM model_prices WHERE project_no = $1 AND id = $2 AND deleted_at IS NULL`,
      [project.no, id],
    );
    return row === undefined ? undefined : toPrice(row);
  }

  /**
   * Adds a price. It counts for what is written from now on, within a few seconds.
   * @throws InvalidInput for a pattern that RE2 does not take, or when the project has too many prices.
   */
  async create(project: Project, price: NewPrice): Promise<OwnPrice> {
    compilePattern(price.modelPattern, price.definition !== null);
    const rows = await this.pool.query<PriceColumns>(
      `INSERT INTO model_prices (${PRICE_COLUMNS}) SELECT $1, $2, $3, $4, $5, $6, $8, clock_timestamp() ` +
        'WHERE (SELECT count(*) FROM model_prices WHERE project_no = $2 AND deleted_at IS NULL) < $7 ' +
        `RETURNING ${PRICE_COLUMNS}`,
      [
        randomUUID(),
        project.no,
        price.modelPattern,
        price.provider,
        price.validFrom,
        JSON.stringify(price.sheet),
        MAX_PRICES_PER_PROJECT,
        price.definition === null ? null : JSON.stringify(price.definition),
      ],
    );
    if (rows[0] === undefined) {
      throw new InvalidInput(`a project has at most ${MAX_PRICES_PER_PROJECT} prices: delete one first`);
    }
    this.book.invalidate();
    return toPrice(rows[0]);
  }

  /**
   * Deletes a price. Costs that were made with it stay and can still be explained.
   * @throws NotFound unless the project has it.
   */
  async delete(project: Project, id: string): Promise<void> {
    const rows = UUID.test(id)
      ? await this.pool.query(
          'UPDATE model_prices SET deleted_at = clock_timestamp() ' +
            'WHERE project_no = $1 AND id = $2 AND deleted_at IS NULL RETURNING id',
          [project.no, id],
        )
      : [];
    if (rows.length === 0) throw new NotFound(`Price ${id} not found within authorized project`);
    this.book.invalidate();
  }
}
