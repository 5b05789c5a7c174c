import { InvalidInput, TooLarge } from '../../domain/errors.js';
import { parseAnnouncement, parseUploadReport } from './media.body.js';

const BODY = {
  traceId: 't',
  observationId: null,
  field: 'input',
  contentType: 'image/png',
  contentLength: 100,
  sha256Hash: 'nVgv0hJfmdRfXsWzMGMQYwC0vZ8Q1CDuRGMZtMcIdpk=',
};
const ITEM = { ...BODY, traceId: null, datasetId: 'd', datasetItemId: 'i' };

const parse = (body: unknown) => parseAnnouncement(body, 100);

describe('an announced file', () => {
  it.each([
    [BODY, { kind: 'trace', traceId: 't', observationId: null }],
    [
      { ...BODY, observationId: 'o' },
      { kind: 'trace', traceId: 't', observationId: 'o' },
    ],
    [ITEM, { kind: 'dataset-item', datasetId: 'd', itemId: 'i' }],
  ])('belongs to what %j names', (body, owner) => {
    expect(parse(body)).toEqual({
      content: { contentType: 'image/png', contentLength: 100, sha256: BODY.sha256Hash },
      link: { owner, field: 'input' },
    });
  });

  it.each([
    ['contentType', { contentType: 'image/x-own' }],
    ['contentType', { contentType: undefined }],
    ['contentLength', { contentLength: 0 }],
    ['contentLength', { contentLength: '100' }],
    ['contentLength', { contentLength: 1.5 }],
    ['sha256Hash', { sha256Hash: 'short' }],
    ['sha256Hash', { sha256Hash: `${'A'.repeat(42)}B=` }],
    ['field', { field: 'toString' }],
    ['field', { field: 'expectedOutput' }],
    ['traceId', { traceId: null }],
    ['traceId', { traceId: 'a\u0000' }],
    ['traceId', { traceId: 'a'.repeat(801) }],
    ['traceId', { datasetId: 'd', datasetItemId: 'i' }],
    ['observationId', { observationId: 5 }],
  ])('is refused for its %s: %j', (field, wrong) => {
    expect(() => parse({ ...BODY, ...wrong })).toThrow(expect.objectContaining({ field }) as Error);
  });

  it('of a dataset item has no output', () => {
    expect(() => parse({ ...ITEM, field: 'output' })).toThrow(InvalidInput);
    expect(parse({ ...ITEM, field: 'expectedOutput' }).link.field).toBe('expectedOutput');
  });

  it('may be as large as the setting says, and no larger', () => {
    expect(() => parse({ ...BODY, contentLength: 101 })).toThrow(TooLarge);
  });

  it.each([null, [], 'text', 5])('is no %j', (body) => expect(() => parse(body)).toThrow(InvalidInput));
});

describe('what a client says of an upload', () => {
  it('is remembered when it failed', () => {
    expect(parseUploadReport({ uploadHttpStatus: 200, uploadHttpError: '' })).toBeNull();
    expect(parseUploadReport({ uploadHttpStatus: 403 })).toEqual({ status: 403, message: null });
    const { message } = parseUploadReport({ uploadHttpStatus: 500, uploadHttpError: 'x'.repeat(5000) })!;
    expect(message).toHaveLength(1000);
  });

  it.each([{}, { uploadHttpStatus: '200' }, { uploadHttpStatus: 200, uploadHttpError: {} }, null])(
    'is refused: %j',
    (body) => expect(() => parseUploadReport(body)).toThrow(InvalidInput),
  );
});
