import { type ClientBase } from 'pg';
import { compareBytewise, type JsonText } from '../domain/json.js';
import { type LogRecord } from '../domain/log.js';
import { type ObservationPatch } from '../domain/observation.js';
import { LOWEST_STAMP, type Micros } from '../domain/time.js';
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

const SELECT_MESSAGES =
  'SELECT k.n::int4 AS n, o.message_side AS side, o.message, o.count::int4 AS count ' +
  'FROM unnest($1::int4[], $2::text[], $3::text[], $4::int4[]) WITH ORDINALITY AS k(p, t, s, b, n) CROSS JOIN LATERAL (' +
  'SELECT l.message_side, l.message, l.ts, l.ordinal, l.id, count(*) OVER () AS count, ' +
  'sum(octet_length(l.message)) OVER (ORDER BY l.ts, l.ordinal, l.id) AS bytes FROM logs l ' +
  'WHERE l.project_no = k.p AND l.trace_id = k.t AND l.span_id = k.s AND l.message IS NOT NULL ' +
  `AND l.bucket BETWEEN k.b - 1 AND k.b) o WHERE o.bytes <= ${MAX_MESSAGE_BYTES} ORDER BY k.n, o.ts, o.ordinal, o.id`;

/**
 * What the stored messages of each target make of its input and output, at the targets' positions. Call it under the
 * lock of the traces' lanes, after the new messages are inserted: what it gives is a function of the set of all messages,
 * and its stamp grows with the set, so that of all such patches the one that knows every message wins.
 */
export async function foldMessages(
  client: ClientBase,
  targets: readonly MessageTarget[],
): Promise<(ObservationPatch | undefined)[]> {
  const result = await client.query<{ n: number; side: 'input' | 'output'; message: JsonText; count: number }>({
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
  const found = targets.map(() => ({ input: [] as JsonText[], output: [] as JsonText[], count: 0 }));
  for (const { n, side, message, count } of result.rows) {
    const messages = found[n - 1]!;
    messages[side].push(message);
    messages.count = count;
  }
  return targets.map(({ traceId, spanId }, i): ObservationPatch | undefined => {
    const { input, output, count } = found[i]!;
    if (count === 0) return undefined;
    return {
      kind: 'observation',
      index: 0,
      traceId,
      id: spanId,
      stamp: LOWEST_STAMP + count,
      input: input.length === 0 ? undefined : `[${input.join(',')}]`,
      output: output.length === 0 ? undefined : `[${output.join(',')}]`,
    };
  });
}
