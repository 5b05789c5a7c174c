import { InvalidInput } from '../../domain/errors.js';
import { Redactor } from '../../domain/redaction.js';
import { mapDataset, mapItem, mapRunItem } from './datasets.map.js';

const redactor = new Redactor();
const nested = JSON.parse(`${'['.repeat(201)}${']'.repeat(201)}`) as unknown;

describe('the body of a dataset', () => {
  it('says what is there, empties what is null and leaves alone what is absent', () => {
    expect(mapDataset({ name: 'a/b', description: null, metadata: [1] }, redactor)).toEqual({
      name: 'a/b',
      description: null,
      metadata: '[1]',
    });
    expect(mapDataset({ name: 'n', inputSchema: { type: 'object' }, unknown: 1 }, redactor)).toEqual({
      name: 'n',
      inputSchema: '{"type":"object"}',
    });
  });

  it.each<[unknown, string]>([
    [[], 'The body must be a JSON object'],
    [{}, 'name is required'],
    [{ name: '' }, 'name must not be empty'],
    [{ name: '.' }, 'name must not be . or ..'],
    [{ name: '..' }, 'name must not be . or ..'],
    [{ name: 'a\u0000' }, 'name must not contain'],
    [{ name: 'n', description: 1 }, 'description must be text'],
    [{ name: 'n', metadata: nested }, 'metadata is nested deeper'],
  ])('is refused as %.60j', (body, message) => {
    expect(() => mapDataset(body, redactor)).toThrow(InvalidInput);
    expect(() => mapDataset(body, redactor)).toThrow(message);
  });
});

describe('the body of an item', () => {
  it('tells null from absent, and leaves the id to the server when there is none', () => {
    const body = { datasetName: 'n', id: null, input: 0, expectedOutput: null, sourceTraceId: null, status: null };
    expect(mapItem(body, redactor)).toEqual({
      datasetName: 'n',
      patch: { input: '0', expectedOutput: null, sourceTraceId: null },
    });
  });

  it('has its secrets taken out', () => {
    const { patch } = mapItem(
      { datasetName: 'n', input: { headers: { authorization: 'Bearer abcdefgh' } }, metadata: { password: 'x1y2z3' } },
      redactor,
    );
    expect(patch).toEqual({
      input: '{"headers":{"authorization":"[redacted]"}}',
      metadata: '{"password":"[redacted]"}',
    });
  });

  it.each<[unknown, string]>([
    [{ id: 'i' }, 'datasetName is required'],
    [{ datasetName: 'n', id: 'x'.repeat(256) }, 'id must be at most 255'],
    [{ datasetName: 'n', id: '' }, 'id must not be empty'],
    [{ datasetName: 'n', status: 'GONE' }, 'status must be one of ACTIVE, ARCHIVED'],
    [{ datasetName: 'n', input: nested }, 'input is nested deeper'],
  ])('is refused as %.60j', (body, message) => expect(() => mapItem(body, redactor)).toThrow(message));
});

describe('the body of a run item', () => {
  const base = { runName: 'r', datasetItemId: 'i', traceId: 't' };

  it('wraps metadata that is no object and notes the version of the dataset', () => {
    expect(mapRunItem({ ...base, metadata: 'm', datasetVersion: '2026-01-31T10:30:00+01:00' }, redactor)).toMatchObject(
      {
        run: {
          name: 'r',
          description: null,
          metadata: '{"metadata":"m","dataset_version":"2026-01-31T09:30:00.000Z"}',
        },
        datasetItemId: 'i',
        traceId: 't',
        observationId: undefined,
      },
    );
    expect(mapRunItem(base, redactor).run).toEqual({ name: 'r', description: null, metadata: '{}' });
    const odd = JSON.parse('{"__proto__":{"a":1},"constructor":2}') as unknown;
    expect(mapRunItem({ ...base, metadata: odd }, redactor).run.metadata).toBe('{"__proto__":{"a":1},"constructor":2}');
  });

  it.each<[unknown, string]>([
    [{ ...base, id: 'mine' }, '"id" is no field of a dataset run item'],
    [{ runName: 'r', datasetItemId: 'i' }, 'traceId or observationId must be given'],
    [{ ...base, runName: undefined }, 'runName is required'],
    [{ ...base, runName: '..' }, 'runName must not be . or ..'],
    [{ ...base, datasetItemId: null }, 'datasetItemId is required'],
    [{ ...base, createdAt: 'today' }, 'createdAt must be an ISO 8601 time'],
    [{ ...base, datasetVersion: 1 }, 'datasetVersion must be an ISO 8601 time'],
  ])('is refused as %.60j', (body, message) => expect(() => mapRunItem(body, redactor)).toThrow(message));
});
