import { createHash } from 'node:crypto';
import { type IngestBatch } from '../domain/ingest-batch.js';
import { type LogRecord } from '../domain/log.js';
import { mediaIdOf } from '../domain/media.js';
import { extractMedia } from './media-extraction.js';

const bytes = Buffer.from('the bytes of a picture');
const uri = `data:image/png;base64,${bytes.toString('base64')}`;
const sha256 = createHash('sha256').update(bytes).digest('base64');
const tag = `@@@langfuseMedia:type=image/png|id=${mediaIdOf(sha256)}|source=base64_data_uri@@@`;
const inText = JSON.stringify({ url: uri });
const inTag = JSON.stringify({ url: tag });

const trace = { kind: 'trace', index: 0, traceId: 't', stamp: 2, input: inText } as const;
const observation = {
  ...({ kind: 'observation', index: 0, traceId: 't', id: 'o', stamp: 2 } as const),
  ...{
    output: inText,
    metadata: new Map([
      ['a', inText],
      ['b', '1'],
    ]),
  },
};
const batch: IngestBatch = { project: { no: 1, id: 'p' }, bytes: 1, traces: [trace], observations: [observation] };

describe('data URIs in what is written', () => {
  it('become files, each once, with all who have them', () => {
    const { batch: lighter, files } = extractMedia(batch, 1000);
    expect(lighter).toEqual({
      ...batch,
      traces: [{ ...trace, input: inTag }],
      observations: [
        {
          ...observation,
          output: inTag,
          metadata: new Map([
            ['a', inTag],
            ['b', '1'],
          ]),
        },
      ],
    });
    const owner = { kind: 'trace', traceId: 't', observationId: 'o' };
    expect(files).toEqual([
      {
        content: { contentType: 'image/png', contentLength: bytes.length, sha256 },
        bytes,
        links: [
          { owner: { ...owner, observationId: null }, field: 'input' },
          { owner, field: 'output' },
          { owner, field: 'metadata' },
        ],
      },
    ]);
  });

  it('of log records belong to the trace of the record, if it has one', () => {
    const log: LogRecord = {
      ...{ kind: 'log', index: 0, id: 'l', traceId: 't', spanId: 's', sessionId: null, time: 1, observedTime: null },
      ...{ severityNumber: 9, severityText: null, eventName: null, attributes: null, scope: null, resource: null },
      ...{ body: inText, message: { side: 'input', content: inText } },
    } as const;
    const logs = [log, { ...log, traceId: null }];
    const { batch: lighter, files } = extractMedia({ ...batch, traces: [], observations: [], logs }, 1000);
    expect(lighter.logs).toEqual([{ ...log, body: inTag, message: { side: 'input', content: inTag } }, logs[1]]);
    expect(files[0]!.links[0]).toEqual({ owner: { kind: 'trace', traceId: 't', observationId: 's' }, field: 'input' });
  });

  it('stay when they are too large, and a batch without any is the same object', () => {
    expect(extractMedia(batch, bytes.length - 1)).toEqual({ batch, files: [] });
    expect(extractMedia(batch, bytes.length).files).toHaveLength(1);
    const plain = { ...batch, traces: [{ ...trace, input: '"text"' }], observations: [] };
    expect(extractMedia(plain, 1000).batch).toBe(plain);
  });
});
