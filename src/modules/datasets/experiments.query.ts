import { InvalidInput } from '../../domain/errors.js';
import { type Filter, type FilterCondition } from '../../domain/filter.js';
import { parseFilterQuery } from '../../http/filter-query.js';
import {
  parseCommaList,
  parseCursor,
  parseInteger,
  parseLimit,
  parseTimeRange,
  type QueryString,
} from '../../http/query.js';
import { type ExperimentFilter, type PageSize } from '../../storage/datasets/experiment-reader.js';

const LIMIT = { default: 50, max: 100 };
const MAX_SCORES = 50;

const EXPERIMENT_GROUPS = ['core', 'metadata', 'scores'] as const;
export type ExperimentGroup = (typeof EXPERIMENT_GROUPS)[number];

const ITEM_GROUPS = ['core', 'dataset', 'io', 'metadata', 'itemMetadata', 'experimentMetadata', 'scores'] as const;
export type ExperimentItemGroup = (typeof ITEM_GROUPS)[number];

/** What GET /api/public/experiments and GET /api/public/experiment-items ask for. */
export interface ExperimentListRequest<Group extends string> {
  readonly filter: ExperimentFilter;
  readonly page: PageSize;
  readonly groups: ReadonlySet<Group>;
  /** Scores per experiment or item. */
  readonly scoreLimit: number;
}

/** @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseExperimentList(query: QueryString): ExperimentListRequest<ExperimentGroup> {
  return parseList(query, ['id', 'name', 'datasetId'], 'id', EXPERIMENT_GROUPS, ['core']);
}

/** @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseExperimentItemList(query: QueryString): ExperimentListRequest<ExperimentItemGroup> {
  const parameters = ['experimentId', 'experimentName', 'experimentItemId', 'datasetId'];
  return parseList(query, parameters, 'experimentId', ITEM_GROUPS, ['core', 'dataset']);
}

/** @param idParameter with it the list needs no time: it is bounded by what it names */
function parseList<Group extends string>(
  query: QueryString,
  parameters: readonly string[],
  idParameter: string,
  known: readonly Group[],
  usual: readonly Group[],
): ExperimentListRequest<Group> {
  const { from, to } = parseTimeRange(query, 'fromStartTime', 'toStartTime');
  const conditions = parseConditions(query, parameters);
  if (from === undefined && !conditions.some(({ column }) => column === idParameter)) {
    throw new InvalidInput(`fromStartTime is required unless ${idParameter} is given`, 'fromStartTime');
  }
  const cursor = parseCursor(query);
  const named = (parseCommaList(query, 'fields') ?? []).flatMap((name) => known.find((group) => group === name) ?? []);
  return {
    filter: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), conditions },
    page: { limit: parseLimit(query, LIMIT), ...(cursor === undefined ? {} : { cursor }) },
    groups: new Set(named.length === 0 ? usual : named),
    scoreLimit: parseInteger(query, 'scoreLimit', 1, MAX_SCORES) ?? MAX_SCORES,
  };
}

/** The filter, and the plain parameters about columns that it does not speak of. */
function parseConditions(query: QueryString, parameters: readonly string[]): Filter {
  const filter = parseFilterQuery(query);
  const spokenOf = new Set(filter.map(({ column }) => column));
  const plain = parameters.flatMap((column): FilterCondition[] => {
    const value = parseCommaList(query, column) ?? [];
    const isAsked = value.length > 0 && !spokenOf.has(column);
    return isAsked ? [{ type: 'stringOptions', column, operator: 'any of', value }] : [];
  });
  return [...filter, ...plain];
}
