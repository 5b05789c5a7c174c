import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { DATABASE, type DatabaseConnection } from '../config/database-connection.js';
import { writerOptions } from './client-options.js';
import { LANE_COUNT } from './lane.js';
import { PriceBook } from './pricing/price-book.js';
import { WriteConnection } from './write-connection.js';

/** The connections that writes use; nothing else does, so that no slow read can hold up a commit. */
@Injectable()
export class WriteConnections {
  readonly all: readonly WriteConnection[];

  constructor(@Inject(CONFIG) config: Config, @Inject(DATABASE) database: DatabaseConnection, prices: PriceBook) {
    const options = writerOptions(database, 'xtrace writes');
    // Two processes seldom draw the same numbers, and when they do, they only wait for one another's commits.
    const first = randomInt(LANE_COUNT);
    this.all = Array.from(
      { length: config.writeConnections },
      (_, i) => new WriteConnection(options, (first + i) % LANE_COUNT, prices),
    );
  }
}
