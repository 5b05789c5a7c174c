import { createHash } from 'node:crypto';
import { type JsonObject } from './api.js';

/** What a project has been given by {@link writeContents}: ids that every project uses alike, and ids the server has made. */
export interface OwnIds {
  /** In all contents of the project, and in nobody else's. */
  readonly mark: string;
  readonly projectId: string;
  readonly apiKeyId: string;
  readonly priceId: string;
  readonly modelId: string;
  readonly scoreConfigId: string;
  readonly datasetId: string;
  readonly runId: string;
  readonly commentId: string;
  readonly mediaId: string;
  /** Path and query of a signed link to the bytes of the file, and of one to send them. */
  readonly mediaLink: string;
  readonly uploadLink: string;
}

/** Sends as the project, and gives the answer when it is a success. */
export type Send = (path: string, body?: JsonObject | string, method?: string) => Promise<JsonObject>;

const NANOS_PER_MS = 1_000_000n;
const now = () => String(BigInt(Date.now() - 1000) * NANOS_PER_MS);

/** Ids that each project uses for something of its own. */
export const TRACE = 'same-trace';
export const OBSERVATION = 'same/observation';
export const SESSION = 'same session';
export const SCORE = 'same/score';
export const USER = 'same-user';
export const METRIC = 'same_metric';
export const OTEL_TRACE = '5a3e0000000000000000000000000001';
export const OTEL_SPAN = '5a3e000000000001';
export const BATCH_TRACE = 'written-by-batch';
export const PROMPT = 'same/prompt';
const INCLUDED_PROMPT = 'same/part';
export const DATASET = 'same/dataset';
export const ITEM = 'same item';
export const RUN = 'same run';
export const EXPERIMENT = 'same-experiment';

const text = (value: string) => ({ stringValue: value });
const attributes = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value: text(value) }));

export function spanRequest(mark: string, traceId: string): JsonObject {
  const span = {
    ...{ traceId, spanId: OTEL_SPAN, name: `span ${mark}`, kind: 1 },
    ...{ startTimeUnixNano: now(), endTimeUnixNano: now() },
    attributes: attributes({
      ...{ 'gen_ai.request.model': `model-${mark}`, 'gen_ai.operation.name': 'chat' },
      ...{ 'langfuse.experiment.id': EXPERIMENT, 'langfuse.experiment.name': `experiment ${mark}` },
    }),
  };
  return { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
}

export function logRequest(mark: string, traceId: string): JsonObject {
  const record = { timeUnixNano: now(), body: text(`log ${mark}`), traceId, spanId: OTEL_SPAN };
  return { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] };
}

export function pointRequest(mark: string, name: string): JsonObject {
  const point = {
    ...{ timeUnixNano: now(), asDouble: 1, attributes: attributes({ mark: `label ${mark}` }) },
    exemplars: [{ timeUnixNano: now(), asDouble: 1, traceId: OTEL_TRACE, spanId: OTEL_SPAN }],
  };
  const metrics = [name, `metric_${mark}`].map((one) => ({ name: one, gauge: { dataPoints: [point] } }));
  return { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
}

export function batchRequest(mark: string, traceId: string): JsonObject {
  return {
    trace: {
      ...{ id: traceId, name: `trace ${mark}`, sessionId: SESSION, userId: USER },
      ...{ input: `input ${mark}`, output: `output ${mark}`, metadata: { m: mark }, tags: [`tag ${mark}`] },
    },
    observations: [
      {
        ...{ id: OBSERVATION, traceId, type: 'GENERATION', name: `observation ${mark}`, model: `model-${mark}` },
        ...{ input: mark, output: mark, usage: { input: 10, output: 1 } },
      },
    ],
  };
}

export function price(mark: string): JsonObject {
  return { modelPattern: `model-${mark}`, prices: { input: 1, output: 1 } };
}

export function score(mark: string, id: string): JsonObject {
  return { id, traceId: TRACE, name: `score ${mark}`, value: `value ${mark}`, comment: mark };
}

export const scoreConfig = (mark: string): JsonObject => ({ name: mark, description: mark, dataType: 'TEXT' });

export const prompt = (mark: string, name: string, text = mark): JsonObject => ({
  ...{ name, type: 'text', prompt: text, labels: ['production'], tags: [`tag ${mark}`] },
  ...{ config: { model: `model-${mark}` }, commitMessage: mark },
});

export const dataset = (mark: string, name: string): JsonObject => ({ name, description: mark, metadata: { mark } });

export const item = (mark: string, id: string, datasetName = DATASET): JsonObject => ({
  ...{ datasetName, id, input: { question: mark }, expectedOutput: mark, metadata: { mark } },
  sourceTraceId: TRACE,
});

export const runItem = (mark: string, runName: string): JsonObject => ({
  ...{ runName, runDescription: mark, metadata: { mark }, datasetItemId: ITEM, traceId: TRACE },
});

export const comment = (mark: string, projectId: string): JsonObject => ({
  ...{ projectId, objectType: 'TRACE', objectId: TRACE, content: `comment ${mark}`, authorUserId: USER },
});

export const model = (mark: string, name: string): JsonObject => ({
  ...{ modelName: `${name} ${mark}`, matchPattern: `^${name}-${mark}$`, unit: 'TOKENS', inputPrice: 1e-6 },
});

export const event = (type: string, body: JsonObject): JsonObject => ({
  batch: [{ id: `${type} event`, type, timestamp: new Date().toISOString(), body }],
});

/** Names the file of `mark` and says that a trace has it, which every project has. */
export function file(mark: string): JsonObject {
  const bytes = fileBytes(mark);
  return {
    ...{ traceId: TRACE, field: 'input', contentType: 'text/plain', contentLength: Buffer.byteLength(bytes) },
    sha256Hash: createHash('sha256').update(bytes).digest('base64'),
  };
}

export const fileBytes = (mark: string): string => `the file of ${mark}`;

const pathOf = (url: unknown): string => {
  const { pathname, search } = new URL(url as string);
  return pathname + search;
};

/** Sends what the cases show, as the project. */
export async function writeContents(
  send: Send,
  project: { readonly id: string; readonly keyId: string },
  mark: string,
): Promise<OwnIds> {
  const made = async (path: string, body: JsonObject): Promise<string> => (await send(path, body))['id'] as string;
  await send('/v1/l/batch', batchRequest(mark, TRACE));
  // A session that no other project has, for the list that shows little more than ids.
  await send('/v1/l/batch', { trace: { id: `trace of ${mark}`, sessionId: `session ${mark}` } });
  await send('/v1/traces', spanRequest(mark, OTEL_TRACE));
  await send('/v1/logs', logRequest(mark, OTEL_TRACE));
  await send('/v1/metrics', pointRequest(mark, METRIC));
  const priceId = await made('/api/public/model-prices', price(mark));
  await send('/api/public/scores', score(mark, SCORE));
  await send('/api/public/v2/prompts', prompt(mark, INCLUDED_PROMPT));
  const including = `@@@langfusePrompt:name=${INCLUDED_PROMPT}|label=production@@@`;
  await send('/api/public/v2/prompts', prompt(mark, PROMPT, including));
  await send('/api/public/v2/datasets', dataset(mark, DATASET));
  const announced = await send('/api/public/media', file(mark));
  const mediaId = announced['mediaId'] as string;
  const uploadLink = pathOf(announced['uploadUrl']);
  await send(uploadLink, fileBytes(mark), 'PUT');
  const { url } = await send(`/api/public/media/${mediaId}`, undefined, 'GET');
  const { datasetId } = await send('/api/public/dataset-items', item(mark, ITEM));
  return {
    mark,
    projectId: project.id,
    apiKeyId: project.keyId,
    priceId,
    modelId: await made('/api/public/models', model(mark, 'shown')),
    scoreConfigId: await made('/api/public/score-configs', scoreConfig(mark)),
    datasetId: datasetId as string,
    runId: (await send('/api/public/dataset-run-items', runItem(mark, RUN)))['datasetRunId'] as string,
    commentId: await made('/api/public/comments', comment(mark, project.id)),
    ...{ mediaId, uploadLink, mediaLink: pathOf(url) },
  };
}
