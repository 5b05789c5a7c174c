import { type IngestBatch } from './ingest-batch.js';
import { type Point, seriesOf } from './metric.js';
import { type ObservationPatch } from './observation.js';
import { Redactor } from './redaction.js';
import { type TracePatch } from './trace.js';

const project = { no: 1, id: 'p' };
const KEY = `sk-${'a1B2'.repeat(12)}`;

function batchOf(traces: Partial<TracePatch>[], observations: Partial<ObservationPatch>[]): IngestBatch {
  return {
    project,
    traces: traces.map((patch, index) => ({ kind: 'trace', index, traceId: 't', stamp: 2, ...patch })),
    observations: observations.map((patch, index) => ({
      kind: 'observation',
      index,
      traceId: 't',
      id: 'o',
      stamp: 2,
      ...patch,
    })),
    bytes: 100,
  };
}

const metadataOf = (value: Record<string, unknown>): Map<string, string> =>
  new Map(Object.entries(value).map(([key, item]) => [key, JSON.stringify(item)]));

describe('a batch', () => {
  it('without secrets is passed on as it is, also the second time', () => {
    const redactor = new Redactor();
    const batch = batchOf(
      [
        {
          name: 'chat.turn',
          tags: ['a', 'b'],
          input: '"a secret"',
          metadata: metadataOf({ max_tokens: 5, note: 'a word' }),
        },
      ],
      [
        {
          name: 'call',
          model: 'gpt-4o-mini',
          modelParameters: '{"max_tokens":1024,"temperature":1}',
          statusMessage: null,
        },
        { input: '[{"content":"password: x"}]', metadata: metadataOf({ note: 'a word', user_api_key_alias: 'team' }) },
      ],
    );
    expect(redactor.redactBatch(batch)).toBe(batch);
    expect(redactor.redactBatch(batch)).toBe(batch);
    expect(redactor.redactedCount).toBe(0);
  });

  it('loses what is secret, in every field that is no id, and nothing else', () => {
    const redactor = new Redactor(['customer_ssn']);
    const batch = batchOf(
      [
        {
          name: 'GET https://u:hunter@h',
          userId: KEY,
          sessionId: KEY,
          tags: ['a', KEY],
          release: `r ${KEY}`,
          version: KEY,
          input: `"${KEY}"`,
          output: '{"headers":{"cookie":"x"}}',
          metadata: metadataOf({ cookie: 'x', n: 1, nested: [{ Password: 'x' }] }),
        },
        { name: 'innocent' },
      ],
      [
        { name: 'innocent', metadata: metadataOf({ n: 1 }) },
        {
          name: KEY,
          statusMessage: '401 for Bearer abcdef12',
          model: `m?api_key=x1`,
          version: KEY,
          promptName: KEY,
          modelParameters: '{"top_p":1,"api_key":"x"}',
          input: '{"api_key":"kept"}',
          output: `"${KEY}"`,
          metadata: metadataOf({ customerSsn: { a: 1 }, secret: '', headers: [['x-api-key', 'x']], count: 2 }),
          usage: { input: 5 },
        },
      ],
    );
    const before = structuredClone(batch);
    const { traces, observations, ...rest } = redactor.redactBatch(batch);
    expect(batch).toEqual(before);
    expect(rest).toEqual({ project, bytes: 100 });
    expect(traces).toEqual([
      {
        ...batch.traces[0],
        name: 'GET https://u:[redacted]@h',
        tags: ['a', '[redacted]'],
        release: 'r [redacted]',
        version: '[redacted]',
        input: '"[redacted]"',
        output: '{"headers":{"cookie":"[redacted]"}}',
        metadata: metadataOf({ cookie: '[redacted]', n: 1, nested: [{ Password: '[redacted]' }] }),
      },
      batch.traces[1],
    ]);
    expect(traces[1]).toBe(batch.traces[1]);
    expect(observations[0]).toBe(batch.observations[0]);
    expect(observations[1]).toEqual({
      ...batch.observations[1],
      name: '[redacted]',
      statusMessage: '401 for Bearer [redacted]',
      model: 'm?api_key=[redacted]',
      version: '[redacted]',
      promptName: '[redacted]',
      modelParameters: '{"top_p":1,"api_key":"[redacted]"}',
      output: '"[redacted]"',
      metadata: metadataOf({ customerSsn: '[redacted]', secret: '', headers: [['x-api-key', '[redacted]']], count: 2 }),
    });
    expect(redactor.redactedCount).toBe(17);
  });

  it('keeps metadata under any key in its order, and states nothing that was not stated', () => {
    const metadata = new Map([
      ['z', '1'],
      ['__proto__', '{"api_key":"x"}'],
      ['a', '2'],
    ]);
    const [patch] = new Redactor().redactBatch(batchOf([{ metadata }], [])).traces;
    expect([...patch!.metadata!]).toEqual([
      ['z', '1'],
      ['__proto__', '{"api_key":"[redacted]"}'],
      ['a', '2'],
    ]);
    expect([patch!.input, patch!.name, patch!.tags]).toEqual([undefined, undefined, undefined]);
  });

  it('takes names as secret or not as its operator says', () => {
    const metadata = metadataOf({ cookie: 'oat', ssn: 'x', nested: { ssn: 'x', cookie: 'oat' } });
    const [patch] = new Redactor(['ssn', '!cookie']).redactBatch(batchOf([{ metadata }], [])).traces;
    expect(patch!.metadata).toEqual(
      metadataOf({ cookie: 'oat', ssn: '[redacted]', nested: { ssn: '[redacted]', cookie: 'oat' } }),
    );
  });
});

describe('points', () => {
  const point = (index: number, labels: Record<string, string>): Point => ({
    index,
    series: seriesOf('m', labels),
    time: index,
    value: index,
  });

  it('without secrets are passed on as they are', () => {
    const batch = { project, points: [point(0, { host: 'a' })], bytes: 1 };
    expect(new Redactor().redactPoints(batch)).toBe(batch);
  });

  it('lose what is secret in their labels, and still share their series', () => {
    const redactor = new Redactor();
    const plain = point(0, { host: 'a' });
    const secret = point(1, { api_key: 'x', host: 'a', url: 'http://u:p@h' });
    const batch = { project, points: [plain, secret, { ...secret, index: 2 }], bytes: 1 };
    const { points } = redactor.redactPoints(batch);
    expect(points[0]).toBe(plain);
    expect(points[1]!.series).toEqual(
      seriesOf('m', { api_key: '[redacted]', host: 'a', url: 'http://u:[redacted]@h' }),
    );
    expect(points[2]).toEqual({ ...secret, index: 2, series: points[1]!.series });
    expect(points[2]!.series).toBe(points[1]!.series);
    expect(redactor.redactedCount).toBe(2);
  });
});
