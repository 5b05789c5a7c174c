import { type ClientBase } from 'pg';
import { compareBytewise, type JsonText } from '../domain/json.js';
import { type LogRecord } from '../domain/log.js';
import { type ObservationPatch } from '../domain/observation.js';
import { LOWEST_STAMP, type Micros } from '../domain/time.js';
import { calledToolNames, offeredToolNames } from '../domain/tool-names.js';
import { type TracePatch } from '../domain/trace.js';
import { encodeArray } from './binary-array.js';
import { BulkInsert, type Column } from './bulk-insert.js';
import { StatementBatch } from './statement-batch.js';

/** A log record on its way into `logs`. */
export interface LogRow {
  readonly projectNo: number;
  readonly bucket: number;
  readonly createdAt: Micros;
  readonly log: LogRecord;
}

const COLUMNS: readonly Column<LogRow>[] = [
  { name: 'project_no', type: 'int4', value: (row) => row.projectNo },
  { name: 'id', type: 'text', value: (row) => row.log.id },
  { name: 'bucket', type: 'int4', value: (row) => row.bucket },
  { name: 'ts', type: 'timestamptz', value: (row) => row.log.time },
  { name: 'observed_ts', type: 'timestamptz', value: (row) => row.log.observedTime },
  { name: 'created_at', type: 'timestamptz', value: (row) => row.createdAt },
  { name: 'ordinal', type: 'int4', value: (row) => row.log.index },
  { name: 'trace_id', type: 'text', value: (row) => row.log.traceId },
  { name: 'span_id', type: 'text', value: (row) => row.log.spanId },
  { name: 'session_id', type: 'text', value: (row) => row.log.sessionId },
  { name: 'severity_number', type: 'int4', value: (row) => row.log.severityNumber },
  { name: 'severity_text', type: 'text', value: (row) => row.log.severityText },
  { name: 'event_name', type: 'text', value: (row) => row.log.eventName },
  { name: 'body', type: 'text', value: (row) => row.log.body },
  { name: 'attributes', type: 'text', value: (row) => row.log.attributes },
  { name: 'scope', type: 'text', value: (row) => row.log.scope },
  { name: 'resource', type: 'text', value: (row) => row.log.resource },
  { name: 'message_side', type: 'text', value: (row) => row.log.message?.side },
  { name: 'message', type: 'text', value: (row) => row.log.message?.content },
];

const INSERT = new BulkInsert<LogRow>('logs', COLUMNS, '(project_no, id, bucket) DO NOTHING');

const DAY_MICROS = 86_400_000_000;

/**
 * Stores the records that are not stored yet. The key has the week of arrival in it, so on the first day of a week what
 * came in the week before is looked up: no client resends for longer.
 */
export async function insertLogs(client: ClientBase, rows: readonly LogRow[], weekStart: Micros): Promise<void> {
  let fresh = rows;
  if (rows[0]!.createdAt - weekStart < DAY_MICROS) {
    const known = await selectKnown(client, rows);
    fresh = rows.filter((row) => !known.has(`${row.projectNo}:${row.log.id}`));
  }
  // In one order in every writer, for two that insert the same records wait for one another.
  const sorted = [...fresh].sort((a, b) => a.projectNo - b.projectNo || compareBytewise(a.log.id, b.log.id));
  await StatementBatch.run(client, (batch) => INSERT.addTo(batch, sorted));
}

const SELECT_KNOWN =
  'SELECT o.project_no, o.id FROM unnest($1::int4[], $2::text[], $3::int4[]) AS k(p, i, b) CROSS JOIN LATERAL ' +
  '(SELECT l.project_no, l.id FROM logs l WHERE l.project_no = k.p AND l.id = k.i AND l.bucket = k.b LIMIT 1) o';

async function selectKnown(client: ClientBase, rows: readonly LogRow[]): Promise<Set<string>> {
  const result = await client.query<{ project_no: number; id: string }>({
    name: 'select known logs',
    text: SELECT_KNOWN,
    values: [
      encodeArray(
        'key.project_no',
        'int4',
        rows.map((row) => row.projectNo),
      ),
      encodeArray(
        'key.id',
        'text',
        rows.map((row) => row.log.id),
      ),
      encodeArray(
        'key.bucket',
        'int4',
        rows.map((row) => row.bucket - 1),
      ),
    ],
  });
  return new Set(result.rows.map((row) => `${row.project_no}:${row.id}`));
}

/** An observation to which log records give messages. */
export interface MessageTarget {
  readonly projectNo: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly bucket: number;
}

/** More than this of messages makes no input that anybody reads; further ones stay log records. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

const OF_TRACE = 'project_no = k.p AND trace_id = k.t AND message IS NOT NULL AND bucket BETWEEN k.b - 1 AND k.b';

// OFFSET 0 keeps what concerns the trace from being looked up once per message.
const SELECT_MESSAGES =
  'SELECT k.n::int4 AS n, o.message_side AS side, o.message, o.count::int4 AS count, k.trace_count::int4 AS trace_count, ' +
  'o.span_id AS span, k.first_span FROM (' +
  'SELECT k.*, m.* FROM unnest($1::int4[], $2::text[], $3::text[], $4::int4[]) WITH ORDINALITY AS k(p, t, s, b, n) ' +
  'CROSS JOIN LATERAL (SELECT count(*) AS trace_count, (array_agg(span_id ORDER BY ts, ordinal, id))[1] AS first_span ' +
  `FROM logs WHERE ${OF_TRACE}) m OFFSET 0) k CROSS JOIN LATERAL (` +
  'SELECT span_id, message_side, message, ts, ordinal, id, count(*) OVER (PARTITION BY span_id) AS count, ' +
  'sum(octet_length(message)) OVER (PARTITION BY span_id ORDER BY ts, ordinal, id) AS bytes ' +
  `FROM logs WHERE ${OF_TRACE} AND span_id IN (k.s, k.first_span)) o WHERE o.bytes <= ${MAX_MESSAGE_BYTES} ` +
  'ORDER BY k.n, o.ts, o.ordinal, o.id';

interface MessageColumns {
  n: number;
  side: 'input' | 'output';
  message: JsonText;
  count: number;
  trace_count: number;
  span: string;
  first_span: string;
}

/** What log messages make of an observation, and what those of the span that has the first of them make of the trace. */
export interface MessagePatches {
  readonly observation: ObservationPatch;
  readonly trace: TracePatch;
}

/**
 * What the stored messages of each target make of inputs and outputs, at the targets' positions. Call it under the
 * lock of the traces' lanes, after the new messages are inserted: what it gives is a function of the set of all messages,
 * and its stamps grow with the set, so that of all such patches the one that knows every message wins.
 */
export async function foldMessages(
  client: ClientBase,
  targets: readonly MessageTarget[],
): Promise<(MessagePatches | undefined)[]> {
  const result = await client.query<MessageColumns>({
    name: 'select log messages',
    text: SELECT_MESSAGES,
    values: [
      encodeArray(
        'key.project_no',
        'int4',
        targets.map((target) => target.projectNo),
      ),
      encodeArray(
        'key.trace_id',
        'text',
        targets.map((target) => target.traceId),
      ),
      encodeArray(
        'key.span_id',
        'text',
        targets.map((target) => target.spanId),
      ),
      encodeArray(
        'key.bucket',
        'int4',
        targets.map((target) => target.bucket),
      ),
    ],
  });
  const rows = targets.map((): MessageColumns[] => []);
  for (const row of result.rows) rows[row.n - 1]!.push(row);
  return targets.map((target, i) => patchesOf(target, rows[i]!));
}

function patchesOf(
  { traceId, spanId }: MessageTarget,
  messages: readonly MessageColumns[],
): MessagePatches | undefined {
  const own = messages.filter(({ span }) => span === spanId);
  const first = messages.filter(({ span, first_span }) => span === first_span);
  if (own[0] === undefined) return undefined;
  const about = { index: 0, traceId };
  const [input, output] = [listOf(own, 'input'), listOf(own, 'output')];
  return {
    observation: {
      kind: 'observation',
      ...about,
      id: spanId,
      stamp: LOWEST_STAMP + own[0].count,
      input,
      output,
      toolNames: input && offeredToolNames(input),
      calledToolNames: output && calledToolNames(output),
    },
    trace: {
      kind: 'trace',
      ...about,
      stamp: LOWEST_STAMP + own[0].trace_count,
      input: listOf(first, 'input'),
      output: listOf(first, 'output'),
    },
  };
}

function listOf(messages: readonly MessageColumns[], side: 'input' | 'output'): JsonText | undefined {
  const ofSide = messages.filter((message) => message.side === side).map(({ message }) => message);
  return ofSide.length === 0 ? undefined : `[${ofSide.join(',')}]`;
}
