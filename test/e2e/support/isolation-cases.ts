import { type JsonObject } from './api.js';
import {
  BATCH_TRACE,
  DATASET,
  EXPERIMENT,
  ITEM,
  METRIC,
  OBSERVATION,
  OTEL_SPAN,
  OTEL_TRACE,
  type OwnIds,
  PROMPT,
  RUN,
  SCORE,
  SESSION,
  TRACE,
  USER,
  batchRequest,
  comment,
  dataset,
  event,
  file,
  fileBytes,
  item,
  logRequest,
  model,
  pointRequest,
  price,
  prompt,
  runItem,
  score,
  scoreConfig,
  spanRequest,
} from './isolation-contents.js';

/**
 * How one route is tried with the credentials of another project. Paths are built from the ids of the project whose data
 * are meant; all its contents hold its mark, and no answer to others ever does.
 */
export type IsolationCase =
  /** Needs no credentials, and so has nothing to show. */
  | { readonly kind: 'public' }
  /** Needs none but a link that is signed for one file of one project. */
  | { readonly kind: 'signed'; readonly path: (own: OwnIds) => string; readonly body?: (mark: string) => string }
  /** Belongs to no project: no key of a project opens it. */
  | { readonly kind: 'operator'; readonly path?: string; readonly body?: JsonObject }
  /**
   * Names a thing by its id: 404 to strangers. `isChange`: what it answers shows nothing of the contents. `shows`: what
   * its answer has instead of the mark.
   */
  | {
      readonly kind: 'item';
      readonly path: (own: OwnIds) => string;
      readonly body?: JsonObject;
      readonly isChange?: true;
      readonly shows?: (own: OwnIds) => string;
    }
  /** Lists, sums up or changes what the caller's project has; several ways to ask. */
  | {
      readonly kind: 'list';
      readonly paths: readonly string[];
      readonly body?: JsonObject;
    }
  /** Takes away what the path or the body names; ids that the caller's project does not have are passed over. */
  | {
      readonly kind: 'sweep';
      readonly path?: string;
      readonly body?: JsonObject;
      readonly read: string;
      readonly status?: number;
    }
  /**
   * Takes things in under ids that the client chooses; `read` shows what came of them. `reach`: a body that builds on
   * things of the project `own`, sent by the project `callerId`, which has none of them, and what that is answered.
   */
  | {
      readonly kind: 'write';
      readonly body: (mark: string, own: OwnIds) => JsonObject;
      readonly read: (own: OwnIds) => string;
      readonly status?: number;
      readonly shows?: (own: OwnIds) => string;
      readonly reach?: (own: OwnIds, callerId: string) => readonly [JsonObject, status: number];
    };

const SINGLE_TRACE = 'written-singly';
const series = (name: string) => `/api/public/metrics/query?name=${name}&group_by=mark`;
const traces = (traceId: string) => `/api/public/traces/${traceId}`;
const logs = (traceId: string) => `/api/public/logs?traceId=${traceId}`;

const encode = encodeURIComponent;
const PROMPT_PATH = `/api/public/v2/prompts/${encode(PROMPT)}`;
const DATASET_PATH = `/api/public/datasets/${encode(DATASET)}`;
const DATASET_V2_PATH = `/api/public/v2/datasets/${encode(DATASET)}`;
const RUN_PATH = `${DATASET_PATH}/runs/${encode(RUN)}`;
const ITEM_PATH = `/api/public/dataset-items/${encode(ITEM)}`;
const OBSERVATION_PATH = `/api/public/observations/${encode(OBSERVATION)}?traceId=${TRACE}`;
const PAST = '2020-01-01T00:00:00Z';

/** Aggregates the view by name, which holds the mark. */
const aggregate = (path: string, view: string, field = 'name') => {
  const range = { fromTimestamp: PAST, toTimestamp: '2100-01-01T00:00:00Z' };
  const asked = { view, dimensions: [{ field }], metrics: [{ measure: 'count', aggregation: 'count' }], ...range };
  return `${path}?query=${encode(JSON.stringify(asked))}`;
};

/** A single write of `fields`, under its own id, which the trace that it is in shows. */
const single = (id: string, fields: (mark: string) => JsonObject): IsolationCase => ({
  kind: 'write',
  body: (mark) => ({ id, traceId: SINGLE_TRACE, name: `single ${mark}`, ...fields(mark) }),
  read: () => traces(SINGLE_TRACE),
});
/** Completes what the single write above has begun, found by its id alone. */
const completion = (idField: string, id: string): IsolationCase => ({
  kind: 'write',
  body: (mark) => ({ [idField]: id, statusMessage: `completed ${idField} ${mark}` }),
  read: () => traces(SINGLE_TRACE),
  shows: ({ mark }) => `completed ${idField} ${mark}`,
});

/** Every operation of the OpenAPI document. A route that is added has to say here how it keeps projects apart. */
export const ISOLATION_CASES: Readonly<Record<string, IsolationCase>> = {
  'GET /': { kind: 'public' },
  'GET /healthz': { kind: 'public' },
  'GET /readyz': { kind: 'public' },
  'GET /api/public/health': { kind: 'public' },
  'GET /api/public/ready': { kind: 'public' },

  'GET /metrics': { kind: 'operator' },
  'GET /api/internal/rate_limit_stats': { kind: 'operator' },
  'GET /api/public/organizations/projects': { kind: 'operator' },
  'POST /api/public/projects': { kind: 'operator', body: { name: 'mine' } },
  'DELETE /api/public/projects/{projectId}': { kind: 'operator', path: '/api/public/projects/default' },

  'POST /v1/l/batch': {
    kind: 'write',
    body: (mark) => batchRequest(mark, BATCH_TRACE),
    read: () => traces(BATCH_TRACE),
  },
  ...Object.fromEntries(
    ['/v1/traces', '/api/public/otel/v1/traces', '/api/public/otel'].map((path, i) => {
      const traceId = OTEL_TRACE.replace(/.$/, String(i + 2));
      const one = { body: (mark: string) => spanRequest(mark, traceId), read: () => traces(traceId) };
      return [`POST ${path}`, { kind: 'write', ...one }] as const;
    }),
  ),
  ...Object.fromEntries(
    ['/v1/logs', '/api/public/otel/v1/logs'].map((path, i) => {
      const traceId = OTEL_TRACE.replace(/.$/, String(i + 5));
      const one = { body: (mark: string) => logRequest(mark, traceId), read: () => logs(traceId) };
      return [`POST ${path}`, { kind: 'write', ...one }] as const;
    }),
  ),
  ...Object.fromEntries(
    ['/v1/metrics', '/api/public/otel/v1/metrics'].map((path, i) => {
      const one = { body: (mark: string) => pointRequest(mark, `otlp_${i}`), read: () => series(`otlp_${i}`) };
      return [`POST ${path}`, { kind: 'write', ...one }] as const;
    }),
  ),
  'POST /v1/metrics/batch': {
    kind: 'write',
    body: (mark) => ({
      metrics: [{ name: 'by_batch', value: 1, timestamp: new Date().toISOString(), labels: { mark: `label ${mark}` } }],
    }),
    read: () => series('by_batch'),
  },

  'GET /api/public/traces': {
    kind: 'list',
    paths: ['', `?sessionId=${SESSION}`, `?userId=${USER}`, '?orderBy=id.desc&limit=100'].map(
      (query) => `/api/public/traces${query}`,
    ),
  },
  'GET /api/public/traces/{traceId}': { kind: 'item', path: () => traces(TRACE) },
  'GET /api/public/observations/{observationId}/mapping': {
    kind: 'item',
    path: () => `/api/public/observations/${OTEL_SPAN}/mapping?traceId=${OTEL_TRACE}`,
  },
  'GET /api/public/observations/{observationId}/cost': {
    kind: 'item',
    path: () => `/api/public/observations/${encode(OBSERVATION)}/cost?traceId=${TRACE}`,
  },
  'GET /api/public/sessions': { kind: 'list', paths: ['/api/public/sessions'] },
  'GET /api/public/sessions/{sessionId}': {
    kind: 'item',
    path: () => `/api/public/sessions/${encode(SESSION)}`,
  },
  'POST /api/public/scores': {
    kind: 'write',
    body: (mark) => score(mark, 'written score'),
    read: () => '/api/public/v2/scores/written%20score',
  },
  ...Object.fromEntries(
    ['/api/public/scores', '/api/public/v2/scores', '/api/public/v3/scores'].map((path) => {
      const paths = ['', `?traceId=${TRACE}`, `?${path.includes('v3') ? 'id' : 'scoreIds'}=${encode(SCORE)}`];
      return [`GET ${path}`, { kind: 'list', paths: paths.map((query) => path + query) }] as const;
    }),
  ),
  ...Object.fromEntries(
    ['/api/public/scores', '/api/public/v2/scores'].map((path) => {
      const one = { kind: 'item', path: () => `${path}/${encode(SCORE)}` } as const;
      return [`GET ${path}/{scoreId}`, one] as const;
    }),
  ),
  'DELETE /api/public/scores/{scoreId}': {
    kind: 'sweep',
    path: `/api/public/scores/${encode(SCORE)}`,
    read: `/api/public/scores/${encode(SCORE)}`,
    status: 202,
  },
  'GET /api/public/score-configs': { kind: 'list', paths: ['/api/public/score-configs'] },
  'POST /api/public/score-configs': {
    kind: 'write',
    body: (mark) => scoreConfig(mark),
    read: () => '/api/public/score-configs',
  },
  'GET /api/public/score-configs/{configId}': {
    kind: 'item',
    path: ({ scoreConfigId }) => `/api/public/score-configs/${scoreConfigId}`,
  },
  'PATCH /api/public/score-configs/{configId}': {
    kind: 'item',
    path: ({ scoreConfigId }) => `/api/public/score-configs/${scoreConfigId}`,
    body: { isArchived: true },
    isChange: true,
  },
  'GET /api/public/logs': { kind: 'list', paths: ['/api/public/logs', logs(OTEL_TRACE)] },
  'GET /api/public/metrics/daily': { kind: 'list', paths: ['/api/public/metrics/daily'] },
  'GET /api/public/metrics/query': { kind: 'list', paths: [series(METRIC)] },
  'GET /api/public/metrics/names': { kind: 'list', paths: ['/api/public/metrics/names'] },
  'GET /api/public/metrics/exemplars': { kind: 'list', paths: [`/api/public/metrics/exemplars?name=${METRIC}`] },
  'GET /api/internal/deliveries': { kind: 'list', paths: ['/api/internal/deliveries'] },

  'GET /api/public/model-prices': { kind: 'list', paths: ['/api/public/model-prices'] },
  'POST /api/public/model-prices': {
    kind: 'write',
    body: (mark) => price(mark),
    read: () => '/api/public/model-prices',
    status: 201,
  },
  'POST /api/public/model-prices/reprice': {
    kind: 'list',
    paths: ['/api/public/model-prices/reprice'],
    body: { apply: true },
  },
  'DELETE /api/public/model-prices/{priceId}': {
    kind: 'item',
    path: ({ priceId }) => `/api/public/model-prices/${priceId}`,
    isChange: true,
  },

  'GET /api/public/observations': {
    kind: 'list',
    paths: ['', `?traceId=${TRACE}`, `?userId=${USER}`].map((query) => `/api/public/observations${query}`),
  },
  'GET /api/public/observations/{observationId}': { kind: 'item', path: () => OBSERVATION_PATH },
  'GET /api/public/v2/observations': {
    kind: 'list',
    paths: ['', '&fields=core,basic,io,metadata,trace_context', `&traceId=${TRACE}`].map(
      (query) => `/api/public/v2/observations?fromStartTime=${PAST}${query}`,
    ),
  },
  'GET /api/public/metrics': {
    kind: 'list',
    paths: [
      aggregate('/api/public/metrics', 'traces'),
      aggregate('/api/public/metrics', 'observations'),
      aggregate('/api/public/metrics', 'scores-categorical'),
    ],
  },
  'GET /api/public/v2/metrics': {
    kind: 'list',
    paths: [
      aggregate('/api/public/v2/metrics', 'observations'),
      aggregate('/api/public/v2/metrics', 'observations', 'providedModelName'),
      aggregate('/api/public/v2/metrics', 'scores-categorical', 'stringValue'),
    ],
  },

  'POST /api/public/ingestion': {
    kind: 'write',
    body: (mark) => event('trace-create', { id: 'by-ingestion', name: `trace ${mark}` }),
    read: () => traces('by-ingestion'),
    status: 207,
  },
  'POST /api/public/traces': {
    kind: 'write',
    body: (mark) => ({ id: 'by-itself', name: `trace ${mark}` }),
    read: () => traces('by-itself'),
  },
  'POST /api/public/spans': single('a-span', () => ({})),
  'PATCH /api/public/spans': completion('spanId', 'a-span'),
  'POST /api/public/generations': single('a-generation', (mark) => ({ model: `model-${mark}` })),
  'PATCH /api/public/generations': completion('generationId', 'a-generation'),
  'POST /api/public/events': single('an-event', () => ({})),

  'GET /api/public/comments': {
    kind: 'list',
    paths: ['', `?objectType=TRACE&objectId=${TRACE}`, `?authorUserId=${USER}`].map(
      (query) => `/api/public/comments${query}`,
    ),
  },
  'POST /api/public/comments': {
    kind: 'write',
    body: (mark, { projectId }) => comment(mark, projectId),
    read: () => '/api/public/comments',
    reach: ({ mark }, callerId) => [comment(mark, callerId), 404],
  },
  'GET /api/public/comments/{commentId}': {
    kind: 'item',
    path: ({ commentId }) => `/api/public/comments/${commentId}`,
  },

  'GET /api/public/prompts': { kind: 'item', path: () => `/api/public/prompts?name=${encode(PROMPT)}` },
  'POST /api/public/prompts': {
    kind: 'write',
    body: (mark) => ({ name: 'first/version', prompt: mark, isActive: true }),
    read: () => `/api/public/prompts?name=${encode('first/version')}`,
    status: 201,
  },
  'GET /api/public/v2/prompts': {
    kind: 'list',
    paths: ['', `?name=${encode(PROMPT)}`, '?label=production'].map((query) => `/api/public/v2/prompts${query}`),
  },
  'GET /api/public/v2/prompts/{promptName}': { kind: 'item', path: () => PROMPT_PATH },
  'POST /api/public/v2/prompts': {
    kind: 'write',
    body: (mark) => prompt(mark, 'written/prompt'),
    read: () => `/api/public/v2/prompts/${encode('written/prompt')}`,
    status: 201,
    // It includes a prompt that only the others have.
    reach: ({ mark }) => [prompt(mark, 'reaching', `@@@langfusePrompt:name=${PROMPT}|version=1@@@`), 400],
  },
  'PATCH /api/public/v2/prompts/{promptName}/versions/{version}': {
    kind: 'item',
    path: () => `${PROMPT_PATH}/versions/1`,
    body: { newLabels: ['moved'] },
    isChange: true,
  },
  'DELETE /api/public/v2/prompts/{promptName}': { kind: 'item', path: () => PROMPT_PATH, isChange: true },

  'GET /api/public/datasets': {
    kind: 'list',
    paths: ['/api/public/datasets'],
  },
  'POST /api/public/datasets': {
    kind: 'write',
    body: (mark) => dataset(mark, 'written first'),
    read: () => '/api/public/datasets/written%20first',
  },
  'GET /api/public/datasets/{datasetName}': { kind: 'item', path: () => DATASET_PATH },
  'GET /api/public/v2/datasets': { kind: 'list', paths: ['/api/public/v2/datasets'] },
  'POST /api/public/v2/datasets': {
    kind: 'write',
    body: (mark) => dataset(mark, 'written'),
    read: () => '/api/public/v2/datasets/written',
  },
  'GET /api/public/v2/datasets/{datasetName}': { kind: 'item', path: () => DATASET_V2_PATH },
  'GET /api/public/dataset-items': {
    kind: 'list',
    paths: ['', `?sourceTraceId=${TRACE}`].map((query) => `/api/public/dataset-items${query}`),
  },
  'POST /api/public/dataset-items': {
    kind: 'write',
    body: (mark) => item(mark, 'written item'),
    read: () => '/api/public/dataset-items/written%20item',
    reach: ({ mark }) => [item(mark, 'reaching'), 404],
  },
  'GET /api/public/dataset-items/{datasetItemId}': { kind: 'item', path: () => ITEM_PATH },
  'GET /api/public/dataset-run-items': {
    kind: 'item',
    path: ({ datasetId }) => `/api/public/dataset-run-items?datasetId=${datasetId}&runName=${encode(RUN)}`,
    shows: ({ runId }) => runId,
  },
  'POST /api/public/dataset-run-items': {
    kind: 'write',
    body: (mark) => runItem(mark, 'written run'),
    read: () => `${DATASET_PATH}/runs/written%20run`,
    reach: ({ mark }) => [runItem(mark, RUN), 404],
  },
  'GET /api/public/datasets/{datasetName}/runs': { kind: 'item', path: () => `${DATASET_PATH}/runs` },
  'GET /api/public/datasets/{datasetName}/runs/{runName}': { kind: 'item', path: () => RUN_PATH },
  'GET /api/public/datasets/{datasetName}/runs/{runName}/results': { kind: 'item', path: () => `${RUN_PATH}/results` },
  'GET /api/public/datasets/{datasetName}/run-comparison': {
    kind: 'item',
    path: () => `${DATASET_PATH}/run-comparison?runName=${encode(RUN)}`,
  },
  'DELETE /api/public/datasets/{datasetName}/runs/{runName}': { kind: 'item', path: () => RUN_PATH, isChange: true },
  'DELETE /api/public/dataset-items/{datasetItemId}': {
    kind: 'item',
    path: () => `${ITEM_PATH}?history=erase`,
    isChange: true,
  },
  'DELETE /api/public/v2/datasets/{datasetName}': { kind: 'item', path: () => DATASET_V2_PATH, isChange: true },
  'GET /api/public/experiments': {
    kind: 'list',
    paths: [`fromStartTime=${PAST}`, `id=${EXPERIMENT}&fields=core,metadata`].map(
      (query) => `/api/public/experiments?${query}`,
    ),
  },
  'GET /api/public/experiment-items': {
    kind: 'list',
    paths: [`fromStartTime=${PAST}`, `experimentId=${EXPERIMENT}&fields=core,io,metadata,scores`].map(
      (query) => `/api/public/experiment-items?${query}`,
    ),
  },

  'POST /api/public/media': {
    kind: 'write',
    body: (mark) => file(mark),
    read: ({ mediaId }) => `/api/public/media/${mediaId}`,
    status: 201,
    shows: ({ mediaId }) => mediaId,
  },
  'GET /api/public/media/{mediaId}': {
    kind: 'item',
    path: ({ mediaId }) => `/api/public/media/${mediaId}`,
    shows: ({ mediaId }) => mediaId,
  },
  'PATCH /api/public/media/{mediaId}': {
    kind: 'item',
    path: ({ mediaId }) => `/api/public/media/${mediaId}`,
    body: { uploadedAt: PAST, uploadHttpStatus: 500, uploadHttpError: 'not sent' },
    isChange: true,
  },
  'GET /api/public/media/{mediaId}/content': { kind: 'signed', path: ({ mediaLink }) => mediaLink },
  'PUT /api/public/media/{mediaId}/content': {
    kind: 'signed',
    path: ({ uploadLink }) => uploadLink,
    body: fileBytes,
  },

  'GET /api/public/models': { kind: 'list', paths: ['/api/public/models'] },
  'POST /api/public/models': {
    kind: 'write',
    body: (mark) => model(mark, 'written'),
    read: () => '/api/public/models',
  },
  'GET /api/public/models/{modelId}': { kind: 'item', path: ({ modelId }) => `/api/public/models/${modelId}` },
  // Clients choose the id; this one is the pattern of the path itself.
  'PUT /api/public/models/{modelId}': {
    kind: 'write',
    body: (mark) => model(mark, 'put'),
    read: () => `/api/public/models/${encode('{modelId}')}`,
  },
  'DELETE /api/public/models/{modelId}': {
    kind: 'item',
    path: ({ modelId }) => `/api/public/models/${modelId}`,
    isChange: true,
  },

  // After all that is about traces, for they go.
  'DELETE /api/public/traces/{traceId}': { kind: 'item', path: () => traces(TRACE), isChange: true },
  'DELETE /api/public/traces': {
    kind: 'sweep',
    body: { traceIds: [OTEL_TRACE] },
    read: traces(OTEL_TRACE),
  },

  // The last: they take the keys that the others are tried with.
  'GET /api/public/projects': { kind: 'list', paths: ['/api/public/projects'] },
  'PUT /api/public/projects/{projectId}': {
    kind: 'item',
    path: ({ projectId }) => `/api/public/projects/${projectId}`,
    body: { name: 'renamed' },
    isChange: true,
  },
  'GET /api/public/projects/{projectId}/apiKeys': {
    kind: 'item',
    path: ({ projectId }) => `/api/public/projects/${projectId}/apiKeys`,
  },
  'POST /api/public/projects/{projectId}/apiKeys': {
    kind: 'item',
    path: ({ projectId }) => `/api/public/projects/${projectId}/apiKeys`,
    body: { scopes: ['read'] },
    isChange: true,
  },
  'POST /api/public/projects/{projectId}/apiKeys/{apiKeyId}/rotate': {
    kind: 'item',
    path: ({ projectId, apiKeyId }) => `/api/public/projects/${projectId}/apiKeys/${apiKeyId}/rotate`,
    body: {},
    isChange: true,
  },
  'DELETE /api/public/projects/{projectId}/apiKeys/{apiKeyId}': {
    kind: 'item',
    path: ({ projectId, apiKeyId }) => `/api/public/projects/${projectId}/apiKeys/${apiKeyId}`,
    isChange: true,
  },
};
