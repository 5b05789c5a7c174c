import { InvalidInput } from '../../domain/errors.js';
import { type PageRequest } from '../../domain/page.js';
import { SCORE_DATA_TYPES, SCORE_SOURCES } from '../../domain/score.js';
import { parseFilterQuery } from '../../http/filter-query.js';
import {
  parseChoice,
  parseCommaList,
  parseCommaLists,
  parseNumber,
  parsePageRequest,
  parseText,
  parseTexts,
  parseTimeRange,
  type QueryString,
} from '../../http/query.js';
import { type ScoreFilter, VALUE_OPERATORS } from '../../storage/scores/score-filter.js';

/** What a list of scores by pages asks for. */
export interface ScoreListRequest {
  readonly filter: ScoreFilter;
  readonly page: PageRequest;
  /** Whether each score shows something of its trace. */
  readonly withTrace: boolean;
}

/** Of lists by pages in Langfuse's API; outside is refused. */
const LIMIT = { default: 50, max: 100 };

/** What GET /api/public/v2/scores asks for. @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseScoreList(query: QueryString): ScoreListRequest {
  return {
    filter: {
      ...parseFilter(query),
      sessionIds: listOf(parseText(query, 'sessionId')),
      datasetRunIds: listOf(parseText(query, 'datasetRunId')),
    },
    page: parseScorePage(query),
    withTrace: parseWithTrace(query),
  };
}

/** What GET /api/public/scores asks for: traces and their observations alone. @throws InvalidInput naming the parameter. */
export function parseFirstScoreList(query: QueryString): Omit<ScoreListRequest, 'withTrace'> {
  return { filter: { ...parseFilter(query), isOfTrace: true }, page: parseScorePage(query) };
}

/** Page, limit and cursor. @throws InvalidInput naming the parameter. */
export function parseScorePage(query: QueryString): PageRequest {
  return parsePageRequest(query, LIMIT);
}

type MutableFilter = { -readonly [K in keyof ScoreFilter]: ScoreFilter[K] };

function parseFilter(query: QueryString): MutableFilter {
  const filter: MutableFilter = { ...parseValue(query) };
  filter.ids = someOf(parseCommaList(query, 'scoreIds'));
  filter.names = listOf(parseText(query, 'name'));
  filter.sources = listOf(parseChoice(query, 'source', SCORE_SOURCES));
  filter.dataTypes = listOf(parseChoice(query, 'dataType', SCORE_DATA_TYPES));
  filter.environments = someOf(parseCommaLists(query, 'environment'));
  filter.configIds = listOf(parseText(query, 'configId'));
  filter.queueIds = listOf(parseText(query, 'queueId'));
  filter.traceIds = listOf(parseText(query, 'traceId'));
  filter.observationIds = someOf(parseCommaList(query, 'observationId'));
  const { from, to: before } = parseTimeRange(query, 'fromTimestamp', 'toTimestamp');
  filter.from = from;
  filter.before = before;
  filter.userId = parseText(query, 'userId');
  filter.traceTags = someOf(parseCommaLists(query, 'traceTags'));
  filter.conditions = parseFilterQuery(query);
  return filter;
}

function parseValue(query: QueryString): Pick<ScoreFilter, 'value'> {
  const operator = parseChoice(query, 'operator', VALUE_OPERATORS);
  const value = parseNumber(query, 'value');
  if (operator === undefined && value === undefined) return {};
  // One without the other would show everything to somebody who asked for less.
  if (operator === undefined)
    throw new InvalidInput(`value needs an operator, one of ${VALUE_OPERATORS.join(' ')}`, 'operator');
  if (value === undefined) throw new InvalidInput('operator needs a value', 'value');
  return { value: { operator, value } };
}

/** Unknown names are dropped; when nothing is left, or nothing given, everything is shown. */
function parseWithTrace(query: QueryString): boolean {
  const fields = parseCommaList(query, 'fields')?.filter((name) => name === 'score' || name === 'trace') ?? [];
  const withTrace = fields.length === 0 || fields.includes('trace');
  for (const name of ['userId', 'traceTags']) {
    if (!withTrace && parseTexts(query, name).length > 0)
      throw new InvalidInput(`fields must include trace when ${name} is given`, 'fields');
  }
  return withTrace;
}

function listOf<V>(value: V | undefined): readonly V[] | undefined {
  return value === undefined ? undefined : [value];
}

/** Nothing given is no condition, and not one that nothing meets. */
function someOf<V>(values: readonly V[] | undefined): readonly V[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values;
}
