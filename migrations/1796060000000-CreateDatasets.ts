import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Datasets, their items, and the runs over them.
 *
 * `dataset_items` keeps every version of an item, each with the time in which it was the valid one; `valid_to` of the
 * present version is infinity, and a deleted item has none. All times are whole milliseconds, because clients name a
 * version by the time they were shown. Nothing refers to traces: a run item may come before its trace, and stays when
 * retention has taken the trace away.
 */
export class CreateDatasets1796060000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['dataset_run_items', 'dataset_runs', 'dataset_items', 'datasets'])
      await runner.query(`DROP TABLE ${table}`);
  }
}

const UP = [
  `CREATE TABLE datasets (
    project_no int NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text,
    metadata text,
    input_schema text,
    expected_output_schema text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_no, id)
  )`,
  'CREATE UNIQUE INDEX datasets_by_name ON datasets (project_no, name)',
  'CREATE INDEX datasets_by_creation ON datasets (project_no, created_at DESC, id DESC)',

  `CREATE TABLE dataset_items (
    project_no int NOT NULL,
    id text COLLATE "C" NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    dataset_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    status text COLLATE "C" NOT NULL,
    input text,
    expected_output text,
    metadata text,
    source_trace_id text COLLATE "C",
    source_observation_id text COLLATE "C",
    PRIMARY KEY (project_no, id, valid_from)
  )`,
  `CREATE UNIQUE INDEX dataset_items_present ON dataset_items (project_no, id) WHERE valid_to = 'infinity'`,
  // Lists of the present, newest first: of one dataset, of a project, of those that came from a trace.
  `CREATE INDEX dataset_items_by_dataset ON dataset_items (project_no, dataset_id, created_at DESC, id DESC)
    WHERE valid_to = 'infinity'`,
  `CREATE INDEX dataset_items_by_creation ON dataset_items (project_no, created_at DESC, id DESC)
    WHERE valid_to = 'infinity'`,
  `CREATE INDEX dataset_items_by_source ON dataset_items (project_no, source_trace_id)
    WHERE valid_to = 'infinity' AND source_trace_id IS NOT NULL`,
  // A dataset as it was at a time.
  'CREATE INDEX dataset_items_history ON dataset_items (project_no, dataset_id, created_at DESC, id DESC, valid_from)',

  `CREATE TABLE dataset_runs (
    project_no int NOT NULL,
    id text COLLATE "C" NOT NULL,
    dataset_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text,
    metadata text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_no, id)
  )`,
  // One run of a name, whoever of several clients comes first.
  'CREATE UNIQUE INDEX dataset_runs_by_name ON dataset_runs (project_no, dataset_id, name)',
  'CREATE INDEX dataset_runs_by_creation ON dataset_runs (project_no, dataset_id, created_at DESC, id DESC)',

  `CREATE TABLE dataset_run_items (
    project_no int NOT NULL,
    run_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    dataset_item_id text COLLATE "C" NOT NULL,
    item_version timestamptz NOT NULL,
    trace_id text COLLATE "C" NOT NULL,
    observation_id text COLLATE "C",
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_no, run_id, id)
  )`,
  'CREATE INDEX dataset_run_items_by_creation ON dataset_run_items (project_no, run_id, created_at DESC, id DESC)',
  'CREATE INDEX dataset_run_items_by_item ON dataset_run_items (project_no, dataset_item_id)',
];
