import { type ObservationWithPayload } from '../../domain/observation.js';
import { type Page } from '../../domain/page.js';
import { type Score } from '../../domain/score.js';
import { type TraceDetail, type TraceListItem } from '../../domain/trace.js';
import { ObservationDto, UsageDto } from './observations.dto.js';
import { TraceScoreDto } from './trace-score.dto.js';
import { CursorPageMetaDto } from '../../http/page.dto.js';
import { TraceDetailDto, TraceListItemDto, TracePageDto } from './traces.dto.js';
import { type JsonPieces } from './json-pieces.js';
import { presentObservation } from './observations.present.js';
import { type FieldGroups, presentTraceDetail, presentTracePage } from './traces.present.js';

const PROJECT = { no: 7, id: 'project 1' };
const ALL: FieldGroups = { io: true, scores: true, observations: true, metrics: true };
const AT = Date.parse('2026-01-31T09:30:00Z') * 1000;

const NO_TOTALS = {
  observationCount: 0,
  generationCount: 0,
  errorCount: 0,
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  costNanoUsd: 0,
};

const EMPTY_TRACE: TraceDetail & TraceListItem = {
  traceId: 'trace-1',
  timestamp: AT + 123_999,
  name: null,
  userId: null,
  sessionId: null,
  release: null,
  version: null,
  environment: null,
  externalId: null,
  public: null,
  bookmarked: null,
  statedLatencySeconds: null,
  statedCostUsd: null,
  tags: [],
  totals: NO_TOTALS,
  firstStart: null,
  lastEnd: null,
  createdAt: AT,
  updatedAt: AT,
  input: null,
  output: null,
  metadata: null,
  observations: [],
  observationIds: [],
};

const EMPTY_OBSERVATION: ObservationWithPayload = {
  traceId: 'trace-1',
  id: 'observation-1',
  startTime: null,
  endTime: null,
  completionStartTime: null,
  type: null,
  name: null,
  level: null,
  statusMessage: null,
  model: null,
  modelParameters: null,
  parentObservationId: null,
  version: null,
  environment: null,
  promptId: null,
  promptName: null,
  promptVersion: null,
  usage: null,
  statedCost: null,
  usageUnit: null,
  statedLatencySeconds: null,
  statedTimeToFirstTokenSeconds: null,
  modelId: null,
  inputPriceUsd: null,
  outputPriceUsd: null,
  totalPriceUsd: null,
  requestedModel: null,
  provider: null,
  finishReason: null,
  toolName: null,
  toolNames: null,
  calledToolNames: null,
  agentName: null,
  turnId: null,
  runId: null,
  stepId: null,
  parentStepId: null,
  stepType: null,
  attemptIndex: null,
  runState: null,
  experiment: null,
  inputTokens: null,
  outputTokens: null,
  totalTokens: null,
  costNanoUsd: null,
  priceKey: null,
  price: null,
  createdAt: AT,
  updatedAt: AT,
  input: null,
  output: null,
  metadata: null,
};

const SCORE: Score = {
  id: 'score-1',
  traceId: 'trace-1',
  observationId: null,
  sessionId: null,
  datasetRunId: null,
  name: 'accuracy',
  source: 'API',
  dataType: 'NUMERIC',
  value: 0.5,
  stringValue: null,
  configId: null,
  comment: null,
  metadata: null,
  environment: null,
  queueId: null,
  authorUserId: null,
  executionTraceId: null,
  timestamp: AT,
  createdAt: AT,
  updatedAt: AT,
};

const text = (pieces: JsonPieces) => Buffer.concat([...pieces].map((piece) => Buffer.from(piece))).toString();
const detail = (trace: Partial<TraceDetail>, groups = ALL, scores: readonly Score[] = []) =>
  JSON.parse(text(presentTraceDetail(PROJECT, { ...EMPTY_TRACE, ...trace }, scores, groups)));
const observationJson = (seen: Partial<ObservationWithPayload>) =>
  text(presentObservation(PROJECT, { ...EMPTY_OBSERVATION, ...seen }, true));
const observation = (seen: Partial<ObservationWithPayload>) => JSON.parse(observationJson(seen));
const page = (items: TraceListItem[], rest: Partial<Page<TraceListItem>> = {}): Page<TraceListItem> => ({
  items,
  totalItems: items.length,
  isTotalCapped: false,
  hasMore: false,
  ...rest,
});
const list = (items: TraceListItem[], groups = ALL, scoreIds: readonly (readonly string[])[] = []) =>
  JSON.parse(text(presentTracePage(PROJECT, page(items), scoreIds, { page: 1, limit: 50 }, groups)));

describe('a trace', () => {
  it('of which nothing is known has every key all the same', () => {
    expect(detail({})).toEqual({
      id: 'trace-1',
      projectId: 'project 1',
      timestamp: '2026-01-31T09:30:00.123Z',
      name: null,
      input: null,
      output: null,
      metadata: {},
      sessionId: null,
      userId: null,
      release: null,
      version: null,
      environment: 'default',
      externalId: null,
      tags: [],
      public: false,
      bookmarked: false,
      htmlPath: '/project/project%201/traces/trace-1',
      latency: 0,
      totalCost: 0,
      createdAt: '2026-01-31T09:30:00.000Z',
      updatedAt: '2026-01-31T09:30:00.000Z',
      observations: [],
      scores: [],
    });
  });

  it('shows what was stated, texts escaped and JSON exactly as it was stored', () => {
    const trace = {
      traceId: 'a/"b"\\\n',
      name: 'line\nbreak "quoted"  ',
      userId: 'ä😀',
      sessionId: 's',
      release: 'r',
      version: 'v',
      environment: 'production',
      externalId: 'x',
      tags: ['a,b', '"c"'],
      public: true,
      bookmarked: true,
      input: '{"b" : 1.00, "__proto__": {"a": 12345678901234567890}}',
      output: '"text"',
      metadata: '{"k": 1}',
    };
    const json = text(presentTraceDetail(PROJECT, { ...EMPTY_TRACE, ...trace }, [], ALL));
    expect(json).toContain(
      '"input":{"b" : 1.00, "__proto__": {"a": 12345678901234567890}},"output":"text","metadata":{"k": 1}',
    );
    const { input: _input, output: _output, metadata: _metadata, traceId, ...rest } = trace;
    expect(JSON.parse(json)).toMatchObject({
      ...rest,
      id: traceId,
      htmlPath: '/project/project%201/traces/a%2F%22b%22%5C%0A',
    });
  });

  it('takes latency and cost from its observations, else as stated, else 0', () => {
    const derived = { firstStart: AT, lastEnd: AT + 2_345_678, totals: { ...NO_TOTALS, costNanoUsd: 1_950_000 } };
    const stated = { statedLatencySeconds: 9, statedCostUsd: 8 };
    const figures = ({ latency, totalCost }: { latency: number; totalCost: number }) => [latency, totalCost];
    expect(figures(detail({ ...derived, ...stated }))).toEqual([2.345678, 0.00195]);
    expect(figures(detail(stated))).toEqual([9, 8]);
    expect(figures(detail({}))).toEqual([0, 0]);
    expect(detail({ firstStart: AT, lastEnd: AT - 1 }).latency).toBe(0);
  });

  it('in a list has the ids of its observations, in the detail the observations', () => {
    const observationIds = ['a', '"b"'];
    expect(list([{ ...EMPTY_TRACE, observationIds }]).data[0].observations).toEqual(observationIds);
    const observations = [EMPTY_OBSERVATION, { ...EMPTY_OBSERVATION, id: 'b' }];
    expect(detail({ observations }).observations).toMatchObject([{ id: 'observation-1' }, { id: 'b' }]);
  });

  it('has its scores, in a list their ids and in the detail everything of them', () => {
    const scores = [SCORE, { ...SCORE, id: 'score-2', observationId: 'observation-1' }];
    const second = { ...EMPTY_TRACE, traceId: 'trace-2', observationIds: [] };
    const first = { ...EMPTY_TRACE, observationIds: [] };
    const shown = list([second, first], ALL, [[], ['score-1', 'score-2']]).data as { scores: string[] }[];
    expect(shown.map((trace) => trace.scores)).toEqual([[], ['score-1', 'score-2']]);
    expect(detail({}, ALL, scores).scores).toMatchObject([
      { id: 'score-1', projectId: 'project 1', traceId: 'trace-1', observationId: null, value: 0.5, stringValue: null },
      { id: 'score-2', observationId: 'observation-1' },
    ]);
  });

  it('leaves out the field groups that were not asked for, in the way clients know', () => {
    const trace = { ...EMPTY_TRACE, input: '1', observationIds: ['a'], observations: [EMPTY_OBSERVATION] };
    const core = { io: false, scores: false, observations: false, metrics: false };
    for (const shown of [list([trace], core).data[0], detail(trace, core)]) {
      expect(shown).toMatchObject({ id: 'trace-1', latency: -1, totalCost: -1, observations: [], scores: [] });
      for (const key of ['input', 'output', 'metadata']) expect(shown).not.toHaveProperty(key);
    }
    const withObservations = detail(trace, { ...core, observations: true });
    expect(withObservations.observations).toHaveLength(1);
    expect(withObservations.observations[0]).not.toHaveProperty('input');
  });
});

describe('an observation', () => {
  it('of which nothing is known has every key all the same', () => {
    expect(observation({})).toEqual({
      id: 'observation-1',
      traceId: 'trace-1',
      projectId: 'project 1',
      type: 'SPAN',
      name: null,
      startTime: '2026-01-31T09:30:00.000Z',
      endTime: null,
      completionStartTime: null,
      model: null,
      modelParameters: {},
      input: null,
      output: null,
      metadata: {},
      version: null,
      level: 'DEFAULT',
      statusMessage: null,
      parentObservationId: null,
      promptId: null,
      promptName: null,
      promptVersion: null,
      environment: 'default',
      usage: { unit: 'TOKENS', input: 0, output: 0, total: 0, inputCost: null, outputCost: null, totalCost: null },
      usageDetails: {},
      costDetails: {},
      unit: 'TOKENS',
      promptTokens: 0,
      completionTokens: 0,
      totalTokens: 0,
      modelId: null,
      inputPrice: null,
      outputPrice: null,
      totalPrice: null,
      usagePricingTierId: null,
      usagePricingTierName: null,
      calculatedInputCost: null,
      calculatedOutputCost: null,
      calculatedTotalCost: null,
      latency: null,
      timeToFirstToken: null,
      requestedModel: null,
      provider: null,
      finishReason: null,
      toolName: null,
      toolNames: [],
      calledToolNames: [],
      agentName: null,
      turnId: null,
      runId: null,
      stepId: null,
      parentStepId: null,
      stepType: null,
      attemptIndex: null,
      runState: null,
      createdAt: '2026-01-31T09:30:00.000Z',
      updatedAt: '2026-01-31T09:30:00.000Z',
    });
  });

  it('shows what was stated', () => {
    const seen = observation({
      startTime: AT + 1_000_000,
      endTime: AT + 3_500_000,
      completionStartTime: AT + 1_250_000,
      type: 'GENERATION',
      name: 'chat',
      level: 'ERROR',
      statusMessage: 'it "broke"',
      model: 'gpt-4o',
      modelParameters: '{"temperature": 0.70}',
      parentObservationId: 'p',
      version: '2',
      environment: 'production',
      promptId: 'pi',
      promptName: 'pn',
      promptVersion: '3',
      usageUnit: 'CHARACTERS',
      statedLatencySeconds: 99,
      statedTimeToFirstTokenSeconds: 98,
      modelId: 'm',
      inputPriceUsd: 0.1,
      outputPriceUsd: 0.2,
      totalPriceUsd: 0.3,
      input: Buffer.from('[1]'),
      output: Buffer.from('"ö"'),
      metadata: Buffer.from('{"k":1}'),
      updatedAt: AT + 4_000_000,
    });
    expect(seen).toMatchObject({
      startTime: '2026-01-31T09:30:01.000Z',
      endTime: '2026-01-31T09:30:03.500Z',
      completionStartTime: '2026-01-31T09:30:01.250Z',
      type: 'GENERATION',
      name: 'chat',
      level: 'ERROR',
      statusMessage: 'it "broke"',
      model: 'gpt-4o',
      modelParameters: { temperature: 0.7 },
      parentObservationId: 'p',
      version: '2',
      environment: 'production',
      promptId: 'pi',
      promptName: 'pn',
      promptVersion: 3,
      unit: 'CHARACTERS',
      usage: { unit: 'CHARACTERS' },
      latency: 2.5,
      timeToFirstToken: 0.25,
      modelId: 'm',
      inputPrice: 0.1,
      outputPrice: 0.2,
      totalPrice: 0.3,
      input: [1],
      output: 'ö',
      metadata: { k: 1 },
      updatedAt: '2026-01-31T09:30:04.000Z',
    });
  });

  it('that ends before it starts, ends when it starts', () => {
    expect(observation({ startTime: AT, endTime: AT - 5_000_000, completionStartTime: AT - 1 })).toMatchObject({
      endTime: '2026-01-31T09:30:00.000Z',
      latency: 0,
      timeToFirstToken: 0,
    });
    expect(observation({ endTime: AT - 5_000_000 })).toMatchObject({
      endTime: '2026-01-31T09:29:55.000Z',
      latency: null,
    });
  });

  it('shows a stated latency only where none can be derived', () => {
    const stated = { statedLatencySeconds: 1.5, statedTimeToFirstTokenSeconds: 0.5 };
    expect(observation(stated)).toMatchObject({ latency: 1.5, timeToFirstToken: 0.5 });
    expect(observation({ ...stated, startTime: AT })).toMatchObject({ latency: 1.5, timeToFirstToken: 0.5 });
    expect(observation({ ...stated, startTime: AT, endTime: AT, completionStartTime: AT })).toMatchObject({
      latency: 0,
      timeToFirstToken: 0,
    });
  });

  it('sums usage and cost by the names of their classes and shows the maps with their totals', () => {
    const seen = observation({
      usage: { input: 10, input_cached_tokens: 5, output: 7, reasoning: 1 },
      inputTokens: 15,
      outputTokens: 7,
      totalTokens: 23,
      statedCost: { input: 0.25, input_cached_tokens: 0.125, output: 0.5 },
      costNanoUsd: 875_000_000,
    });
    expect(seen).toMatchObject({
      usage: { input: 15, output: 7, total: 23, inputCost: 0.375, outputCost: 0.5, totalCost: 0.875 },
      usageDetails: { input: 10, input_cached_tokens: 5, output: 7, reasoning: 1, total: 23 },
      costDetails: { input: 0.25, input_cached_tokens: 0.125, output: 0.5, total: 0.875 },
      promptTokens: 15,
      completionTokens: 7,
      totalTokens: 23,
      calculatedInputCost: 0.375,
      calculatedOutputCost: 0.5,
      calculatedTotalCost: 0.875,
    });
  });

  it('sums decimals to decimals', () => {
    const statedCost = { input: 0.00015, input_cached_tokens: 0.00005 };
    expect(observation({ statedCost })).toMatchObject({ calculatedInputCost: 0.0002, usage: { inputCost: 0.0002 } });
  });

  it('keeps a total that was stated and shows the total alone where only that is known', () => {
    expect(observation({ usage: { input: 1, total: 5 }, inputTokens: 1, totalTokens: 5 }).usageDetails).toEqual({
      input: 1,
      total: 5,
    });
    expect(observation({ statedCost: { total: 0.5 }, costNanoUsd: 500_000_000 })).toMatchObject({
      costDetails: { total: 0.5 },
      calculatedInputCost: null,
      calculatedTotalCost: 0.5,
    });
    expect(observation({ costNanoUsd: 500_000_000 })).toMatchObject({
      costDetails: { total: 0.5 },
      calculatedTotalCost: 0.5,
    });
  });

  it('keeps classes of usage with names that objects treat specially', () => {
    const usage = JSON.parse('{"__proto__":3,"constructor":4}') as Record<string, number>;
    const json = observationJson({ usage, totalTokens: 7 });
    expect(json).toContain('"usageDetails":{"__proto__":3,"constructor":4,"total":7}');
  });

  it.each([
    ['3', 3],
    ['0', 0],
    ['1.5', 1.5],
    ['1.10', '1.10'],
    ['007', '007'],
    ['1e3', '1e3'],
    ['Infinity', 'Infinity'],
    ['NaN', 'NaN'],
    ['latest', 'latest'],
    ['', ''],
  ])('shows prompt version %j as %j', (promptVersion, shown) => {
    expect(observation({ promptVersion }).promptVersion).toBe(shown);
  });
});

describe('the documentation', () => {
  /** Names that a DTO documents; the Swagger module keeps them on its prototype. */
  const documented = (dto: { prototype: object }) =>
    (Reflect.getMetadata('swagger/apiModelPropertiesArray', dto.prototype) as string[])
      .map((name) => name.slice(1))
      .sort();
  const keys = (value: object) => Object.keys(value).sort();

  it('of a trace names exactly the keys that answers have', () => {
    const trace = { ...EMPTY_TRACE, observations: [EMPTY_OBSERVATION] };
    const answer = presentTracePage(
      PROJECT,
      page([trace], { isTotalCapped: true, nextCursor: 'abc', hasMore: true }),
      [],
      { page: 1, limit: 1 },
      ALL,
    );
    const shown = JSON.parse(text(answer));
    expect(keys(shown)).toEqual(documented(TracePageDto));
    expect(keys(shown.meta)).toEqual(documented(CursorPageMetaDto));
    expect(keys(shown.data[0])).toEqual(documented(TraceListItemDto));
    const shownDetail = detail(trace, ALL, [SCORE]);
    expect(keys(shownDetail.scores[0])).toEqual(documented(TraceScoreDto));
    expect(keys(shownDetail)).toEqual(documented(TraceDetailDto));
    expect(keys(shownDetail.observations[0])).toEqual(documented(ObservationDto));
    expect(keys(shownDetail.observations[0].usage)).toEqual(documented(UsageDto));
  });
});
