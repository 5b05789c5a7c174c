import { makeProject } from '../support/projects.js';
import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

// The keys that clients of all generations read (langfuse.md §1.6, §5.2 to §5.4): each always there, null when empty.
const TRACE_KEYS =
  'id projectId name userId sessionId release version timestamp createdAt updatedAt environment tags public bookmarked ' +
  'input output metadata externalId htmlPath totalCost latency observations scores';
const OBSERVATION_KEYS =
  'id projectId traceId name type environment level parentObservationId version statusMessage startTime endTime ' +
  'completionStartTime createdAt updatedAt input output metadata model modelId modelParameters promptId promptName ' +
  'promptVersion usageDetails costDetails usage unit promptTokens completionTokens totalTokens inputPrice outputPrice ' +
  'totalPrice calculatedInputCost calculatedOutputCost calculatedTotalCost latency timeToFirstToken usagePricingTierId ' +
  'usagePricingTierName';
const SCORE_KEYS =
  'id projectId environment name source dataType value stringValue traceId observationId sessionId datasetRunId configId ' +
  'queueId authorUserId executionTraceId comment metadata timestamp createdAt updatedAt';
const CORE =
  'id traceId startTime endTime projectId parentObservationId type modelId inputPrice outputPrice totalPrice';
const GROUPS: Readonly<Record<string, string>> = {
  core: '',
  basic: 'name level statusMessage version environment bookmarked public userId sessionId isRootObservation',
  time: 'completionStartTime createdAt updatedAt',
  io: 'input output',
  metadata: 'metadata',
  model: 'providedModelName model internalModelId modelParameters toolNames calledToolNames',
  usage: 'usageDetails costDetails totalCost usagePricingTierName',
  prompt: 'promptId promptName promptVersion',
  metrics: 'latency timeToFirstToken',
  trace_context: 'tags release traceName',
};

const V1 = '/api/public/observations';
const V2 = '/api/public/v2/observations';
const TRACES = '/api/public/traces';
const LONG = `${'x'.repeat(199)}😀 and more`;

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
  await api.write(BATCH, {
    trace: {
      id: 't1',
      name: 'chat',
      userId: 'ann',
      sessionId: 's1',
      tags: ['b', 'a'],
      release: 'r1',
      bookmarked: true,
    },
    observations: [
      {
        id: 'root',
        traceId: 't1',
        type: 'SPAN',
        name: 'run',
        startTime: '2026-01-31T09:30:00Z',
        input: '"quoted"',
        output: 'plain text',
        metadata: { short: 1, long: LONG, list: Array.from({ length: 100 }, () => 7), flag: true },
      },
      {
        id: 'call',
        traceId: 't1',
        type: 'GENERATION',
        name: 'chat.generation',
        parentObservationId: 'root',
        startTime: '2026-01-31T09:30:01Z',
        endTime: '2026-01-31T09:30:03Z',
        completionStartTime: '2026-01-31T09:30:01.500Z',
        model: 'gpt-4o',
        modelParameters: { temperature: 0.5 },
        input: { messages: [] },
        usage: { input: 15, output: 25, total: 40 },
        inputPrice: 1e-7,
        promptName: 'greeting',
        promptVersion: 3,
      },
    ],
  });
  const score = { id: 'score-1', traceId: 't1', observationId: 'call', name: 'accuracy', value: 0.6000000000000001 };
  expect((await api.postJson('/api/public/scores', score)).status).toBe(200);
});
afterAll(async () => {
  await server.stop();
});

const keys = (...lists: string[]) =>
  lists
    .flatMap((list) => list.split(' '))
    .filter((key) => key !== '')
    .sort();
const rows = (answer: JsonObject) => answer['data'] as JsonObject[];
const ids = (answer: JsonObject) => rows(answer).map(({ id }) => id);
const withQuery = (path: string, query: Record<string, string>) => `${path}?${new URLSearchParams(query).toString()}`;
const filtered = (path: string, ...conditions: object[]) => withQuery(path, { filter: JSON.stringify(conditions) });

describe('the documented keys are all there', () => {
  it('in traces, in the list and in the detail', async () => {
    const [listed] = rows(await api.read(TRACES));
    expect(Object.keys(listed!)).toEqual(expect.arrayContaining(keys(TRACE_KEYS)));
    expect(listed).toMatchObject({
      observations: ['root', 'call'],
      scores: ['score-1'],
      tags: ['a', 'b'],
      externalId: null,
    });
    const detail = await api.trace('t1');
    expect(Object.keys(detail)).toEqual(expect.arrayContaining(keys(TRACE_KEYS)));
    for (const one of detail.observations)
      expect(Object.keys(one)).toEqual(expect.arrayContaining(keys(OBSERVATION_KEYS)));
    const scores = detail['scores'] as JsonObject[];
    expect(scores).toMatchObject([
      { id: 'score-1', observationId: 'call', value: 0.6000000000000001, stringValue: null },
    ]);
    expect(Object.keys(scores[0]!).sort()).toEqual(keys(SCORE_KEYS));
  });

  it('in observations, in the list and alone, the same as in their trace', async () => {
    const answer = await api.read(V1);
    expect(answer['meta']).toEqual({ page: 1, limit: 50, totalItems: 2, totalPages: 1 });
    const { observations } = await api.trace('t1');
    expect(rows(answer)).toEqual([observations[1], observations[0]]);
    for (const one of rows(answer)) expect(Object.keys(one)).toEqual(expect.arrayContaining(keys(OBSERVATION_KEYS)));
    expect(await api.read(`${V1}/call`)).toEqual(observations[1]);
  });

  it.each(Object.keys(GROUPS))('in the newer list with the group %s and no other', async (group) => {
    const answer = await api.read(withQuery(V2, { fields: group }));
    expect(answer['meta']).toEqual({});
    for (const one of rows(answer)) expect(Object.keys(one).sort()).toEqual(keys(CORE, GROUPS[group]!));
  });

  it('in the newer list with core and basic unless told, also where no name is known', async () => {
    for (const query of ['', '?fields=', '?fields=nonsense,__proto__']) {
      const [first] = rows(await api.read(V2 + query));
      expect(Object.keys(first!).sort()).toEqual(keys(CORE, GROUPS['basic']!));
    }
  });
});

describe('the newer list', () => {
  const everything = Object.keys(GROUPS).join(',');

  it('shows values as clients of it know them', async () => {
    const [call, root] = rows(await api.read(withQuery(V2, { fields: everything })));
    expect(call).toMatchObject({
      id: 'call',
      isRootObservation: false,
      userId: 'ann',
      sessionId: 's1',
      bookmarked: true,
      tags: ['a', 'b'],
      release: 'r1',
      traceName: 'chat',
      input: '{"messages": []}'.replace(' ', ''),
      output: null,
      metadata: {},
      inputPrice: '0.0000001',
      promptVersion: 3,
      latency: 2,
      timeToFirstToken: 0.5,
      usageDetails: { input: 15, output: 25, total: 40 },
    });
    expect(root).toMatchObject({ isRootObservation: true, input: '"quoted"', output: 'plain text' });
  });

  it('cuts long values of metadata to 200 characters, whole ones, unless they are asked for', async () => {
    const root = { traceId: 't1', name: 'run', fields: 'metadata' };
    const [cut] = rows(await api.read(withQuery(V2, root)));
    expect(cut!['metadata']).toEqual({
      short: 1,
      long: 'x'.repeat(199),
      list: `[${'7,'.repeat(100)}`.slice(0, 200),
      flag: true,
    });
    const [full] = rows(await api.read(withQuery(V2, { ...root, expandMetadata: 'list, long' })));
    expect(full!['metadata']).toMatchObject({ long: LONG, list: Array.from({ length: 100 }, () => 7) });
  });

  it('is walked by cursor and ends without one', async () => {
    const first = await api.read(withQuery(V2, { limit: '1' }));
    const { cursor } = first['meta'] as { cursor: string };
    const second = await api.read(withQuery(V2, { limit: '1', cursor }));
    expect([ids(first), ids(second), second['meta']]).toEqual([['call'], ['root'], {}]);
    expect(await api.read(`${V2}?limit=0`)).toEqual({ data: [], meta: {} });
  });

  it.each([
    ['parentObservationId', '', ['root']],
    ['parentObservationId', 'root', ['call']],
    ['isRootObservation', 'true', ['root']],
    ['sessionId', 's1', ['call', 'root']],
    ['sessionId', 's2', []],
    ['fromStartTime', '2026-01-31T09:30:01Z', ['call']],
    ['toStartTime', '2026-01-31T09:30:01Z', ['root']],
  ])('knows %s=%s', async (name, value, expected) => {
    expect(ids(await api.read(withQuery(V2, { [name]: value })))).toEqual(expected);
  });
});

describe('a filter', () => {
  const CONDITION = { type: 'stringOptions', column: 'Name', operator: 'any of', value: ['chat.generation'] };

  it('finds traces and observations, and goes before the parameter about the same column', async () => {
    expect(ids(await api.read(filtered(V1, CONDITION)))).toEqual(['call']);
    expect(ids(await api.read(`${filtered(V2, CONDITION)}&name=run`))).toEqual(['call']);
    const score = { type: 'numberObject', column: 'scores_avg', key: 'accuracy', operator: '>=', value: 0.6 };
    expect(ids(await api.read(filtered(V1, score)))).toEqual(['call']);
    expect(ids(await api.read(filtered(TRACES, score)))).toEqual(['t1']);
    expect(ids(await api.read(filtered(TRACES, { ...score, value: 0.7 })))).toEqual([]);
    expect(ids(await api.read(`${TRACES}?filter=&name=chat`))).toEqual(['t1']);
  });

  it.each([
    ['no JSON', '[{', 'filter must be a JSON array'],
    ['no list', '{"type":"string"}', 'filter must be a JSON array'],
    ['an unknown column', '[{"type":"string","column":"nme","operator":"=","value":"x"}]', 'filter[0] (column "nme")'],
    [
      'an operator of another type',
      '[{"type":"string","column":"name","operator":">","value":"x"}]',
      '(column "name")',
    ],
    ['a type of another column', '[{"type":"number","column":"name","operator":"=","value":1}]', 'type must be one of'],
    ['too many conditions', JSON.stringify(new Array(51).fill(CONDITION)), 'more than 50'],
  ])('that is %s is 400 and says where', async (_, filter, message) => {
    for (const path of [TRACES, V1, V2]) {
      const answer = await api.get(withQuery(path, { filter }));
      expect([path, answer.status]).toEqual([path, 400]);
      expect(answer.json()).toMatchObject({
        message: expect.stringContaining(message),
        error: 'InvalidRequestError',
        code: 'BAD_REQUEST',
        data: null,
      });
    }
  });

  it('on positions is for the newer list alone', async () => {
    const condition = { type: 'positionInTrace', column: 'positionInTrace', operator: '=', key: 'last' };
    expect(ids(await api.read(filtered(V2, condition)))).toEqual(['call']);
    expect((await api.get(filtered(V1, condition))).status).toBe(400);
  });
});

const HOSTILE = [`'; DROP TABLE observations; --`, `' OR '1'='1`, `$1`, `%`, `\\`, `{NULL}`, `__proto__`];

describe('a value that looks like SQL', () => {
  const texts = ['name', 'userId', 'traceId', 'parentObservationId', 'version', 'environment'];

  it.each([V1, V2])('in any text parameter of %s is only a value that nothing matches', async (path) => {
    for (const value of HOSTILE) {
      for (const name of path === V2 ? [...texts, 'sessionId'] : texts) {
        expect([name, value, ids(await api.read(withQuery(path, { [name]: value })))]).toEqual([name, value, []]);
      }
      const key = { type: 'stringObject', column: 'metadata', key: value, operator: 'contains', value };
      const name = { type: 'string', column: 'name', operator: 'contains', value };
      expect(ids(await api.read(filtered(path, key)))).toEqual([]);
      expect(ids(await api.read(filtered(path, name)))).toEqual([]);
    }
    expect(ids(await api.read(path))).toEqual(['call', 'root']);
  });

  it.each(['type', 'level', 'fromStartTime', 'toStartTime', 'limit', 'filter', 'cursor'])(
    'in %s is 400',
    async (name) => {
      for (const path of [V1, V2]) {
        for (const value of HOSTILE) {
          const answer = await api.get(withQuery(path, { [name]: value }));
          expect([path, value, answer.status]).toEqual([path, value, 400]);
          expect(answer.json()['message']).toMatch(new RegExp(name, 'i'));
        }
      }
    },
  );

  it('in a path is only an id that does not exist', async () => {
    for (const value of HOSTILE) {
      const answer = await api.get(`${V1}/${encodeURIComponent(value)}`);
      expect(answer.status).toBe(404);
      expect(answer.json()).toMatchObject({ error: 'LangfuseNotFoundError' });
    }
  });
});

describe('what cannot be asked for', () => {
  it.each([
    [V1, 'limit', '0'],
    [V1, 'limit', '101'],
    [V1, 'page', '0'],
    [V1, 'type', 'generation'],
    [V2, 'limit', '1001'],
    [V2, 'limit', '-1'],
    [V2, 'parseIoAsJson', 'true'],
    [V2, 'isRootObservation', 'maybe'],
    [V2, 'fromStartTime', '2026-01-31'],
  ])('of %s is 400: %s=%s', async (path, name, value) => {
    const answer = await api.get(withQuery(path, { [name]: value }));
    expect(answer.status).toBe(400);
    expect(answer.json()['message']).toContain(name);
  });

  it('is a cursor of another list: 400 in the words that clients know', async () => {
    for (const cursor of ['abc', 'MTc2OTg1MTgwMDAwMDAwMDp0cmFjZS0x']) {
      const answer = await api.get(withQuery(V2, { cursor }));
      expect([answer.status, answer.json()['message']]).toEqual([400, 'Invalid cursor format']);
    }
  });

  it('is what belongs to another project', async () => {
    const other = await makeProject(server.url);
    for (const path of [V1, V2, TRACES]) expect(ids((await api.get(path, other.bearer)).json())).toEqual([]);
    for (const path of [`${V1}/call`, `${V1}/call?traceId=t1`, `${TRACES}/t1`]) {
      const answer = await api.get(path, other.bearer);
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });

  it('is one observation of several traces that use its id, without naming the trace', async () => {
    await api.write(BATCH, {
      observations: [
        { id: 'twin', traceId: 'x1' },
        { id: 'twin', traceId: 'x2', name: 'second' },
      ],
    });
    const answer = await api.get(`${V1}/twin`);
    expect([answer.status, answer.json()['message']]).toEqual([400, expect.stringContaining('traceId')]);
    expect(await api.read(`${V1}/twin?traceId=x2`)).toMatchObject({ traceId: 'x2', name: 'second' });
  });
});
