import { InvalidInput } from '../../domain/errors.js';
import { type PageRequest } from '../../domain/page.js';
import { type Micros } from '../../domain/time.js';
import {
  parseInteger,
  parseLimit,
  parsePage,
  parseText,
  parseTime,
  type QueryString,
  requireText,
} from '../../http/query.js';

const LIMIT = { default: 50, max: 100 };
const MAX_PAGE = 1_000_000_000;

export function parseDatasetPage(query: QueryString): PageRequest {
  return { page: parsePage(query), limit: parseLimit(query, LIMIT) };
}

/** The first version of the list takes page 0 for page 1 (langfuse.md §2.1). */
export function parseFirstVersionPage(query: QueryString): PageRequest {
  return { page: parseInteger(query, 'page', 0, MAX_PAGE) || 1, limit: parseLimit(query, LIMIT) };
}

/** What GET /api/public/dataset-items asks for. */
export interface ItemListRequest {
  readonly datasetName: string | undefined;
  readonly filter: {
    readonly sourceTraceId?: string;
    readonly sourceObservationId?: string;
    readonly version?: Micros;
  };
  readonly page: PageRequest;
}

/** @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseItemList(query: QueryString): ItemListRequest {
  const datasetName = parseText(query, 'datasetName');
  const version = parseTime(query, 'version');
  if (version !== undefined && datasetName === undefined) {
    throw new InvalidInput('version needs datasetName', 'version');
  }
  const sourceTraceId = parseText(query, 'sourceTraceId');
  const sourceObservationId = parseText(query, 'sourceObservationId');
  return {
    datasetName,
    filter: {
      ...(sourceTraceId === undefined ? {} : { sourceTraceId }),
      ...(sourceObservationId === undefined ? {} : { sourceObservationId }),
      ...(version === undefined ? {} : { version }),
    },
    page: parseDatasetPage(query),
  };
}

/** What GET /api/public/dataset-run-items asks for. */
export function parseRunItemList(query: QueryString): { datasetId: string; runName: string; page: PageRequest } {
  return {
    datasetId: requireText(query, 'datasetId'),
    runName: requireText(query, 'runName'),
    page: parseDatasetPage(query),
  };
}

/** Whether DELETE /api/public/dataset-items/{id} leaves no version: `history=erase`. */
export function parseErase(query: QueryString): boolean {
  const history = parseText(query, 'history');
  if (history === undefined || history === 'keep') return false;
  if (history === 'erase') return true;
  throw new InvalidInput('history must be keep or erase', 'history');
}

/** The name in a name that was encoded once too often; itself when it does not read as one. */
export function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
