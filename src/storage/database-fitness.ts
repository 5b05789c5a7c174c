import { type QueryRunner } from 'typeorm';

/** The oldest major of PostgreSQL that xtrace is made for. */
export const OLDEST_MAJOR = 14;

/** A database that cannot hold what xtrace keeps, whatever its user may do. */
export class DatabaseUnfit extends Error {
  override readonly name = 'DatabaseUnfit';
}

/** What a database says about itself; `versionNumber` is PostgreSQL's `server_version_num`. */
export interface Fitness {
  readonly versionNumber: number;
  readonly version: string;
  readonly encoding: string;
}

/** Why such a database is unfit, with what to do; undefined if it is not. */
export function unfitness({ versionNumber, version, encoding }: Fitness): string | undefined {
  if (Math.floor(versionNumber / 10_000) < OLDEST_MAJOR)
    return `the database server is PostgreSQL ${version}: upgrade it to ${OLDEST_MAJOR} or later`;
  // Most text in the world would be refused item by item, each time with an error that blames its sender.
  if (encoding !== 'UTF8')
    return `the database has the encoding ${encoding}: make one with ENCODING 'UTF8' TEMPLATE template0, and name it in DATABASE_URL`;
  return undefined;
}

/** @throws DatabaseUnfit */
export async function refuseUnfitDatabase(runner: QueryRunner): Promise<void> {
  const rows = (await runner.query(
    `SELECT current_setting('server_version_num')::int AS "versionNumber", current_setting('server_version') AS version,
            current_setting('server_encoding') AS encoding`,
  )) as Fitness[];
  const problem = unfitness(rows[0]!);
  if (problem !== undefined) throw new DatabaseUnfit(problem);
}
