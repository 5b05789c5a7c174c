import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { DATABASE, type DatabaseConnection } from '../config/database-connection.js';
import { CONNECT_TIMEOUT_MS } from './data-source.js';
import { LANE_COUNT } from './lane.js';
import { WriteConnection } from './write-connection.js';

/** A statement of a writer that runs longer than this waits for something that is stuck. */
export const STATEMENT_TIMEOUT_MS = 30_000;
/** PostgreSQL cannot keep that limit while it stands still: then we do, a little later. */
export const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5000;

/** The connections that writes use; nothing else does, so that no slow read can hold up a commit. */
@Injectable()
export class WriteConnections {
  readonly all: readonly WriteConnection[];

  constructor(@Inject(CONFIG) config: Config, @Inject(DATABASE) database: DatabaseConnection) {
    const { host, port, user, password, database: name, ssl } = database;
    const options = {
      host,
      port,
      user,
      password,
      database: name,
      ssl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'xtrace writes',
    };
    // Two processes seldom draw the same numbers, and when they do, they only wait for one another's commits.
    const first = randomInt(LANE_COUNT);
    this.all = Array.from(
      { length: config.writeConnections },
      (_, i) => new WriteConnection(options, (first + i) % LANE_COUNT),
    );
  }
}
