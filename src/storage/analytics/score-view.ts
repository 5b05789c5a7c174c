import { type AnalyticsView, type ScoreDimension, type ScoreMeasure } from '../../domain/analytics.js';
import { type DimensionSql, type MeasureSql, type ViewSql } from './view-sql.js';

const TRACE = ['t'];
const OBSERVATION = ['o'];

const DIMENSIONS: Readonly<Record<ScoreDimension, DimensionSql>> = {
  id: { sql: 's.id' },
  environment: { sql: `coalesce(s.environment, 'default')` },
  name: { sql: 's.name' },
  source: { sql: 's.source' },
  dataType: { sql: 's.data_type' },
  traceId: { sql: 's.trace_id' },
  configId: { sql: 's.config_id' },
  timestampMonth: { sql: `to_char(s.ts AT TIME ZONE 'UTC', 'YYYY-MM')` },
  timestampDay: { sql: `to_char(s.ts AT TIME ZONE 'UTC', 'YYYY-MM-DD')` },
  observationId: { sql: 's.observation_id' },
  traceName: { sql: 't.name', needs: TRACE },
  tags: { sql: `coalesce(t.tags, '{}')`, needs: TRACE },
  userId: { sql: 't.user_id', needs: TRACE },
  sessionId: { sql: 'coalesce(s.session_id, t.session_id)', needs: TRACE },
  traceRelease: { sql: 't.release', needs: TRACE },
  traceVersion: { sql: 't.version', needs: TRACE },
  observationName: { sql: 'o.name', needs: OBSERVATION },
  observationModelName: { sql: 'o.model', needs: OBSERVATION },
  observationPromptName: { sql: 'o.prompt_name', needs: OBSERVATION },
  observationPromptVersion: { sql: 'o.prompt_version', needs: OBSERVATION },
  datasetRunId: { sql: 's.dataset_run_id' },
  experimentName: { sql: `(o.experiment ->> 'name') COLLATE "C"`, needs: OBSERVATION },
  experimentId: { sql: `coalesce(s.dataset_run_id, o.experiment ->> 'id') COLLATE "C"`, needs: OBSERVATION },
  value: { sql: 's.value' },
  stringValue: { sql: 's.string_value COLLATE "C"' },
  booleanValue: { sql: '(s.value = 1)' },
};

const MEASURES: Readonly<Record<ScoreMeasure, MeasureSql>> = {
  count: { sql: '1' },
  value: { sql: 's.value' },
};

/** Which scores a view is about. Those that are true or false are numbers as well. */
const DATA_TYPES: Readonly<Record<Exclude<AnalyticsView, 'traces' | 'observations'>, string>> = {
  'scores-numeric': `s.data_type IN ('NUMERIC', 'BOOLEAN')`,
  'scores-categorical': `s.data_type = 'CATEGORICAL'`,
  'scores-boolean': `s.data_type = 'BOOLEAN'`,
};

export function scoreView(view: keyof typeof DATA_TYPES): ViewSql {
  return {
    from: 'scores s',
    scope: `s.project_no = $1::int4 AND ${DATA_TYPES[view]}`,
    at: 's.ts',
    between: (first, last) => [`s.ts BETWEEN ${first} AND ${last}`, 'false'],
    joins: new Map([
      ['t', { sql: 'LEFT JOIN traces t ON t.project_no = $1::int4 AND t.trace_id = s.trace_id' }],
      [
        'o',
        {
          sql:
            'LEFT JOIN observations o ON o.project_no = $1::int4 AND o.trace_id = s.trace_id AND o.id = s.observation_id ' +
            'AND o.bucket = t.bucket',
          needs: TRACE,
        },
      ],
    ]),
    dimensions: new Map(Object.entries(DIMENSIONS)),
    measures: new Map(Object.entries(MEASURES)),
    metadata: { sql: `coalesce(s.metadata, '{}')` },
  };
}
