import { ITEM_STATUSES, MAX_ITEM_ID_LENGTH } from '../../domain/dataset.js';
import { InvalidInput } from '../../domain/errors.js';
import { isWithinDepth, type JsonText, MAX_JSON_DEPTH, toJsonText } from '../../domain/json.js';
import { type Members, readChoice, readId, readTime, toMembers } from '../../domain/members.js';
import { type Redactor } from '../../domain/redaction.js';
import { presentTime, type Micros } from '../../domain/time.js';
import { type DatasetItemPatch } from '../../storage/datasets/dataset-item-store.js';
import { type NewRun } from '../../storage/datasets/dataset-run-store.js';
import { type DatasetPatch } from '../../storage/datasets/dataset-store.js';
import { readJson, readName, readPathName, readText } from './datasets.body.js';

// What clients write passes the redaction gate here, before anything keeps it. Names are ids: they must come back as sent.

/** What POST /api/public/v2/datasets says. @throws InvalidInput naming the field. Unknown fields are ignored. */
export function mapDataset(body: unknown, redactor: Redactor): DatasetPatch {
  const members = toMembers(body);
  const metadata = readJson(members, 'metadata');
  return {
    name: readPathName(members, 'name'),
    ...given('description', redactor.redactText(readText(members, 'description'))),
    ...given('metadata', metadata && redactor.redactAttributes(metadata)),
    ...given('inputSchema', readSchema(members, 'inputSchema', redactor)),
    ...given('expectedOutputSchema', readSchema(members, 'expectedOutputSchema', redactor)),
  };
}

/** The name of the dataset and what POST /api/public/dataset-items says of an item. @throws InvalidInput naming the field. */
export function mapItem(body: unknown, redactor: Redactor): { datasetName: string; patch: DatasetItemPatch } {
  const members = toMembers(body);
  const id = readId(members, 'id');
  if (id !== undefined && id.length > MAX_ITEM_ID_LENGTH) {
    throw new InvalidInput(`id must be at most ${MAX_ITEM_ID_LENGTH} characters long`, 'id');
  }
  const content = (field: string): JsonText | null | undefined => {
    const text = readJson(members, field);
    return text && redactor.redactContent(text);
  };
  const metadata = readJson(members, 'metadata');
  return {
    datasetName: readName(members, 'datasetName'),
    patch: {
      ...given('id', id),
      ...given('status', readChoice(members, 'status', ITEM_STATUSES)),
      ...given('input', content('input')),
      ...given('expectedOutput', content('expectedOutput')),
      ...given('metadata', metadata && redactor.redactAttributes(metadata)),
      ...given('sourceTraceId', nullable(members, 'sourceTraceId')),
      ...given('sourceObservationId', nullable(members, 'sourceObservationId')),
    },
  };
}

/** What POST /api/public/dataset-run-items says. */
export interface RunItemRequest {
  readonly run: NewRun;
  readonly datasetItemId: string;
  /** The version of the item that was tried; default: the present one. */
  readonly datasetVersion: Micros | undefined;
  readonly traceId: string | undefined;
  readonly observationId: string | undefined;
}

const RUN_ITEM_FIELDS: ReadonlySet<string> = new Set([
  'runName',
  'runDescription',
  'metadata',
  'datasetItemId',
  'traceId',
  'observationId',
  'datasetVersion',
  'createdAt',
]);

/** @throws InvalidInput naming the field; unknown ones are refused (Langfuse API). */
export function mapRunItem(body: unknown, redactor: Redactor): RunItemRequest {
  const members = toMembers(body);
  for (const field of members.keys()) {
    if (!RUN_ITEM_FIELDS.has(field)) {
      const shown = JSON.stringify(field.slice(0, 60).toWellFormed());
      throw new InvalidInput(`${shown} is no field of a dataset run item`, field);
    }
  }
  const traceId = readId(members, 'traceId');
  const observationId = readId(members, 'observationId');
  if (traceId === undefined && observationId === undefined) {
    throw new InvalidInput('traceId or observationId must be given', 'traceId');
  }
  const datasetVersion = readTime(members, 'datasetVersion');
  const createdAt = readTime(members, 'createdAt');
  return {
    run: {
      name: readPathName(members, 'runName'),
      description: redactor.redactText(readText(members, 'runDescription')) ?? null,
      metadata: redactor.redactAttributes(readRunMetadata(members, datasetVersion)),
      ...given('createdAt', createdAt),
    },
    datasetItemId: readName(members, 'datasetItemId'),
    datasetVersion,
    traceId,
    observationId,
  };
}

/** An object; any other value is kept under `metadata` (Langfuse API). */
function readRunMetadata(members: Members, version: Micros | undefined): JsonText {
  const sent = members.get('metadata') ?? {};
  if (!isWithinDepth(sent, MAX_JSON_DEPTH - 1)) {
    throw new InvalidInput(`metadata is nested deeper than ${MAX_JSON_DEPTH - 1} levels`, 'metadata');
  }
  const isObject = typeof sent === 'object' && !Array.isArray(sent);
  const entries = isObject ? Object.entries(sent) : [['metadata', sent] as const];
  // fromEntries defines its keys, whatever their names.
  const all = version === undefined ? entries : [...entries, ['dataset_version', presentTime(version)] as const];
  return toJsonText(Object.fromEntries(all));
}

function readSchema(members: Members, field: string, redactor: Redactor): JsonText | null | undefined {
  const schema = readJson(members, field);
  return schema && redactor.redactContent(schema);
}

/** An id; null empties it. */
function nullable(members: Members, field: string): string | null | undefined {
  return members.get(field) === null ? null : readId(members, field);
}

function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}
