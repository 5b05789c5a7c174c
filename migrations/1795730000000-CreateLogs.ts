import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Log records. `bucket` is the week of their own arrival: a record may belong to no trace, or come before its trace, and a
 * key that depends on neither makes a record that is sent again find itself. `message` is the record's part in the
 * content of its span; only such records are in the index that finds the messages of a span.
 */
export class CreateLogs1795730000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE logs CASCADE');
  }
}

const UP = [
  `CREATE TABLE logs (
    project_no int NOT NULL,
    id text COLLATE "C" NOT NULL,
    bucket int NOT NULL,
    ts timestamptz NOT NULL,
    observed_ts timestamptz,
    created_at timestamptz NOT NULL,
    ordinal int NOT NULL,
    trace_id text COLLATE "C",
    span_id text COLLATE "C",
    session_id text COLLATE "C",
    severity_number int2 NOT NULL,
    severity_text text,
    event_name text COLLATE "C",
    body text,
    attributes text,
    scope text,
    resource text,
    message_side text COLLATE "C",
    message text,
    PRIMARY KEY (project_no, id, bucket)
  ) PARTITION BY RANGE (bucket)`,
  `CREATE INDEX logs_by_ts ON logs (project_no, ts DESC, id DESC) WHERE ts > '-infinity'`,
  `CREATE INDEX logs_by_trace ON logs (project_no, trace_id, ts DESC, id DESC) WHERE trace_id IS NOT NULL`,
  `CREATE INDEX logs_by_session ON logs (project_no, session_id, ts DESC, id DESC) WHERE session_id IS NOT NULL`,
  `CREATE INDEX logs_by_event ON logs (project_no, event_name, ts DESC, id DESC) WHERE event_name IS NOT NULL`,
  `CREATE INDEX logs_messages ON logs (project_no, trace_id, span_id) WHERE message IS NOT NULL`,
];
