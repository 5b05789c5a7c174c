import { InvalidInput } from './errors.js';
import { EVENT_SOURCES, readScoreBody, REST_SOURCES } from './score-body.js';

const CONTEXT = { index: 3, newId: () => 'made', stamp: 7, timestamp: 8, sources: REST_SOURCES };
const read = (body: unknown, sources = REST_SOURCES) => readScoreBody(body, { ...CONTEXT, sources });
const BODY = { traceId: 't', name: 'n', value: 1 };

function refusalOf(body: unknown): string | undefined {
  try {
    read(body);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.field;
  }
}

describe('the body of a score', () => {
  it('is read with what it leaves out', () => {
    const nothing = { sessionId: null, comment: null, metadata: null, dataType: null, configId: '', id: '' };
    expect(read({ ...BODY, ...nothing, unknown: 1 })).toEqual({
      kind: 'score',
      index: 3,
      id: 'made',
      stamp: 7,
      timestamp: 8,
      subject: { traceId: 't', observationId: null, sessionId: null, datasetRunId: null },
      name: 'n',
      source: 'API',
      value: 1,
    });
  });

  it('says when it was given only where the door lets it', () => {
    const timed = { ...BODY, timestamp: '2026-01-31T09:30:00.000001+01:00' };
    const nowMs = Date.parse('2026-02-01T00:00:00Z');
    const timeOf = (timestamp: unknown) => readScoreBody({ ...BODY, timestamp }, { ...CONTEXT, nowMs }).timestamp;
    expect(read(timed).timestamp).toBe(8);
    expect(timeOf(timed.timestamp)).toBe(Date.parse('2026-01-31T08:30:00Z') * 1000 + 1);
    expect(timeOf(null)).toBe(8);
    // A clock that is off does not decide where it lies for ever.
    expect(timeOf('2999-01-01T00:00:00Z')).toBe((nowMs + 86_400_000) * 1000);
    for (const timestamp of ['2026-01-31T09:30:00', 'yesterday', 1_769_851_800_000])
      expect(() => timeOf(timestamp)).toThrow(/^timestamp must be/);
  });

  it('is read whole', () => {
    const optional = {
      comment: 'c\u0000',
      queueId: 'q',
      configId: 'cfg',
      executionTraceId: 'e',
      source: 'ANNOTATION',
      dataType: 'NUMERIC',
      environment: 'Langfuse-Prod',
    };
    expect(read({ ...BODY, id: 'x', observationId: 'o', metadata: { a: [1] }, ...optional })).toMatchObject({
      ...optional,
      id: 'x',
      subject: { traceId: 't', observationId: 'o' },
      comment: 'c\ufffd',
      metadata: '{"a":[1]}',
      environment: 'prod',
    });
  });

  it.each([
    ['text', '{"metadata":"text"}'],
    [[1, 2], '{"metadata":[1,2]}'],
    [0, '{"metadata":0}'],
    [{}, '{}'],
  ])('wraps metadata that is no object: %j', (metadata, stored) => {
    expect(read({ ...BODY, metadata }).metadata).toBe(stored);
  });

  it('keeps keys such as __proto__ as they are', () => {
    const body = JSON.parse(
      '{"traceId":"t","name":"n","value":1,"metadata":{"__proto__":{"a":1}},"__proto__":{"id":"evil"}}',
    );
    expect(read(body)).toMatchObject({ id: 'made', metadata: '{"__proto__":{"a":1}}' });
  });

  it.each<[string, unknown, string]>([
    ['no object', [], 'body'],
    ['null', null, 'body'],
    ['no name', { traceId: 't', value: 1 }, 'name'],
    ['an empty name', { ...BODY, name: '' }, 'name'],
    ['no value', { traceId: 't', name: 'n' }, 'value'],
    ['a truth value', { ...BODY, value: true }, 'value'],
    ['a list as value', { ...BODY, value: [1] }, 'value'],
    ['a number that a double has not', JSON.parse('{"traceId":"t","name":"n","value":1e999}'), 'value'],
    ['an unknown type', { ...BODY, dataType: 'STARS' }, 'dataType'],
    ['a type in lower case', { ...BODY, dataType: 'numeric' }, 'dataType'],
    ['a source of evaluators', { ...BODY, source: 'EVAL' }, 'source'],
    ['no subject', { name: 'n', value: 1 }, 'traceId'],
    ['two subjects', { ...BODY, sessionId: 's' }, 'traceId'],
    ['two others', { name: 'n', value: 1, sessionId: 's', datasetRunId: 'r' }, 'traceId'],
    ['an observation without its trace', { name: 'n', value: 1, observationId: 'o' }, 'traceId'],
    ['an observation of a session', { name: 'n', value: 1, sessionId: 's', observationId: 'o' }, 'traceId'],
    ['a number as id', { ...BODY, id: 7 }, 'id'],
    ['an id that is too long', { ...BODY, id: 'x'.repeat(801) }, 'id'],
    ['an id that cannot be stored', { ...BODY, traceId: 'a\u0000' }, 'traceId'],
    ['a number as comment', { ...BODY, comment: 7 }, 'comment'],
  ])('with %s is refused', (_, body, field) => {
    expect(refusalOf(body)).toBe(field);
  });

  it('with metadata that nests too deep is refused', () => {
    let metadata: unknown = 1;
    for (let i = 0; i < 201; i += 1) metadata = { a: metadata };
    expect(refusalOf({ ...BODY, metadata })).toBe('metadata');
  });

  it('in an event may come from an evaluator', () => {
    expect(read({ ...BODY, source: 'EVAL' }, EVENT_SOURCES).source).toBe('EVAL');
  });

  it('needs no name where one comes with the config or the type', () => {
    expect(refusalOf({ traceId: 't', value: 1, configId: 'c' })).toBeUndefined();
    expect(refusalOf({ traceId: 't', value: 'x', dataType: 'CORRECTION' })).toBeUndefined();
  });
});
