import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Scores, and the configs that they must comply with. One table and no partitions: a score may come long before its
 * trace or belong to none, and its id alone must find it. `first_stamp` belongs to what a score is about and when it was
 * given, `stamp` to what it says, and to every optional field that `stamps` does not list.
 *
 * Every list is in timestamp order, ties by id, and so is every index. All of them are partial, on a column that most scores
 * leave empty or on what is true of every row: a look-up by key, which says neither, can only go by the key, also while the
 * table has no statistics. `scores_by_arrival` is for retention.
 */
export class CreateScores1796030000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE scores');
    await runner.query('DROP TABLE score_configs');
  }
}

const UP = [
  `CREATE TABLE scores (
    project_no int NOT NULL,
    id text COLLATE "C" NOT NULL,
    ts timestamptz NOT NULL,
    trace_id text COLLATE "C",
    observation_id text COLLATE "C",
    session_id text COLLATE "C",
    dataset_run_id text COLLATE "C",
    environment text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    data_type text COLLATE "C" NOT NULL,
    value float8,
    string_value text,
    config_id text COLLATE "C",
    comment text,
    metadata jsonb,
    queue_id text COLLATE "C",
    author_user_id text COLLATE "C",
    execution_trace_id text COLLATE "C",
    first_stamp int8 NOT NULL,
    stamp int8 NOT NULL,
    stamps jsonb,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_no, id)
  )`,
  `CREATE INDEX scores_by_ts ON scores (project_no, ts DESC, id DESC) WHERE ts > '-infinity'`,
  `CREATE INDEX scores_by_name ON scores (project_no, name, ts DESC, id DESC) WHERE ts > '-infinity'`,
  `CREATE INDEX scores_by_trace ON scores (project_no, trace_id, ts DESC, id DESC) WHERE trace_id IS NOT NULL`,
  `CREATE INDEX scores_by_observation ON scores (project_no, observation_id, ts DESC, id DESC)
    WHERE observation_id IS NOT NULL`,
  `CREATE INDEX scores_by_session ON scores (project_no, session_id, ts DESC, id DESC) WHERE session_id IS NOT NULL`,
  `CREATE INDEX scores_by_run ON scores (project_no, dataset_run_id, ts DESC, id DESC)
    WHERE dataset_run_id IS NOT NULL`,
  `CREATE INDEX scores_by_config ON scores (project_no, config_id, ts DESC, id DESC) WHERE config_id IS NOT NULL`,
  `CREATE INDEX scores_by_queue ON scores (project_no, queue_id, ts DESC, id DESC) WHERE queue_id IS NOT NULL`,
  `CREATE INDEX scores_by_arrival ON scores (created_at)`,

  `CREATE TABLE score_configs (
    project_no int NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    description text,
    data_type text COLLATE "C" NOT NULL,
    min_value float8,
    max_value float8,
    categories jsonb,
    is_archived bool NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_no, id)
  )`,
  `CREATE INDEX score_configs_by_time ON score_configs (project_no, created_at DESC, id DESC)`,
];
