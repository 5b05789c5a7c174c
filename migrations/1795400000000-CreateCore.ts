import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Tables of traces, observations, their payloads and the sums over them.
 *
 * Rules that the whole schema follows: `project_no` and `trace_id` first in every key, no foreign keys between tables
 * (messages arrive in any order), no serial ids, ids compared bytewise (collation "C"), money as whole nano-USD
 * (float sums depend on their order). `bucket` is the week of arrival of a trace's first message and partitions
 * everything that belongs to the trace; there is no DEFAULT partition, because PostgreSQL then refuses
 * DETACH CONCURRENTLY. Partitions are made by the server, weeks ahead.
 *
 * Stamps: `stamp` is the stamp of every stated field of the row that `stamps` does not list.
 */
export class CreateCore1795400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES.toReversed()) await runner.query(`DROP TABLE ${table} CASCADE`);
  }
}

const TABLES = [
  'projects',
  'traces',
  'trace_payloads',
  'observations',
  'observation_payloads',
  'sessions',
  'trace_models',
  'usage_hourly',
  'quarantine',
];

const TOTALS = `
  observation_count int8 NOT NULL,
  generation_count int8 NOT NULL,
  error_count int8 NOT NULL,
  input_tokens int8 NOT NULL,
  output_tokens int8 NOT NULL,
  total_tokens int8 NOT NULL,
  cost_nano_usd int8 NOT NULL`;

// Rollup rows are updated by nearly every write: vacuum them early and at full speed.
const HOT_TABLE = `autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0`;

const UP = [
  `CREATE TABLE projects (
    no int PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,

  `CREATE TABLE traces (
    project_no int NOT NULL,
    trace_id text COLLATE "C" NOT NULL,
    bucket int NOT NULL,
    ts timestamptz NOT NULL,
    stated_ts timestamptz,
    first_start timestamptz,
    last_end timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    name text COLLATE "C",
    user_id text COLLATE "C",
    session_id text COLLATE "C",
    release text COLLATE "C",
    version text COLLATE "C",
    environment text COLLATE "C",
    external_id text,
    public bool,
    bookmarked bool,
    stated_latency_seconds float8,
    stated_cost_usd float8,
    tags text[] NOT NULL,
    metadata jsonb,
    ${TOTALS},
    stamp int8,
    stamps jsonb,
    metadata_stamp int8,
    metadata_stamps jsonb,
    PRIMARY KEY (project_no, trace_id)
  ) WITH (fillfactor = 80, ${HOT_TABLE})`,
  // The predicates that hold for every row keep look-ups by key off these indexes: on a table without statistics the
  // planner cannot tell them from the primary key, and reads the whole project. Queries that want one repeat its predicate.
  `CREATE INDEX traces_by_ts ON traces (project_no, ts DESC, trace_id DESC) WHERE ts > '-infinity'`,
  `CREATE INDEX traces_by_user ON traces (project_no, user_id, ts DESC, trace_id DESC) WHERE user_id IS NOT NULL`,
  `CREATE INDEX traces_by_session ON traces (project_no, session_id, ts DESC, trace_id DESC) WHERE session_id IS NOT NULL`,
  `CREATE INDEX traces_by_name ON traces (project_no, name, ts DESC, trace_id DESC) WHERE name IS NOT NULL`,
  `CREATE INDEX traces_by_tag ON traces USING gin (tags)`,

  `CREATE TABLE trace_payloads (
    project_no int NOT NULL,
    trace_id text COLLATE "C" NOT NULL,
    bucket int NOT NULL,
    input text,
    output text,
    input_stamp int8,
    output_stamp int8,
    PRIMARY KEY (project_no, trace_id, bucket)
  ) PARTITION BY RANGE (bucket)`,

  `CREATE TABLE observations (
    project_no int NOT NULL,
    trace_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    bucket int NOT NULL,
    start_time timestamptz,
    end_time timestamptz,
    completion_start_time timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    type text COLLATE "C",
    name text COLLATE "C",
    level text COLLATE "C",
    status_message text,
    model text COLLATE "C",
    model_parameters text,
    parent_observation_id text COLLATE "C",
    version text COLLATE "C",
    environment text COLLATE "C",
    prompt_id text COLLATE "C",
    prompt_name text COLLATE "C",
    prompt_version text COLLATE "C",
    usage jsonb,
    input_tokens int8,
    output_tokens int8,
    total_tokens int8,
    stated_cost jsonb,
    cost_nano_usd int8,
    stated_facts jsonb,
    stamp int8,
    stamps jsonb,
    PRIMARY KEY (project_no, trace_id, id, bucket)
  ) PARTITION BY RANGE (bucket)`,
  // Look-up by observation id alone. A hash is half the size of a btree on long ids.
  `CREATE INDEX observations_by_id ON observations USING hash (id) WHERE id > ''`,
  `CREATE INDEX observations_by_start ON observations (project_no, start_time DESC) WHERE start_time IS NOT NULL`,

  `CREATE TABLE observation_payloads (
    project_no int NOT NULL,
    trace_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    bucket int NOT NULL,
    input text,
    output text,
    metadata text,
    input_stamp int8,
    output_stamp int8,
    metadata_stamp int8,
    metadata_stamps text,
    PRIMARY KEY (project_no, trace_id, id, bucket)
  ) PARTITION BY RANGE (bucket)`,

  `CREATE TABLE sessions (
    project_no int NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    trace_count int8 NOT NULL,
    ${TOTALS},
    first_time timestamptz,
    last_time timestamptz,
    PRIMARY KEY (project_no, session_id)
  ) WITH (fillfactor = 70, ${HOT_TABLE})`,
  `CREATE INDEX sessions_by_creation ON sessions (project_no, created_at DESC, session_id DESC)`,

  `CREATE TABLE trace_models (
    project_no int NOT NULL,
    trace_id text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    ${TOTALS},
    PRIMARY KEY (project_no, trace_id, model)
  ) WITH (fillfactor = 80, ${HOT_TABLE})`,

  // One row per lane: two processes that count the same model in the same hour do not wait for one another's commit.
  `CREATE TABLE usage_hourly (
    project_no int NOT NULL,
    hour timestamptz NOT NULL,
    model text COLLATE "C" NOT NULL,
    lane int2 NOT NULL,
    ${TOTALS},
    PRIMARY KEY (project_no, hour, model, lane)
  ) WITH (fillfactor = 70, ${HOT_TABLE})`,

  `CREATE TABLE quarantine (
    project_no int NOT NULL,
    kind text COLLATE "C" NOT NULL,
    trace_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    received_at timestamptz NOT NULL,
    sqlstate text NOT NULL,
    reason text NOT NULL,
    bytes int NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (project_no, kind, trace_id, id)
  )`,
  `CREATE INDEX quarantine_by_arrival ON quarantine (received_at)`,
];
