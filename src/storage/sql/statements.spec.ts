import { countSql } from './capped-count.js';
import { TRACE_SORT_KEYS, type TraceSortKey } from './filter.js';
import { logListSql, whereLogs } from './log-statements.js';
import { orderTraces } from './order.js';
import { SESSION_SQL, sessionListSql, whereSessionList } from './session-statements.js';
import {
  OBSERVATION_IDS_SQL,
  OBSERVATION_PAYLOADS_SQL,
  OBSERVATIONS_SQL,
  TRACE_PAYLOADS_SQL,
  traceListSql,
  traceSql,
} from './trace-statements.js';
import { whereTraces } from './trace-where.js';
import { whereAfter } from './where.js';

// A changed statement shows up here as a diff: look at its plan before the snapshot is updated.

const PAGE = { limit: 51, offset: 0 };

describe('the statements of', () => {
  it('the trace list', () => {
    const order = { key: 'timestamp', direction: 'desc' } as const;
    const where = whereTraces(1, { userId: 'ann' });
    expect(traceListSql(where, order, { ...PAGE, withMetadata: true })).toMatchSnapshot('page');
    expect(countSql(`SELECT 1 FROM traces t WHERE ${where.sql}`, 100_000)).toMatchSnapshot('count');
    whereAfter(where, { time: 't.ts', id: 't.trace_id' }, { micros: 0, id: 'a' }, 'desc');
    expect(traceListSql(where, order, { ...PAGE, withMetadata: false })).toMatchSnapshot('after a cursor, without io');
  });

  it('every order of the trace list', () => {
    const orders = TRACE_SORT_KEYS.map((key) => [key, orderTraces({ key, direction: 'asc' })]);
    expect(Object.fromEntries(orders)).toMatchSnapshot();
  });

  it('the look-ups for a page of traces', () => {
    expect(TRACE_PAYLOADS_SQL).toMatchSnapshot('payloads');
    expect(OBSERVATION_IDS_SQL).toMatchSnapshot('observation ids');
  });

  it('one trace', () => {
    expect(traceSql(true)).toMatchSnapshot('trace');
    expect(OBSERVATIONS_SQL).toMatchSnapshot('observations');
    expect(OBSERVATION_PAYLOADS_SQL).toMatchSnapshot('payloads');
  });

  it('sessions', () => {
    const where = whereSessionList(1, { from: 0, to: 1, environments: ['default'] });
    expect(sessionListSql(where, PAGE)).toMatchSnapshot('page');
    expect(SESSION_SQL).toMatchSnapshot('one session');
  });

  it('log records', () => {
    const all = { traceId: 't', spanId: 's', sessionId: 'c', minSeverityNumber: 13, eventName: 'e', from: 0, to: 1 };
    expect(logListSql(whereLogs(1, all), 'desc', PAGE)).toMatchSnapshot('page');
  });

  it('an order that no whitelist names do not exist', () => {
    const order = { key: 'name; DROP TABLE traces; --' as TraceSortKey, direction: 'asc' } as const;
    expect(orderTraces(order)).not.toContain('DROP');
  });
});
