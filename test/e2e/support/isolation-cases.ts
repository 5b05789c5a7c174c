import { type JsonObject } from './api.js';

/** What a project has been given by {@link writeContents}: ids that every project uses alike, and ids the server has made. */
export interface OwnIds {
  readonly projectId: string;
  readonly apiKeyId: string;
  readonly priceId: string;
  readonly scoreConfigId: string;
}

/**
 * How one route is tried with the credentials of another project. Paths are built from the ids of the project whose data
 * are meant; all its contents hold its mark, and no answer to others ever does.
 */
export type IsolationCase =
  /** Needs no credentials, and so has nothing to show. */
  | { readonly kind: 'public' }
  /** Belongs to no project: no key of a project opens it. */
  | { readonly kind: 'operator'; readonly path?: string; readonly body?: JsonObject }
  /** Names a thing by its id: 404 to strangers. `isChange`: what it answers shows nothing of the contents. */
  | {
      readonly kind: 'item';
      readonly path: (own: OwnIds) => string;
      readonly body?: JsonObject;
      readonly isChange?: true;
    }
  /** Lists, sums up or changes what the caller's project has; several ways to ask. */
  | { readonly kind: 'list'; readonly paths: readonly string[]; readonly body?: JsonObject }
  /** Takes things in under ids that the client chooses; `read` shows what came of them. */
  | {
      readonly kind: 'write';
      readonly body: (mark: string) => JsonObject;
      readonly read: (own: OwnIds) => string;
      readonly status?: number;
    };

const NANOS_PER_MS = 1_000_000n;
const now = () => String(BigInt(Date.now() - 1000) * NANOS_PER_MS);

/** Ids that each project uses for something of its own. */
export const TRACE = 'same-trace';
export const OBSERVATION = 'same/observation';
export const SESSION = 'same session';
const SCORE = 'same/score';
const USER = 'same-user';
const METRIC = 'same_metric';
const OTEL_TRACE = '5a3e0000000000000000000000000001';
const OTEL_SPAN = '5a3e000000000001';
const BATCH_TRACE = 'written-by-batch';

const text = (value: string) => ({ stringValue: value });
const attributes = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value: text(value) }));

function spanRequest(mark: string, traceId: string): JsonObject {
  const span = {
    ...{ traceId, spanId: OTEL_SPAN, name: `span ${mark}`, kind: 1 },
    ...{ startTimeUnixNano: now(), endTimeUnixNano: now() },
    attributes: attributes({ 'gen_ai.request.model': `model-${mark}`, 'gen_ai.operation.name': 'chat' }),
  };
  return { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
}

function logRequest(mark: string, traceId: string): JsonObject {
  const record = { timeUnixNano: now(), body: text(`log ${mark}`), traceId, spanId: OTEL_SPAN };
  return { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] };
}

function pointRequest(mark: string, name: string): JsonObject {
  const point = {
    ...{ timeUnixNano: now(), asDouble: 1, attributes: attributes({ mark: `label ${mark}` }) },
    exemplars: [{ timeUnixNano: now(), asDouble: 1, traceId: OTEL_TRACE, spanId: OTEL_SPAN }],
  };
  const metrics = [name, `metric_${mark}`].map((one) => ({ name: one, gauge: { dataPoints: [point] } }));
  return { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
}

function batchRequest(mark: string, traceId: string): JsonObject {
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

function price(mark: string): JsonObject {
  return { modelPattern: `model-${mark}`, prices: { input: 1, output: 1 } };
}

function score(mark: string, id: string): JsonObject {
  return { id, traceId: TRACE, name: `score ${mark}`, value: `value ${mark}`, comment: mark };
}

const scoreConfig = (mark: string): JsonObject => ({ name: mark, description: mark, dataType: 'TEXT' });

const series = (name: string) => `/api/public/metrics/query?name=${name}&group_by=mark`;
const traces = (traceId: string) => `/api/public/traces/${traceId}`;
const logs = (traceId: string) => `/api/public/logs?traceId=${traceId}`;

/** Sends what the reads below show. `send` posts as the project and returns the answer. */
export async function writeContents(
  send: (path: string, body: JsonObject) => Promise<JsonObject>,
  project: { readonly id: string; readonly keyId: string },
  mark: string,
): Promise<OwnIds> {
  await send('/v1/l/batch', batchRequest(mark, TRACE));
  // A session that no other project has, for the list that shows little more than ids.
  await send('/v1/l/batch', { trace: { id: `trace of ${mark}`, sessionId: `session ${mark}` } });
  await send('/v1/traces', spanRequest(mark, OTEL_TRACE));
  await send('/v1/logs', logRequest(mark, OTEL_TRACE));
  await send('/v1/metrics', pointRequest(mark, METRIC));
  const { id } = await send('/api/public/model-prices', price(mark));
  await send('/api/public/scores', score(mark, SCORE));
  const config = await send('/api/public/score-configs', scoreConfig(mark));
  return {
    projectId: project.id,
    apiKeyId: project.keyId,
    priceId: id as string,
    scoreConfigId: config['id'] as string,
  };
}

/** Every operation of the OpenAPI document. A route that is added has to say here how it keeps projects apart. */
export const ISOLATION_CASES: Readonly<Record<string, IsolationCase>> = {
  'GET /': { kind: 'public' },
  'GET /healthz': { kind: 'public' },
  'GET /readyz': { kind: 'public' },

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
    path: () => `/api/public/observations/${encodeURIComponent(OBSERVATION)}/cost?traceId=${TRACE}`,
  },
  'GET /api/public/sessions': { kind: 'list', paths: ['/api/public/sessions'] },
  'GET /api/public/sessions/{sessionId}': {
    kind: 'item',
    path: () => `/api/public/sessions/${encodeURIComponent(SESSION)}`,
  },
  'POST /api/public/scores': {
    kind: 'write',
    body: (mark) => score(mark, 'written score'),
    read: () => '/api/public/v2/scores/written%20score',
  },
  ...Object.fromEntries(
    ['/api/public/scores', '/api/public/v2/scores', '/api/public/v3/scores'].map((path) => {
      const paths = [
        '',
        `?traceId=${TRACE}`,
        `?${path.includes('v3') ? 'id' : 'scoreIds'}=${encodeURIComponent(SCORE)}`,
      ];
      return [`GET ${path}`, { kind: 'list', paths: paths.map((query) => path + query) }] as const;
    }),
  ),
  ...Object.fromEntries(
    ['/api/public/scores', '/api/public/v2/scores'].map((path) => {
      const one = { kind: 'item', path: () => `${path}/${encodeURIComponent(SCORE)}` } as const;
      return [`GET ${path}/{scoreId}`, one] as const;
    }),
  ),
  'DELETE /api/public/scores/{scoreId}': {
    kind: 'item',
    path: () => `/api/public/scores/${encodeURIComponent(SCORE)}`,
    isChange: true,
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
