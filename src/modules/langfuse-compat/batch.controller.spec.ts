import type { FastifyReply } from 'fastify';
import { InvalidInput, OverCapacity, TooLarge, UnsupportedMedia } from '../../domain/errors.js';
import { type IngestBatch, type IngestReceipt } from '../../domain/ingest-batch.js';
import { ArrivalClock } from '../../domain/time.js';
import { type IngestService } from '../../ingest/ingest.service.js';
import { BatchController } from './batch.controller.js';
import { BatchReceiver } from './batch.receiver.js';
import { BATCH_EXAMPLE, type BatchObservationDto, type BatchTraceDto } from './batch.dto.js';
import { type OBSERVATION_FIELDS, type TRACE_FIELDS } from './batch.schema.js';

const PROJECT = { no: 1, id: 'default' };

/** The door before a pipeline that answers `receipt`. */
function door(receipt: IngestReceipt | Error = { rejected: [] }) {
  const submitted: IngestBatch[] = [];
  const ingest = {
    submit: (batch: IngestBatch) => {
      submitted.push(batch);
      return receipt instanceof Error ? Promise.reject(receipt) : Promise.resolve(receipt);
    },
  } as unknown as IngestService;
  const controller = new BatchController(new BatchReceiver(ingest, new ArrivalClock()));
  return {
    submitted,
    /** `null` sends no content type. */
    post: async (body: unknown, contentType: string | null = 'application/json') => {
      let status = 200;
      const reply = { request: {}, status: (code: number) => (status = code) } as unknown as FastifyReply;
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      const answer = await controller.writeBatch(PROJECT, bytes, contentType ?? undefined, reply);
      return { status, answer: JSON.parse(JSON.stringify(answer)) };
    },
  };
}

const good = (id: string) => ({ id, traceId: 't' });

describe('POST /v1/l/batch', () => {
  it('answers 200 with the words of the reference when everything is committed', async () => {
    const { post, submitted } = door();
    expect(await post(BATCH_EXAMPLE)).toEqual({ status: 200, answer: { message: 'Request Successful.' } });
    expect(submitted).toHaveLength(1);
    expect(submitted[0]).toMatchObject({ project: PROJECT, bytes: Buffer.byteLength(JSON.stringify(BATCH_EXAMPLE)) });
  });

  it('answers 207 and lists the items that were refused, with the rest stored', async () => {
    const { post, submitted } = door();
    const observations = [good('a'), { id: 'b', traceId: 't', name: 5 }, 7];
    expect(await post({ observations })).toEqual({
      status: 207,
      answer: {
        message: '2 of 3 items were refused; everything else is stored',
        data: null,
        errors: [
          {
            index: 1,
            kind: 'observation',
            id: 'b',
            field: 'name',
            code: 'INVALID_FIELD',
            message: 'name must be either string or null',
          },
          { index: 2, kind: 'observation', code: 'INVALID_ITEM', message: 'observation must be an object' },
        ],
      },
    });
    expect(submitted[0]!.observations.map(({ id }) => id)).toEqual(['a']);
  });

  it('lists what the database refused among the others, in the order of the request', async () => {
    const refused = { kind: 'observation', index: 1, id: 'b', code: 'NOT_STORABLE', message: 'no' } as const;
    const { post } = door({ rejected: [refused, { ...refused, kind: 'trace', index: 0, id: 't' }] });
    const { status, answer } = await post({ trace: { id: 't' }, observations: [{}, good('b'), good('c')] });
    expect(status).toBe(207);
    expect(answer.message).toBe('3 of 4 items were refused; everything else is stored');
    expect(answer.errors.map((error: { kind: string; index: number }) => [error.kind, error.index])).toEqual([
      ['trace', 0],
      ['observation', 0],
      ['observation', 1],
    ]);
  });

  it('answers 400 with the same list when nothing is valid, and submits nothing', async () => {
    const { post, submitted } = door();
    const { status, answer } = await post({ trace: {}, observations: [{ id: 'o' }] });
    expect(status).toBe(400);
    expect(answer).toMatchObject({
      message: 'No item could be stored, 2 of 2 were refused',
      code: 'BAD_REQUEST',
      data: null,
    });
    expect(answer.errors.map((error: { field: string }) => error.field)).toEqual(['id', 'traceId']);
    expect(submitted).toEqual([]);
  });

  it('answers 400 when the database refused all there was', async () => {
    const { post } = door({ rejected: [{ kind: 'trace', index: 0, id: 't', code: 'NOT_STORABLE', message: 'no' }] });
    expect((await post({ trace: { id: 't' } })).status).toBe(400);
  });

  it('takes an empty list of observations for what it is', async () => {
    const { post, submitted } = door();
    expect((await post({ observations: [] })).status).toBe(200);
    expect(submitted).toEqual([]);
  });

  it.each([
    ['{}', 'observations'],
    ['{"trace":null,"observations":null}', 'observations'],
    ['{"observations":{}}', 'observations'],
    ['[]', undefined],
    ['"x"', undefined],
    ['null', undefined],
    ['', undefined],
    ['{"s3cr3t":NaN}', undefined],
    ['{"secret":"s3cr3t"', undefined],
  ])('refuses the body %s as a whole', async (body, field) => {
    const error: unknown = await door()
      .post(Buffer.from(body))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidInput);
    expect((error as InvalidInput).field).toBe(field);
    expect((error as InvalidInput).message).not.toContain('s3cr3t');
  });

  it('survives a body nested 100,000 deep', async () => {
    const body = Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    await expect(door().post(body)).rejects.toThrow(InvalidInput);
  });

  it('refuses more observations than one request may hold', async () => {
    const body = Buffer.from(`{"observations":[${'0,'.repeat(50_000)}0]}`);
    await expect(door().post(body)).rejects.toThrow(TooLarge);
  });

  it('is JSON only, and tolerates clients that name no content type', async () => {
    const { post } = door();
    for (const type of [null, '', 'application/json; charset=utf-8', 'Application/JSON']) {
      expect((await post({ trace: { id: 't' } }, type)).status).toBe(200);
    }
    await expect(post({ trace: { id: 't' } }, 'text/plain')).rejects.toThrow(UnsupportedMedia);
    await expect(post({ trace: { id: 't' } }, 'application/x-protobuf')).rejects.toThrow(UnsupportedMedia);
  });

  it('passes on that the queue is full', async () => {
    await expect(door(new OverCapacity('full')).post({ trace: { id: 't' } })).rejects.toThrow(OverCapacity);
  });

  it('documents exactly the fields it reads', () => {
    // The type checker is the test: with a field too many on either side, `true` is no value of the type.
    const isSame: [
      SameKeys<BatchTraceDto, typeof TRACE_FIELDS>,
      SameKeys<BatchObservationDto, typeof OBSERVATION_FIELDS>,
    ] = [true, true];
    expect(isSame).toEqual([true, true]);
  });
});

type SameKeys<A, B> = [keyof A, keyof B] extends [keyof B, keyof A] ? true : never;
