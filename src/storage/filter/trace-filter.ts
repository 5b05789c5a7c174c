import { DEFAULT_ENVIRONMENT } from '../sql/filter.js';
import { COST_SQL, LATENCY_SQL } from '../sql/trace-figures.js';
import { FilterColumns } from './filter-columns.js';
import { scoreColumns } from './score-columns.js';

/** The observations of `t`, a row of `traces`, in their one partition. */
const OF_TRACE =
  'FROM observations f WHERE f.project_no = t.project_no AND f.trace_id = t.trace_id AND f.bucket = t.bucket';

function countOf(level: string): string {
  return `(SELECT count(*) ${OF_TRACE} AND coalesce(f.level, 'DEFAULT') = '${level}')`;
}

/** The gravest level of its observations; NULL without any. */
const LEVEL =
  `(SELECT CASE max(CASE f.level WHEN 'ERROR' THEN 3 WHEN 'WARNING' THEN 2 WHEN 'DEBUG' THEN 0 ELSE 1 END) ` +
  `WHEN 3 THEN 'ERROR' WHEN 2 THEN 'WARNING' WHEN 1 THEN 'DEFAULT' WHEN 0 THEN 'DEBUG' END ${OF_TRACE})`;

/** What a filter of traces can speak of; the values are those of `t`, a row of `traces`. */
export const TRACE_FILTER = new FilterColumns([
  { name: 'id', aliases: ['ID', 'traceId', 'Trace ID'], kind: 'text', sql: 't.trace_id' },
  { name: 'name', aliases: ['Name', 'traceName', 'Trace Name'], kind: 'text', sql: 't.name' },
  { name: 'timestamp', aliases: ['Timestamp'], kind: 'time', sql: 't.ts' },
  { name: 'userId', aliases: ['User ID'], kind: 'text', sql: 't.user_id' },
  { name: 'sessionId', aliases: ['Session ID'], kind: 'text', sql: 't.session_id' },
  { name: 'metadata', aliases: ['Metadata'], kind: 'object', sql: 't.metadata' },
  { name: 'version', aliases: ['Version'], kind: 'text', sql: 't.version' },
  { name: 'release', aliases: ['Release'], kind: 'text', sql: 't.release' },
  { name: 'environment', aliases: ['Environment'], kind: 'text', sql: 't.environment', absent: DEFAULT_ENVIRONMENT },
  { name: 'tags', aliases: ['Tags', 'traceTags', 'Trace Tags'], kind: 'texts', sql: 't.tags' },
  { name: 'bookmarked', aliases: ['⭐️', 'Bookmarked'], kind: 'boolean', sql: 'coalesce(t.bookmarked, false)' },
  { name: 'public', aliases: ['Public'], kind: 'boolean', sql: 'coalesce(t.public, false)' },
  { name: 'level', aliases: ['Level'], kind: 'text', sql: LEVEL },
  { name: 'errorCount', aliases: ['Error Level Count'], kind: 'number', sql: 't.error_count' },
  { name: 'warningCount', aliases: ['Warning Level Count'], kind: 'number', sql: countOf('WARNING') },
  { name: 'defaultCount', aliases: ['Default Level Count'], kind: 'number', sql: countOf('DEFAULT') },
  { name: 'debugCount', aliases: ['Debug Level Count'], kind: 'number', sql: countOf('DEBUG') },
  { name: 'inputTokens', aliases: ['Input Tokens'], kind: 'number', sql: 't.input_tokens' },
  { name: 'outputTokens', aliases: ['Output Tokens'], kind: 'number', sql: 't.output_tokens' },
  { name: 'totalTokens', aliases: ['Total Tokens', 'tokens', 'Tokens'], kind: 'number', sql: 't.total_tokens' },
  { name: 'latency', aliases: ['Latency (s)'], kind: 'number', sql: `(${LATENCY_SQL})` },
  { name: 'totalCost', aliases: ['Total Cost ($)'], kind: 'number', sql: `(${COST_SQL})` },
  ...scoreColumns('s.project_no = t.project_no AND s.trace_id = t.trace_id'),
]);
