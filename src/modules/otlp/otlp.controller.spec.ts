import { Test } from '@nestjs/testing';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  aRequest,
  aSpan,
  field,
  jsonBody,
  protobufBody,
  spanFields,
  varintField,
} from '../../../test/fixtures/otlp/wire.js';
import { InvalidInput, OverCapacity, UnsupportedMedia } from '../../domain/errors.js';
import { type IngestBatch, type IngestReceipt } from '../../domain/ingest-batch.js';
import { setPrincipal } from '../../http/auth/principal.js';
import { IngestService } from '../../ingest/ingest.service.js';
import { OtlpController } from './otlp.controller.js';
import { OtlpLogReceiver } from './otlp.log-receiver.js';
import { OtlpMetricReceiver } from './otlp.metric-receiver.js';
import { OtlpTraceReceiver } from './otlp.trace-receiver.js';

const PROJECT = { no: 7, id: 'project-7' };

describe('the OTLP door', () => {
  const batches: IngestBatch[] = [];
  let answer: () => Promise<IngestReceipt>;
  let failure: unknown;
  let app: NestFastifyApplication;

  beforeAll(async () => {
    const ingest = {
      submit: (batch: IngestBatch) => {
        batches.push(batch);
        return answer();
      },
    };
    const testing = await Test.createTestingModule({
      controllers: [OtlpController],
      providers: [
        OtlpTraceReceiver,
        { provide: IngestService, useValue: ingest },
        // The other signals go the same way: test/e2e/otel-metrics-sdk.spec.ts, test/e2e/otlp-logs.spec.ts.
        { provide: OtlpMetricReceiver, useValue: {} },
        { provide: OtlpLogReceiver, useValue: {} },
      ],
    }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(
      new FastifyAdapter({ routerOptions: { ignoreTrailingSlash: true } }),
      { bodyParser: false, logger: false },
    );
    const fastify = app.getHttpAdapter().getInstance();
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    fastify.addHook('onRequest', (request, _reply, done) => {
      setPrincipal(request, { project: PROJECT, scopes: ['ingest'], keyId: 'k' });
      done();
    });
    app.useGlobalFilters({
      catch: (error: unknown, host) => {
        failure = error;
        void host.switchToHttp().getResponse<{ status(code: number): { send(): void } }>().status(599).send();
      },
    });
    await app.init();
    await fastify.ready();
  });

  afterAll(() => app.close());

  beforeEach(() => {
    batches.length = 0;
    failure = undefined;
    answer = () => Promise.resolve({ rejected: [] });
  });

  const post = (payload: Buffer, contentType?: string, url = '/v1/traces') =>
    app.inject({
      method: 'POST',
      url,
      payload,
      headers: contentType === undefined ? {} : { 'content-type': contentType },
    });

  it.each(['/v1/traces', '/v1/traces/', '/api/public/otel/v1/traces', '/api/public/otel/v1/traces/'])(
    'takes both encodings at %s and answers in the same one',
    async (url) => {
      const json = await post(jsonBody(aRequest([aSpan()])), 'application/json; charset=utf-8', url);
      expect([json.statusCode, json.headers['content-type'], json.body]).toEqual([200, 'application/json', '{}']);
      const protobuf = await post(protobufBody([spanFields()]), 'application/x-protobuf', url);
      expect([protobuf.statusCode, protobuf.headers['content-type'], protobuf.body]).toEqual([
        200,
        'application/x-protobuf',
        '',
      ]);
      expect(batches.map((batch) => batch.observations.length)).toEqual([1, 1]);
      expect(batches[0]).toMatchObject({ project: PROJECT, bytes: jsonBody(aRequest([aSpan()])).length });
    },
  );

  it('answers an empty export without asking the pipeline', async () => {
    answer = () => Promise.reject(new OverCapacity('full'));
    expect((await post(jsonBody({}), 'application/json')).body).toBe('{}');
    expect((await post(Buffer.alloc(0), 'application/x-protobuf')).statusCode).toBe(200);
    expect(batches).toEqual([]);
  });

  it('counts spans that it refuses together with those that the database refused', async () => {
    answer = () =>
      Promise.resolve({
        rejected: [{ kind: 'observation', index: 2, code: 'NOT_STORABLE', message: 'the database refused it' }],
      });
    const spans = [aSpan(), aSpan({ spanId: 'x' }), aSpan({ spanId: '00000000000000aa' })];
    const json = await post(jsonBody(aRequest(spans)), 'application/json');
    const errorMessage =
      '1 span: spanId must be 8 bytes (16 hex digits in JSON), not all zero (span 1 of the request); ' +
      '1 span: the database refused it (span 2 of the request)';
    expect(json.statusCode).toBe(200);
    expect(json.json()).toEqual({ partialSuccess: { rejectedSpans: '2', errorMessage } });

    const protobuf = await post(protobufBody([spanFields(), spanFields('00')]), 'application/x-protobuf');
    const message =
      '1 span: traceId must be 16 bytes (32 hex digits in JSON), not all zero (span 1 of the request); ' +
      '1 span: the database refused it (span 2 of the request)';
    expect(protobuf.rawPayload).toEqual(field(1, [varintField(1, 2), field(2, message)]));
  });

  it.each([undefined, 'text/plain', 'application/x-www-form-urlencoded'])('refuses the media type %s', async (type) => {
    await post(jsonBody(aRequest([aSpan()])), type);
    expect(failure).toBeInstanceOf(UnsupportedMedia);
  });

  it('refuses an export of which nothing can be stored, and one of another signal', async () => {
    await post(jsonBody(aRequest([aSpan({ spanId: '' })])), 'application/json');
    expect(failure).toBeInstanceOf(InvalidInput);
    await post(jsonBody({ resourceLogs: [] }), 'application/json');
    expect((failure as Error).message).toContain('/v1/logs');
    expect(batches).toEqual([]);
  });

  it('passes on that the buffers are full', async () => {
    answer = () => Promise.reject(new OverCapacity('full'));
    await post(jsonBody(aRequest([aSpan()])), 'application/json');
    expect(failure).toBeInstanceOf(OverCapacity);
  });
});
