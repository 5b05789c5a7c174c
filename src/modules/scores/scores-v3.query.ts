import { InvalidInput } from '../../domain/errors.js';
import { SCORE_DATA_TYPES, SCORE_SOURCES } from '../../domain/score.js';
import {
  parseCommaList,
  parseCursor,
  parseLimit,
  parseNumber,
  parseTimeRange,
  type QueryString,
} from '../../http/query.js';
import { type ScoreFilter } from '../../storage/scores/score-filter.js';

/** Groups of members that scores show besides the core. */
const SCORE_FIELD_GROUPS = ['details', 'subject', 'annotation'] as const;
export type ScoreFieldGroup = (typeof SCORE_FIELD_GROUPS)[number];

/** What GET /api/public/v3/scores asks for. */
export interface ScoreCursorRequest {
  readonly filter: ScoreFilter;
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly groups: ReadonlySet<ScoreFieldGroup>;
}

const LIMIT = { default: 50, max: 100 };

/** Parameters that take lists and what they are in a filter. */
const LISTS = [
  ['id', 'ids'],
  ['name', 'names'],
  ['environment', 'environments'],
  ['configId', 'configIds'],
  ['queueId', 'queueIds'],
  ['authorUserId', 'authorUserIds'],
  ['traceId', 'traceIds'],
  ['sessionId', 'sessionIds'],
  ['observationId', 'observationIds'],
  ['experimentId', 'datasetRunIds'],
] as const satisfies readonly (readonly [string, keyof ScoreFilter])[];

const KNOWN: ReadonlySet<string> = new Set([
  ...LISTS.map(([name]) => name),
  ...['source', 'dataType', 'value', 'valueMin', 'valueMax', 'fromTimestamp', 'toTimestamp'],
  ...['fields', 'limit', 'cursor'],
]);

/**
 * Strict, as its documentation says: a parameter that is not known, or means nothing beside the others, is refused.
 * @throws InvalidInput naming the parameter.
 */
export function parseScoreCursorList(query: QueryString): ScoreCursorRequest {
  const unknown = Object.keys(query).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) {
    const shown = JSON.stringify(unknown.slice(0, 60).toWellFormed());
    throw new InvalidInput(`there is no parameter ${shown}; there are ${[...KNOWN].join(', ')}`, 'query');
  }
  return {
    filter: parseFilter(query),
    limit: parseLimit(query, LIMIT),
    cursor: parseCursor(query),
    groups: new Set(parseChoices(query, 'fields', SCORE_FIELD_GROUPS, (name) => name)),
  };
}

function parseFilter(query: QueryString): ScoreFilter {
  const lists: { -readonly [K in (typeof LISTS)[number][1]]?: readonly string[] } = {};
  for (const [name, key] of LISTS) {
    const values = parseValues(query, name);
    if (values.length > 0) lists[key] = values;
  }
  checkSubject(lists);
  const sources = parseChoices(query, 'source', SCORE_SOURCES, (name) => name.toUpperCase());
  const dataTypes = parseChoices(query, 'dataType', SCORE_DATA_TYPES, (name) => name.toUpperCase());
  const { from, to: before } = parseTimeRange(query, 'fromTimestamp', 'toTimestamp');
  return {
    ...lists,
    ...(sources.length === 0 ? {} : { sources }),
    ...(dataTypes.length === 0 ? {} : { dataTypes }),
    ...(from === undefined ? {} : { from }),
    ...(before === undefined ? {} : { before }),
    ...parseValueFilter(query, dataTypes),
  };
}

function checkSubject({ traceIds, sessionIds, observationIds, datasetRunIds }: ScoreFilter): void {
  if (observationIds !== undefined && traceIds === undefined)
    throw new InvalidInput(
      'observationId needs traceId, because observation ids are unique in their trace only',
      'traceId',
    );
  const given = [traceIds, sessionIds, datasetRunIds].filter((ids) => ids !== undefined);
  if (given.length > 1) throw new InvalidInput('traceId, sessionId and experimentId exclude each other', 'traceId');
}

function parseValueFilter(query: QueryString, dataTypes: readonly string[]): ScoreFilter {
  const minValue = parseNumber(query, 'valueMin');
  const maxValue = parseNumber(query, 'valueMax');
  const values = parseValues(query, 'value');
  const dataType = dataTypes.length === 1 ? dataTypes[0] : undefined;
  if ((minValue !== undefined || maxValue !== undefined) && dataType !== 'NUMERIC')
    throw new InvalidInput('valueMin and valueMax need dataType=NUMERIC', 'dataType');
  const range = {
    ...(minValue === undefined ? {} : { minValue }),
    ...(maxValue === undefined ? {} : { maxValue }),
  };
  if (values.length === 0) return range;
  switch (dataType) {
    case 'NUMERIC':
      return { ...range, anyNumber: values.map(toNumber) };
    case 'BOOLEAN':
      return { anyNumber: values.map(toTruth) };
    case 'CATEGORICAL':
      return { anyText: values };
    default:
      throw new InvalidInput('value needs a single dataType of NUMERIC, BOOLEAN and CATEGORICAL', 'dataType');
  }
}

function toNumber(text: string): number {
  return parseNumber({ value: text }, 'value')!;
}

function toTruth(text: string): number {
  if (text !== 'true' && text !== 'false')
    throw new InvalidInput('value must be true or false with dataType=BOOLEAN', 'value');
  return text === 'true' ? 1 : 0;
}

function parseChoices<T extends string>(
  query: QueryString,
  name: string,
  choices: readonly T[],
  spell: (text: string) => string,
): T[] {
  return parseValues(query, name).map((text) => {
    const choice = choices.find((known) => known === spell(text));
    if (choice === undefined) throw new InvalidInput(`${name} must be some of ${choices.join(', ')}`, name);
    return choice;
  });
}

function parseValues(query: QueryString, name: string): string[] {
  return parseCommaList(query, name) ?? [];
}
