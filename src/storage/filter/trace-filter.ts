import { type FilterCondition } from '../../domain/filter.js';
import { type Level, LEVELS } from '../../domain/observation.js';
import { COST } from '../../domain/repeated-usage.js';
import { DEFAULT_ENVIRONMENT } from '../../domain/environment.js';
import { COST_SQL, LATENCY_SQL } from '../sql/trace-figures.js';
import { FilterColumns } from './filter-columns.js';
import { scoreColumns } from './score-columns.js';

/** The observations of `t`, a row of `traces`, in their one partition. */
const OF_TRACE =
  'FROM observations f WHERE f.project_no = t.project_no AND f.trace_id = t.trace_id AND f.bucket = t.bucket';

function countOf(level: string): string {
  return `(SELECT count(*) ${OF_TRACE} AND coalesce(f.level, 'DEFAULT') = '${level}')`;
}

/** In USD; what repeats the cost of another observation counts as nothing. */
function costOf(side: 'input' | 'output'): string {
  return `(SELECT coalesce(sum(f.${side}_cost_nano_usd), 0)::float8 / 1e9 ${OF_TRACE} AND coalesce(f.repeated, 0) & ${COST} = 0)`;
}

const HAS = (condition: string) => `EXISTS (SELECT 1 ${OF_TRACE} AND ${condition})`;
const HAS_WARNING = HAS("f.level = 'WARNING'");

/** Whether the gravest level of its observations is this one. Errors are counted in the trace's own row. */
const IS_LEVEL: Readonly<Record<Level, string>> = {
  ERROR: 't.error_count > 0',
  WARNING: `(t.error_count = 0 AND ${HAS_WARNING})`,
  DEFAULT: `(t.error_count = 0 AND ${HAS("coalesce(f.level, 'DEFAULT') = 'DEFAULT'")} AND NOT ${HAS_WARNING})`,
  DEBUG: `(t.error_count = 0 AND t.observation_count > 0 AND NOT ${HAS("coalesce(f.level, 'DEFAULT') <> 'DEBUG'")})`,
};

/** Levels are four: which of them a condition means is known before any row is looked at. */
function levelSql(condition: FilterCondition): string {
  const { operator, value } = condition as Extract<FilterCondition, { type: 'string' | 'stringOptions' }>;
  const meant = LEVELS.filter((level) => {
    switch (operator) {
      case 'any of':
        return value.includes(level);
      case 'none of':
        return !value.includes(level);
      case 'contains':
        return level.includes(value);
      case 'does not contain':
        return !level.includes(value);
      case 'starts with':
        return level.startsWith(value);
      case 'ends with':
        return level.endsWith(value);
      default:
        return level === value;
    }
  });
  return meant.length === 0 ? 'false' : `(${meant.map((level) => IS_LEVEL[level]).join(' OR ')})`;
}

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
  { name: 'level', aliases: ['Level'], kind: 'own', types: ['string', 'stringOptions'], compile: levelSql },
  { name: 'errorCount', aliases: ['Error Level Count'], kind: 'number', sql: 't.error_count' },
  { name: 'warningCount', aliases: ['Warning Level Count'], kind: 'number', sql: countOf('WARNING') },
  { name: 'defaultCount', aliases: ['Default Level Count'], kind: 'number', sql: countOf('DEFAULT') },
  { name: 'debugCount', aliases: ['Debug Level Count'], kind: 'number', sql: countOf('DEBUG') },
  { name: 'inputTokens', aliases: ['Input Tokens'], kind: 'number', sql: 't.input_tokens' },
  { name: 'outputTokens', aliases: ['Output Tokens'], kind: 'number', sql: 't.output_tokens' },
  { name: 'totalTokens', aliases: ['Total Tokens', 'tokens', 'Tokens'], kind: 'number', sql: 't.total_tokens' },
  { name: 'latency', aliases: ['Latency (s)'], kind: 'number', sql: `(${LATENCY_SQL})` },
  { name: 'totalCost', aliases: ['Total Cost ($)'], kind: 'number', sql: `(${COST_SQL})` },
  { name: 'inputCost', aliases: ['Input Cost ($)'], kind: 'number', sql: costOf('input') },
  { name: 'outputCost', aliases: ['Output Cost ($)'], kind: 'number', sql: costOf('output') },
  ...scoreColumns('s.project_no = t.project_no AND s.trace_id = t.trace_id'),
]);
