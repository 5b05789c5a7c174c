import { type JsonText } from './json.js';
import { type Micros } from './time.js';

/** A named set of examples that an application is tried on. Times are whole milliseconds, here and below. */
export interface Dataset {
  readonly id: string;
  /** Unique in its project; may hold any character, slashes for folders. */
  readonly name: string;
  readonly description: string | null;
  readonly metadata: JsonText | null;
  /** A JSON Schema that the input of every item fits; null when any does. */
  readonly inputSchema: JsonText | null;
  readonly expectedOutputSchema: JsonText | null;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
}

/** Archived items are kept and not listed, nor can a run use them. */
export const ITEM_STATUSES = ['ACTIVE', 'ARCHIVED'] as const;
export type ItemStatus = (typeof ITEM_STATUSES)[number];

/** What an item says. */
export interface DatasetItemContent {
  readonly status: ItemStatus;
  readonly input: JsonText | null;
  readonly expectedOutput: JsonText | null;
  readonly metadata: JsonText | null;
  /** Where the example was found; the trace need not exist. */
  readonly sourceTraceId: string | null;
  readonly sourceObservationId: string | null;
}

/** One example as it was from `validFrom` on, until it was changed or deleted. */
export interface DatasetItem extends DatasetItemContent {
  /** Unique in its project. */
  readonly id: string;
  readonly datasetId: string;
  readonly datasetName: string;
  /** When its first version was written. */
  readonly createdAt: Micros;
  /** Names the version; what clients see as `updatedAt`. */
  readonly validFrom: Micros;
}

/** One go of an application over the items of a dataset. */
export interface DatasetRun {
  readonly id: string;
  /** Unique in its dataset. */
  readonly name: string;
  readonly description: string | null;
  /** A JSON object. */
  readonly metadata: JsonText;
  readonly datasetId: string;
  readonly datasetName: string;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
}

/** That an item was tried in a run, and the trace of it, which may arrive later, be gone or never have been sent. */
export interface DatasetRunItem {
  readonly id: string;
  readonly runId: string;
  readonly runName: string;
  readonly datasetItemId: string;
  readonly traceId: string;
  readonly observationId: string | null;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
}

/** Longest id of an item that a client may choose (Langfuse API). */
export const MAX_ITEM_ID_LENGTH = 255;
