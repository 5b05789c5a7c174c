import { type Dataset, type DatasetItem, type DatasetRun, type DatasetRunItem } from '../../domain/dataset.js';
import { type JsonText } from '../../domain/json.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { presentTime } from '../../domain/time.js';
import { presentPageMeta } from '../../http/page-meta.js';

// As text, so that inputs, outputs, metadata and schemas, which are JSON text already, are spliced in as they were stored.
// Every key that a generation of clients knows is always there (langfuse.md §2.6).

/** A reference to a medium inside of an item, as clients are shown it; JSON. */
export type MediaReferences = ReadonlyMap<string, JsonText>;

const NO_MEDIA: MediaReferences = new Map();

/** @param more members that only some routes show, each after a comma */
export function presentDataset(project: Project, dataset: Dataset, more = ''): JsonText {
  const head = JSON.stringify({
    id: dataset.id,
    projectId: project.id,
    name: dataset.name,
    description: dataset.description,
    createdAt: presentTime(dataset.createdAt),
    updatedAt: presentTime(dataset.updatedAt),
  });
  return (
    `${head.slice(0, -1)},"metadata":${dataset.metadata ?? 'null'},"inputSchema":${dataset.inputSchema ?? 'null'},` +
    `"expectedOutputSchema":${dataset.expectedOutputSchema ?? 'null'}${more}}`
  );
}

/** @param media by the id of an item the list of its media references */
export function presentItem(item: DatasetItem, media: MediaReferences = NO_MEDIA): JsonText {
  const head = JSON.stringify({
    id: item.id,
    datasetId: item.datasetId,
    datasetName: item.datasetName,
    status: item.status,
    sourceTraceId: item.sourceTraceId,
    sourceObservationId: item.sourceObservationId,
    createdAt: presentTime(item.createdAt),
    updatedAt: presentTime(item.validFrom),
  });
  return (
    `${head.slice(0, -1)},"input":${item.input ?? 'null'},"expectedOutput":${item.expectedOutput ?? 'null'},` +
    `"metadata":${item.metadata ?? 'null'},"mediaReferences":${media.get(item.id) ?? '[]'}}`
  );
}

/** @param more members that only some routes show, each after a comma */
export function presentRun(run: DatasetRun, more = ''): JsonText {
  const head = JSON.stringify({
    id: run.id,
    name: run.name,
    description: run.description,
    datasetId: run.datasetId,
    datasetName: run.datasetName,
    createdAt: presentTime(run.createdAt),
    updatedAt: presentTime(run.updatedAt),
  });
  return `${head.slice(0, -1)},"metadata":${run.metadata}${more}}`;
}

export function presentRunItem(item: DatasetRunItem): JsonText {
  return JSON.stringify({
    id: item.id,
    datasetRunId: item.runId,
    datasetRunName: item.runName,
    datasetItemId: item.datasetItemId,
    traceId: item.traceId,
    observationId: item.observationId,
    createdAt: presentTime(item.createdAt),
    updatedAt: presentTime(item.updatedAt),
  });
}

/** A list as every route gives it. */
export function presentPage<T>(page: Page<T>, request: PageRequest, present: (item: T) => JsonText): JsonText {
  return `{"data":${presentList(page.items, present)},"meta":${presentMeta(page, request)}}`;
}

export function presentList<T>(items: readonly T[], present: (item: T) => JsonText): JsonText {
  return `[${items.map((item) => present(item)).join(',')}]`;
}

/** These lists take no cursor; what storage knows of one is for the server itself. */
export function presentMeta({ nextCursor: _, ...page }: Page<unknown>, request: PageRequest): JsonText {
  return JSON.stringify(presentPageMeta(page, request));
}
