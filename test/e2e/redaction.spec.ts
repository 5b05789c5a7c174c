import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aGauge, aMetricsRequest } from '../fixtures/otlp/metrics-wire.js';
import { encodeLogsBySdk } from '../fixtures/otlp/logs.js';
import { aRequest, attributes, encodeBySdk, jsonBody } from '../fixtures/otlp/wire.js';
import { removeFolder, type RunningServer, temporaryFolder } from '../support/server-process.js';
import {
  Api,
  BATCH,
  BEARER,
  JSON_TYPE,
  type JsonObject,
  OTLP,
  otelSpanId,
  otelTraceId,
  PROTOBUF_TYPE,
  startE2eServer,
} from './support/api.js';
import { queryEmbedded } from './support/recount.js';

jest.setTimeout(60_000);

/** In every secret of this file, so that one search finds all of them; in either case, because AWS keys are upper case. */
const MARK = 'c4n4ry';
/** In what has to be found again, or the searches would prove nothing. */
const CONTROL = 'k3pt-as-sent';
const METRICS = '/v1/metrics/batch';
const OTLP_TRACES = [OTLP, '/v1/traces', '/api/public/otel'];
const OTLP_METRICS = ['/api/public/otel/v1/metrics', '/v1/metrics'];
const INGESTION = '/api/public/ingestion';
const SINGLE_WRITES = ['traces', 'spans', 'generations', 'events'].map((name) => `/api/public/${name}`);
const DATASETS = ['/api/public/v2/datasets', '/api/public/datasets'];
const DATASET_ITEMS = '/api/public/dataset-items';
const DATASET_RUN_ITEMS = '/api/public/dataset-run-items';
const SCORES = '/api/public/scores';
const SCORE_CONFIGS = '/api/public/score-configs';
const SINGLE_UPDATES = ['spans', 'generations'].map((name) => `/api/public/${name}`);
const OTLP_LOGS = ['/api/public/otel/v1/logs', '/v1/logs'];
const PROMPTS = ['/api/public/v2/prompts', '/api/public/prompts'];
/** They write names and labels that are there already, or nothing. */
const PROMPT_CHANGES = ['patch /api/public/v2/prompts/{promptName}/versions/{version}'];

const PROJECTS = '/api/public/projects';
const MEDIA = '/api/public/media';
const COMMENTS = '/api/public/comments';
const KEYS = `${PROJECTS}/{projectId}/apiKeys`;

const BARE = `plain-${MARK}`;
const HEADER = `Bearer ${MARK}-0f1e2d3c`;

/** Known by their look wherever they stand, content included. */
const CREDENTIALS = [
  `sk-proj-${MARK}A1b2C3d4E5f6G7h8`,
  `sk-${MARK}${'a1b2'.repeat(8)}`,
  `sk-lf-${MARK}-aaaa-bbbb-cccc-1234567890ab`,
  `AKIA${MARK.toUpperCase()}ABCDEF1234`,
  `ghp_${MARK}${'a1B2'.repeat(8)}`,
  `xoxb-1234567890-${MARK}`,
  `AIza${MARK}${'Sy1-_'.repeat(6)}`.slice(0, 39),
  `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx${MARK}.${MARK}0123456789`,
  `-----BEGIN PRIVATE KEY-----\n${MARK}\n-----END PRIVATE KEY-----`,
].map((secret) => `${CONTROL} ${secret}`);

/** Known in any text but content. */
const TEXTS = [
  `401 for ${HEADER}`,
  `see https://user:${BARE}@host/path`,
  `GET /v1?api_key=${BARE}&n=1`,
  `{'Authorization': '${BARE}', 'n': 1}`,
  `{"password":"${BARE} and cut o`,
  ...CREDENTIALS,
];

const NAMES = [
  ...[
    'authorization',
    'Proxy-Authorization',
    'X-API-Key',
    'api-key',
    'api_key',
    'apikey',
    'apiKey',
    'cookie',
    'Set-Cookie',
  ],
  ...[
    'x-goog-api-key',
    'password',
    'dbPassword',
    'secret',
    'client_secret',
    'access_token',
    'refreshToken',
    'id_token',
  ],
  ...[
    'bearer',
    'http.request.header.authorization',
    'http.request.header.x-api-key',
    'gen_ai.request.api_key',
    'customer_ssn',
  ],
];

/** Every secret name with a value, side by side, and once more in each way that values nest. */
function secrets(): JsonObject {
  const flat = Object.fromEntries(NAMES.map((name, i) => [name, `${BARE}-${i}`]));
  return {
    ...flat,
    max_tokens: 1024,
    control: CONTROL,
    nested: { list: [{ deep: flat }] },
    json: JSON.stringify({ headers: flat }),
    jsonInJson: JSON.stringify({ json: JSON.stringify(flat) }),
    headerList: { headers: [['x-api-key', BARE], { name: 'Cookie', value: BARE }] },
    command: ['serve', '--api-key', BARE],
    objects: { credentials: { secret: { a: BARE } }, authorization: [HEADER], password: 12345 },
    texts: TEXTS,
  };
}

const CONTENT = {
  control: CONTROL,
  texts: CREDENTIALS,
  call: { url: 'https://host', headers: { Authorization: HEADER, 'x-api-key': BARE, n: 1 } },
  arguments: JSON.stringify({ headers: { cookie: BARE } }),
};

/** A trace and an observation with a secret in every place that is looked at. */
function message(traceId: string, name: string): JsonObject {
  const text = `${name} ${TEXTS.join(' ')}`;
  const item = { name: text, input: CONTENT, output: JSON.stringify(CONTENT), metadata: secrets() };
  return {
    trace: {
      ...item,
      id: traceId,
      tags: [CONTROL, ...TEXTS],
      release: `r ${CREDENTIALS[0]}`,
      version: `v ${CREDENTIALS[1]}`,
    },
    observations: [
      {
        ...item,
        id: `${traceId}-o`,
        traceId,
        statusMessage: text,
        modelParameters: secrets(),
        model: `m ${CREDENTIALS[0]}`,
        promptName: `p ${CREDENTIALS[0]}`,
        version: `v ${CREDENTIALS[0]}`,
        type: `T ${CREDENTIALS[0]}`,
      },
    ],
  };
}

/** The same as events, and an update that waits for its observation. */
function events(traceId: string, name: string): JsonObject[] {
  const { trace, observations } = message(traceId, name) as { trace: JsonObject; observations: JsonObject[] };
  const event = (type: string, body: JsonObject): JsonObject => ({
    id: `${traceId}-${type}`,
    ...{ type, timestamp: new Date().toISOString(), body: { ...body, promptVersion: 1 } },
  });
  return [
    event('trace-create', trace),
    event('generation-create', observations[0]!),
    event('span-update', { ...observations[0], traceId: undefined, id: `${traceId}-unknown` }),
    event('score-create', { traceId, name: `s ${CREDENTIALS[0]}`, value: 1, comment: TEXTS[0], metadata: secrets() }),
  ];
}

/** One span with the same, as the SDK of OpenTelemetry sends it. */
function spanBodies(name: string): { traceId: string; protobuf: Buffer; json: Buffer } {
  const traceId = otelTraceId();
  const flat = Object.fromEntries(NAMES.map((key, i) => [key, [`${BARE}-${i}`]]));
  const own = { ...flat, control: CONTROL, texts: TEXTS, 'llm.headers': JSON.stringify(secrets()) };
  const bodies = encodeBySdk(
    [
      {
        traceId,
        spanId: otelSpanId(),
        name: `${name} ${TEXTS[0]}`,
        status: { code: 2, message: TEXTS.join(' ') },
        attributes: {
          ...own,
          'langfuse.observation.metadata.apiKey': BARE,
          'langfuse.observation.metadata.all': JSON.stringify(secrets()),
          'langfuse.trace.metadata': JSON.stringify(secrets()),
          'langfuse.trace.tags': [CONTROL, ...CREDENTIALS],
          'langfuse.observation.model.parameters': JSON.stringify(secrets()),
          'langfuse.observation.input': JSON.stringify(CONTENT),
          'gen_ai.output.messages': JSON.stringify([CONTENT]),
          'gen_ai.operation.name': 'chat',
        },
        events: [{ name: 'exception', attributes: { ...own, 'exception.message': TEXTS.join('\n') } }],
      },
    ],
    { resource: { ...own, 'process.command_args': ['--password', BARE] }, scope: { name: 'scope', version: '1' } },
  );
  return { traceId, ...bodies };
}

/** Log records with the same: a message of a call, and an event of a coding agent. */
function logBodies(name: string): { traceId: string; protobuf: Buffer; json: Buffer } {
  const traceId = otelTraceId();
  const flat = Object.fromEntries(NAMES.map((key, i) => [key, `${BARE}-${i}`]));
  const own = { ...flat, control: CONTROL, texts: TEXTS, nested: flat };
  const agent = { 'event.name': 'codex.tool_result', 'conversation.id': 'agent', tool_name: `t ${CREDENTIALS[0]}` };
  const bodies = encodeLogsBySdk(
    [
      {
        ...{ traceId, spanId: otelSpanId(), eventName: 'gen_ai.user.message', severityText: `${name} ${TEXTS[0]}` },
        ...{ body: { content: CREDENTIALS.join('\n'), ...own }, attributes: own },
      },
      { traceId, spanId: '0'.repeat(16), body: TEXTS.join(' '), eventName: `e ${TEXTS[0]}`, attributes: own },
      {
        ...{ traceId: '0'.repeat(32), spanId: '0'.repeat(16) },
        attributes: { ...own, ...agent, arguments: JSON.stringify(CONTENT), error: TEXTS.join(' ') },
      },
    ],
    { resource: { ...own, 'process.command_args': ['--password', BARE] }, scope: { name: 'scope', version: '1' } },
  );
  return { traceId, ...bodies };
}

const points = (labels: JsonObject): JsonObject => ({
  metrics: [{ name: 'canaries', labels, value: 1, timestamp: new Date().toISOString() }],
});
const labels = (): Record<string, string> => ({
  ...Object.fromEntries(NAMES.map((name, i) => [name, `${BARE}-${i}`])),
  ...Object.fromEntries(TEXTS.map((text, i) => [`text${i}`, text])),
  control: CONTROL,
});

/** Refuses what says poison, in words that repeat the whole row. */
const POISON = `
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW::text LIKE '%poison%' THEN RAISE EXCEPTION 'refused: %', NEW USING ERRCODE = 'check_violation'; END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON observations FOR EACH ROW EXECUTE FUNCTION refuse();
  CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON traces FOR EACH ROW EXECUTE FUNCTION refuse();
  CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON logs FOR EACH ROW EXECUTE FUNCTION refuse();
  CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON metric_series FOR EACH ROW EXECUTE FUNCTION refuse();`;

describe('a secret', () => {
  let dataDir: string;
  let server: RunningServer;
  let api: Api;
  const answers: string[] = [];

  const send = async (path: string, body: string | Buffer, headers = JSON_TYPE): Promise<number> => {
    const { status, text } = await api.post(path, body, headers);
    answers.push(text);
    return status;
  };

  beforeAll(async () => {
    dataDir = temporaryFolder();
    // Uncompressed, so that the files themselves can be searched.
    server = await startE2eServer({
      dataDir,
      env: { REDACT_KEYS: 'customer_ssn', LOG_LEVEL: 'debug', PAYLOAD_COMPRESSION: 'none' },
    });
    api = new Api(server.url);
    await queryEmbedded(dataDir, POISON);
  });
  afterAll(async () => {
    await server.stop();
    removeFolder(dataDir);
  });

  /** Every column of every row as text, bytes as the text that they are. */
  async function dump(): Promise<Map<string, string>> {
    const columns = await queryEmbedded<{ table: string; column: string; type: string }>(
      dataDir,
      `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns
       JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    const tables = new Map<string, string>();
    for (const { table, column, type } of columns) {
      const shown = type === 'bytea' ? `encode("${column}", 'escape')` : `"${column}"::text`;
      const rows = await queryEmbedded<{ value: string }>(dataDir, `SELECT ${shown} AS value FROM "${table}"`);
      tables.set(table, `${tables.get(table) ?? ''}\n${rows.map(({ value }) => value).join('\n')}`);
    }
    return tables;
  }

  const secretsIn = (text: string): string[] =>
    [...text.matchAll(new RegExp(MARK, 'gi'))].map(({ index }) => text.slice(Math.max(0, index - 60), index + 20));

  it('has a canary on every route that writes', async () => {
    const { paths } = await api.read('/docs/openapi.json');
    // What an operator sets up is not data that was observed.
    const isSetUp = (path: string): boolean => /^\/api\/public\/(model-prices|models)/.test(path);
    const written = Object.entries(paths as Record<string, JsonObject>).flatMap(([path, operations]) =>
      Object.keys(operations)
        // A rotation says how long, and a deletion nothing.
        .filter((method) => method !== 'get' && method !== 'delete' && !isSetUp(path) && !path.endsWith('/rotate'))
        .map((method) => `${method} ${path}`),
    );
    const posts = [
      ...[BATCH, METRICS, ...OTLP_TRACES, ...OTLP_METRICS, ...OTLP_LOGS, INGESTION, ...SINGLE_WRITES, SCORES],
      ...[SCORE_CONFIGS, ...DATASETS, DATASET_ITEMS, DATASET_RUN_ITEMS, PROJECTS, KEYS, ...PROMPTS, MEDIA, COMMENTS],
    ];
    expect(written.sort()).toEqual(
      [
        ...posts.map((path) => `post ${path}`),
        ...[...SINGLE_UPDATES, `${SCORE_CONFIGS}/{configId}`, `${MEDIA}/{mediaId}`].map((path) => `patch ${path}`),
        // The bytes of a file have to keep their hash.
        ...[`${PROJECTS}/{projectId}`, `${MEDIA}/{mediaId}/content`].map((path) => `put ${path}`),
        ...PROMPT_CHANGES,
      ].sort(),
    );
  });

  it('in a batch is taken out of what is stored, and nothing else is', async () => {
    expect(await send(BATCH, JSON.stringify(message('batch', CONTROL)))).toBe(200);
    const { metadata, observations, tags } = await api.trace('batch');
    const [observation] = observations;
    const { 'xtrace.type': type, ...ownMetadata } = observation!.metadata;
    expect(type).toBe(`T ${CONTROL} [redacted]`);
    expect(ownMetadata).toEqual(metadata);
    expect(metadata).toMatchObject({
      ...Object.fromEntries(NAMES.map((name) => [name, '[redacted]'])),
      control: CONTROL,
      max_tokens: 1024,
      command: ['serve', '--api-key', '[redacted]'],
    });
    expect((metadata['texts'] as string[]).filter((text) => !text.includes('[redacted]'))).toEqual([]);
    expect(observation!['modelParameters']).toMatchObject({ max_tokens: 1024, api_key: '[redacted]' });
    expect(observation!.input).toEqual({
      control: CONTROL,
      texts: CREDENTIALS.map(() => `${CONTROL} [redacted]`),
      call: { url: 'https://host', headers: { Authorization: '[redacted]', 'x-api-key': '[redacted]', n: 1 } },
      arguments: '{"headers":{"cookie":"[redacted]"}}',
    });
    expect(tags).toContain(CONTROL);
  });

  it('in events is taken out of what is stored, and of what waits for its observation', async () => {
    expect(await send(INGESTION, JSON.stringify({ batch: events('events', CONTROL) }))).toBe(207);
    const { metadata, observations } = await api.trace('events');
    expect(metadata).toMatchObject({ control: CONTROL, api_key: '[redacted]' });
    expect(observations[0]).toMatchObject({ modelParameters: { max_tokens: 1024, api_key: '[redacted]' } });
    const tables = await dump();
    for (const table of ['orphans', 'scores']) {
      expect(tables.get(table)).toContain(CONTROL);
      expect(tables.get(table)).toContain('[redacted]');
    }
  });

  it('in a score and its config is taken out of what is stored', async () => {
    const text = `${CONTROL} ${TEXTS.join(' ')}`;
    const [label] = CREDENTIALS;
    const config = { name: 'canary', dataType: 'CATEGORICAL', description: text, categories: [{ label, value: 1 }] };
    expect(await send(SCORE_CONFIGS, JSON.stringify(config))).toBe(200);
    const { id: configId } = JSON.parse(answers.at(-1)!) as { id: string };
    const patched = await fetch(`${server.url}${SCORE_CONFIGS}/${configId}`, {
      method: 'PATCH',
      headers: { ...BEARER, ...JSON_TYPE },
      body: JSON.stringify({ name: CREDENTIALS[0], description: text }),
    });
    answers.push(await patched.text());
    const score = { traceId: 'scored', name: text, comment: text, metadata: secrets() };
    for (const value of [{ value: 1 }, { value: text, dataType: 'CORRECTION' }, { value: label, configId }]) {
      expect(await send(SCORES, JSON.stringify({ ...score, ...value }))).toBe(200);
    }
    expect(await send(SCORES, JSON.stringify({ ...score, value: text, configId }))).toBe(400);
    const { text: read } = await api.get('/api/public/v2/scores?traceId=scored');
    answers.push(read);
    expect(read).toContain(CONTROL);
    expect(read).toContain('[redacted]');
  });

  it('in single writes is taken out of what is stored', async () => {
    const [trace, generation] = events('single', CONTROL).map(({ body }) => body as JsonObject);
    const patch = async (path: string, body: JsonObject): Promise<number> => {
      const headers = { ...BEARER, ...JSON_TYPE };
      const answer = await fetch(server.url + path, { method: 'PATCH', headers, body: JSON.stringify(body) });
      answers.push(await answer.text());
      return answer.status;
    };
    for (const path of SINGLE_WRITES) {
      const body = path.endsWith('traces') ? trace! : { ...generation, id: `single${path}` };
      expect(await send(path, JSON.stringify(body))).toBe(200);
    }
    for (const path of SINGLE_UPDATES) expect(await patch(path, { ...generation, id: `single${path}` })).toBe(200);
    const { metadata, observations } = await api.trace('single');
    expect([metadata, ...observations.map((seen) => seen.metadata)]).toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ control: CONTROL, api_key: '[redacted]' })),
    );
  });

  it('in datasets, their items and runs is taken out', async () => {
    const schema = { description: `${CONTROL} ${CREDENTIALS[0]}` };
    const dataset = { description: `${CONTROL} ${TEXTS.join(' ')}`, metadata: secrets(), inputSchema: schema };
    for (const path of DATASETS) expect(await send(path, JSON.stringify({ name: 'canaries', ...dataset }))).toBe(200);
    const item = {
      datasetName: 'canaries',
      id: 'canary',
      input: CONTENT,
      expectedOutput: CONTENT,
      metadata: secrets(),
    };
    expect(await send(DATASET_ITEMS, JSON.stringify(item))).toBe(200);
    const run = { runName: 'canaries', runDescription: dataset.description, metadata: secrets(), traceId: 't' };
    expect(await send(DATASET_RUN_ITEMS, JSON.stringify({ ...run, datasetItemId: 'canary' }))).toBe(200);
    const tables = await dump();
    for (const table of ['datasets', 'dataset_items', 'dataset_runs']) {
      expect(tables.get(table)).toContain(CONTROL);
      expect(tables.get(table)).toContain('[redacted]');
    }
  });

  it.each(['protobuf', 'json'] as const)('in OTLP as %s is taken out of what is stored', async (encoding) => {
    for (const path of OTLP_TRACES) {
      const { traceId, ...bodies } = spanBodies(CONTROL);
      expect(await send(path, bodies[encoding], encoding === 'json' ? JSON_TYPE : PROTOBUF_TYPE)).toBe(200);
      const { metadata } = (await api.trace(traceId)).observations[0]!;
      const { attributes, resourceAttributes } = metadata as Record<string, JsonObject>;
      expect(attributes).toMatchObject({ api_key: '[redacted]', control: CONTROL });
      expect(resourceAttributes).toMatchObject({ authorization: '[redacted]', control: CONTROL });
      expect(metadata['apiKey']).toBe('[redacted]');
    }
  });

  it.each(['protobuf', 'json'] as const)('in logs as %s is taken out of what is stored', async (encoding) => {
    for (const path of OTLP_LOGS) {
      const { traceId, ...bodies } = logBodies(CONTROL);
      expect(await send(path, bodies[encoding], encoding === 'json' ? JSON_TYPE : PROTOBUF_TYPE)).toBe(200);
      const logs = (await api.read(`/api/public/logs?traceId=${traceId}`))['data'] as JsonObject[];
      expect(logs).toHaveLength(2);
      for (const log of logs) {
        expect(log['attributes']).toMatchObject({ api_key: '[redacted]', control: CONTROL });
        expect(log['resource']).toMatchObject({ attributes: { authorization: '[redacted]', control: CONTROL } });
      }
      const { input } = (await api.trace(traceId)).observations[0]!;
      expect(JSON.stringify(input)).toContain(`${CONTROL} [redacted]`);
    }
  });

  it('in a comment, and in what is said of an upload, is taken out', async () => {
    const comment = { projectId: 'default', objectType: 'TRACE', objectId: 'batch', authorUserId: TEXTS[0] };
    expect(await send(COMMENTS, JSON.stringify({ ...comment, content: `${CONTROL} ${TEXTS.join(' ')}` }))).toBe(200);
    const { text: listed } = await api.get(`${COMMENTS}?objectType=TRACE`);
    expect(listed).toContain(`${CONTROL} 401 for Bearer [redacted]`);
    const sha256Hash = `${'A'.repeat(43)}=`;
    const file = { traceId: 'batch', field: 'input', contentType: 'image/png', contentLength: 5, sha256Hash };
    expect(await send(MEDIA, JSON.stringify(file))).toBe(201);
    const path = `${MEDIA}/${sha256Hash.slice(0, 22)}`;
    const report = await fetch(server.url + path, {
      method: 'PATCH',
      headers: { ...BEARER, ...JSON_TYPE },
      body: JSON.stringify({ uploadHttpStatus: 500, uploadHttpError: `${CONTROL} ${TEXTS.join(' ')}` }),
    });
    expect(report.status).toBe(200);
    const { text: told } = await api.get(path);
    expect(told).toContain(`${CONTROL} 401 for Bearer [redacted]`);
    answers.push(listed, told);
  });

  it('is counted where the operator looks', async () => {
    const [, count] = /^xtrace_redactions_total (\d+)$/m.exec((await api.get('/metrics')).text)!;
    expect(Number(count)).toBeGreaterThan(10);
  });

  it('in the labels of a metric is taken out', async () => {
    expect(await send(METRICS, JSON.stringify(points(labels())))).toBe(200);
    const { text } = await api.get('/api/public/metrics/query?name=canaries&step=1m');
    expect(text).toContain(CONTROL);
  });

  it.each(OTLP_METRICS)(
    'in attributes of a metric, its resource, scope and exemplars is taken out (%s)',
    async (path) => {
      const timeUnixNano = `${Date.now()}000000`;
      const filteredAttributes = attributes({ api_key: BARE });
      const exemplars = [{ timeUnixNano, asInt: 1, traceId: 'ab'.repeat(16), filteredAttributes }];
      const gauge = aGauge('otlp-canaries', { timeUnixNano, asInt: 1, attributes: attributes(labels()), exemplars });
      const resource = attributes({ 'service.name': TEXTS[0]! });
      const scope = { name: TEXTS[1]!, attributes: attributes({ api_key: BARE }) };
      expect(await send(path, jsonBody(aMetricsRequest([gauge], resource, scope)))).toBe(200);
      const { text } = await api.get('/api/public/metrics/query?name=otlp-canaries&step=1m');
      expect(text).toContain(CONTROL);
      expect(text).toContain('[redacted]');
      expect((await api.get('/api/public/metrics/exemplars?name=otlp-canaries')).text).toContain('abab');
      const refused = aGauge(BARE, { asInt: 1, attributes: attributes({ secret: BARE.repeat(1000) }), timeUnixNano });
      expect(await send(path, jsonBody(aMetricsRequest([refused])))).toBe(400);
    },
  );

  it('in what is said of a project and its keys is taken out, and a key that is given is kept as a hash', async () => {
    const said = { name: `p ${CREDENTIALS[0]}`, metadata: { ...secrets(), nested: TEXTS } };
    expect(await send(PROJECTS, JSON.stringify({ ...said, id: 'canary' }))).toBe(201);
    const put = await fetch(`${server.url}${PROJECTS}/canary`, {
      method: 'PUT',
      headers: { ...BEARER, ...JSON_TYPE },
      body: JSON.stringify(said),
    });
    answers.push(await put.text());
    expect(put.status).toBe(200);
    const pair = { publicKey: `pk-${CONTROL}`, secretKey: `sk-lf-${MARK}-aaaa-bbbb` };
    // The one answer with the secret.
    const made = await api.postJson(KEYS.replace('{projectId}', 'canary'), { ...pair, note: CREDENTIALS[0] });
    expect([made.status, made.json()['secretKey']]).toEqual([201, pair.secretKey]);
    answers.push((await api.get(`${PROJECTS}/canary/apiKeys`)).text);
    const login = Buffer.from(`${pair.publicKey}:${pair.secretKey}`).toString('base64');
    const { text } = await api.get(PROJECTS, { authorization: `Basic ${login}` });
    expect(text).toContain(`p ${CONTROL} [redacted]`);
    answers.push(text);
  });

  it.each(PROMPTS)('in a prompt is taken out, and refused in its name (%s)', async (path) => {
    const draft = { config: secrets(), tags: [CONTROL, HEADER], commitMessage: TEXTS[0], isActive: false };
    const text = { ...draft, name: CONTROL, prompt: JSON.stringify(CONTENT), labels: ['production'] };
    expect(await send(path, JSON.stringify(text))).toBe(201);
    const chat = CREDENTIALS.map((content) => ({ role: 'user', content }));
    expect(await send(path, JSON.stringify({ ...draft, name: `${CONTROL} chat`, type: 'chat', prompt: chat }))).toBe(
      201,
    );
    expect(await api.read(`/api/public/v2/prompts/${CONTROL}`)).toMatchObject({
      prompt: JSON.stringify({
        control: CONTROL,
        texts: CREDENTIALS.map(() => `${CONTROL} [redacted]`),
        call: { url: 'https://host', headers: { Authorization: '[redacted]', 'x-api-key': '[redacted]', n: 1 } },
        arguments: '{"headers":{"cookie":"[redacted]"}}',
      }),
      config: { control: CONTROL, max_tokens: 1024, apiKey: '[redacted]' },
      commitMessage: '401 for Bearer [redacted]',
    });
    expect(await send(path, JSON.stringify({ name: CREDENTIALS[0], prompt: CONTROL }))).toBe(400);
  });

  it('is not kept with what the database refuses', async () => {
    expect(await send(BATCH, JSON.stringify(message('refused', `poison ${CONTROL}`)))).toBe(400);
    expect(await send(OTLP, spanBodies(`poison ${CONTROL}`).protobuf, PROTOBUF_TYPE)).toBe(200);
    expect(await send('/v1/logs', logBodies(`poison ${CONTROL}`).protobuf, PROTOBUF_TYPE)).toBe(200);
    // The dictionary of series does not expect to be refused anything: a fault of ours, logged in PostgreSQL's words.
    expect(await send(METRICS, JSON.stringify(points({ ...labels(), poison: CONTROL })))).toBe(500);
    const kept = (await dump()).get('quarantine')!;
    expect(kept).toContain('[redacted]');
    expect(kept).toContain(CONTROL);
  });

  it('is not kept of what the server refuses', async () => {
    const { trace, observations } = message('unused', CONTROL) as { trace: JsonObject; observations: JsonObject[] };
    const bad = { ...observations[0], name: [BARE] };
    expect(
      await send(BATCH, JSON.stringify({ trace: { ...trace, tags: [{ secret: BARE }] }, observations: [bad] })),
    ).toBe(400);
    expect(await send(BATCH, JSON.stringify({ observations: [{ ...bad, startTime: BARE, name: '' }] }))).toBe(400);
    expect(await send(BATCH, `{"api_key":"${BARE}",`)).toBe(400);
    const event = { id: 'e', type: 'span-create', timestamp: BARE, body: bad };
    const badEvents = [event, { ...event, type: BARE }, { ...event, timestamp: new Date().toISOString() }, BARE];
    expect(await send(INGESTION, JSON.stringify({ batch: badEvents }))).toBe(207);
    expect(await send(INGESTION, JSON.stringify({ batch: BARE }))).toBe(400);
    expect(await send('/api/public/spans', JSON.stringify(bad))).toBe(400);
    expect(await send(OTLP, `{"resourceSpans": "${BARE}"}`)).toBe(400);
    expect(await send(OTLP, `{"resourceSpans": [${BARE}]}`)).toBe(400);
    expect(await send(OTLP, Buffer.from(`\x0a\x7f${BARE}`), PROTOBUF_TYPE)).toBe(400);
    const span = { spanId: 'x', traceId: 'y', name: BARE, attributes: attributes({ secret: BARE }) };
    expect(await send(OTLP, jsonBody(aRequest([span])))).toBe(400);
    const record = { timeUnixNano: BARE, attributes: attributes({ secret: BARE }) };
    expect(await send('/v1/logs', JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }))).toBe(
      400,
    );
    expect(await send(METRICS, JSON.stringify(points({ api_key: BARE.repeat(1000) })))).toBe(400);
    expect(await send(METRICS, `{"metrics":[{"name":"m","labels":{"secret":"${BARE}"`)).toBe(400);
    expect((await api.get('/api/public/traces', { authorization: HEADER })).status).toBe(401);
    expect((await api.get('/api/public/traces', { 'x-api-key': BARE })).status).toBe(401);
    expect((await api.get(`/api/public/traces?page=0&api_key=${BARE}`)).status).toBe(400);
    expect((await api.get(`/none/${BARE}`)).status).toBe(404);
    expect((await api.post(BATCH, '{}', { 'content-type': `text/${MARK}` })).status).toBe(415);
  });

  it('is in no answer, no table, no line of the log and no file', async () => {
    expect(answers.flatMap(secretsIn)).toEqual([]);

    const tables = await dump();
    expect([...tables].flatMap(([table, text]) => secretsIn(text).map((found) => `${table}: ${found}`))).toEqual([]);
    const holding = [...tables].filter(([, text]) => text.includes(CONTROL)).map(([table]) => table);
    expect(holding).toEqual(expect.arrayContaining(['quarantine', 'metric_series']));
    for (const table of ['traces', 'trace_payloads', 'observations', 'observation_payloads', 'logs', 'prompts']) {
      expect(holding.some((name) => name.startsWith(table))).toBe(true);
    }

    await server.stop();
    const log = server.stdout() + server.stderr();
    expect(secretsIn(log)).toEqual([]);
    expect(log).toContain(`PostgreSQL refused observation`);
    expect(log).toContain(CONTROL);

    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const found = { [MARK]: [] as string[], [CONTROL]: [] as string[] };
    for (const { parentPath, name } of files) {
      const text = readFileSync(join(parentPath, name)).toString('latin1');
      if (text.includes(MARK) || text.includes(MARK.toUpperCase())) found[MARK].push(name);
      if (text.includes(CONTROL)) found[CONTROL].push(name);
    }
    expect(found[MARK]).toEqual([]);
    expect(found[CONTROL]).not.toEqual([]);
  });
});
