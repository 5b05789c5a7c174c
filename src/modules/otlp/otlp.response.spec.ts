import { field, varintField } from '../../../test/fixtures/otlp/wire.js';
import { type Rejection } from '../../domain/ingest-batch.js';
import { encodeResponse, encodingOf, summarize } from './otlp.response.js';

const rejection = (index: number, more: Partial<Rejection> = {}): Rejection => ({
  kind: 'observation',
  index,
  field: 'spanId',
  code: 'INVALID_FIELD',
  message: 'must be 8 bytes',
  ...more,
});

describe('the answer to an export', () => {
  it('leaves partial success unset when all was stored', () => {
    const full = { rejectedSpans: 0, errorMessage: '' };
    expect(encodeResponse(full, 'protobuf')).toHaveLength(0);
    expect(encodeResponse(full, 'json').toString()).toBe('{}');
  });

  it('carries the number of refused spans and the reason, 64-bit integers in JSON as text', () => {
    const partial = { rejectedSpans: 300, errorMessage: 'größe' };
    expect(JSON.parse(encodeResponse(partial, 'json').toString())).toEqual({
      partialSuccess: { rejectedSpans: '300', errorMessage: 'größe' },
    });
    expect(encodeResponse(partial, 'protobuf')).toEqual(field(1, [varintField(1, 300), field(2, 'größe')]));
    const warning = { rejectedSpans: 0, errorMessage: 'accepted, but' };
    expect(encodeResponse(warning, 'protobuf')).toEqual(field(1, [field(2, 'accepted, but')]));
  });

  it('counts like reasons together and names the first span of each', () => {
    const summary = summarize([
      rejection(2),
      rejection(5),
      rejection(7, { field: 'attributes[3].value', message: 'nests deeper than 100 levels' }),
      rejection(9, { field: 'attributes[4].value', message: 'nests deeper than 100 levels' }),
      rejection(11, { field: undefined, message: 'is not storable' }),
    ]);
    expect(summary).toBe(
      '2 spans: spanId must be 8 bytes (first: span 2 of the request); ' +
        '2 spans: attributes[3].value nests deeper than 100 levels (first: span 7 of the request); ' +
        '1 span: is not storable (span 11 of the request)',
    );
  });

  it('stays short however many reasons there are', () => {
    const many = Array.from({ length: 1000 }, (_, i) => rejection(i, { message: `reason ${i} ${'🕛'.repeat(500)}` }));
    expect(summarize(many).length).toBeLessThanOrEqual(1001);
    expect(summarize(many).isWellFormed()).toBe(true);
    expect(summarize(Array.from({ length: 9 }, (_, i) => rejection(i, { message: `reason ${i}` })))).toMatch(
      /; and 4 other reasons$/,
    );
  });
});

describe('the encoding of a request', () => {
  it.each([
    ['application/x-protobuf', 'protobuf'],
    ['Application/X-Protobuf ; messageType=x', 'protobuf'],
    ['application/json; charset=utf-8', 'json'],
    ['application/jsonlines', undefined],
    ['text/plain; application/json', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('is read from the media type %s', (contentType, encoding) => {
    expect(encodingOf(contentType)).toBe(encoding);
  });
});
