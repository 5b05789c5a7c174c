import { decodeJson } from '../../src/modules/otlp/otlp.json.js';
import { mapExport } from '../../src/modules/otlp/otlp.map.js';
import { streamProtobuf } from '../../src/modules/otlp/otlp.protobuf.js';
import { type SpanStream } from '../../src/modules/otlp/otlp.span.js';
import { encodeBySdk } from '../fixtures/otlp/wire.js';
import { CORPUS_ORIGIN, modelCallSpans } from './otlp-bodies.js';
import { percentile } from './report.js';

// A process of its own, started by otlp-stages.ts with the flags of the server: decodes and maps corpus A for as many seconds
// as the argument says, and prints what one span took.

const SPANS = 500;
const WARM_UP = 20;
const AT_LEAST = 20;

export interface DecodeFigures {
  /** Median CPU time of a span, in µs, garbage collection included. */
  readonly cpuMicros: number;
  /** Best tenth by the clock, in µs a span. */
  readonly wallMicros: number;
  readonly bytesPerSpan: number;
}

function measure(body: Buffer, decode: (body: Buffer) => SpanStream, seconds: number): DecodeFigures {
  const cpu: number[] = [];
  const wall: number[] = [];
  const context = { project: { no: 1, id: 'bench' }, nowMs: Date.now(), bytes: body.length };
  const endMs = performance.now() + seconds * 1000;
  for (let n = 0; n < WARM_UP + AT_LEAST || performance.now() < endMs; n += 1) {
    const startMs = performance.now();
    const used = process.cpuUsage();
    const { spanCount, rejected } = mapExport(decode(body), context);
    const { user, system } = process.cpuUsage(used);
    if (spanCount !== SPANS || rejected.length > 0) throw new Error('not every span of the corpus was mapped');
    if (n < WARM_UP) continue;
    cpu.push((user + system) / SPANS);
    wall.push(((performance.now() - startMs) * 1000) / SPANS);
  }
  return { cpuMicros: percentile(cpu, 0.5), wallMicros: percentile(wall, 0.1), bytesPerSpan: body.length / SPANS };
}

const seconds = Number(process.argv[2]);
const { protobuf, json } = encodeBySdk(modelCallSpans(SPANS, 40), CORPUS_ORIGIN);
console.log(
  JSON.stringify({ protobuf: measure(protobuf, streamProtobuf, seconds), json: measure(json, decodeJson, seconds) }),
);
