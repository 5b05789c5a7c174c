import { Client, DatabaseError } from 'pg';
import { encodeArray } from './binary-array.js';
import { EncodeError } from './binary-value.js';
import { classifyFault, type Fault } from './sql-state.js';

function sqlError(code: string, routine?: string): DatabaseError {
  return Object.assign(new DatabaseError('message', 0, 'error'), { code, routine });
}

describe('what a failed write means', () => {
  it.each<[Fault, string, string]>([
    ['row', '22021', 'U+0000 in text'],
    ['row', '22P02', 'a lone surrogate in jsonb'],
    ['row', '22P05', 'U+0000 in jsonb'],
    ['row', '22003', 'a number out of range'],
    ['row', '22008', 'a time out of range'],
    ['row', '23502', 'NULL where there must be a value'],
    ['row', '23514', 'a check constraint'],
    ['row', '54000', 'a value too long for an index'],
    ['row', '54001', 'JSON nested too deep'],
    ['defect', '21000', 'one key twice in a statement'],
    ['defect', '22P03', 'a broken binary parameter'],
    ['defect', '08P01', 'a broken message'],
    ['defect', '42P01', 'a missing table'],
    ['defect', '42601', 'a syntax error'],
    ['defect', '42501', 'a missing right'],
    ['defect', 'XX000', 'an internal error'],
    ['defect', '23505', 'a duplicate key, which ON CONFLICT rules out'],
    ['defect', '3D000', 'a missing database'],
    ['defect', '28P01', 'a wrong password'],
    ['defect', 'P0001', 'an exception of a trigger'],
    ['transient', '40001', 'a serialization failure'],
    ['transient', '40P01', 'a deadlock'],
    ['transient', '55P03', 'a lock not available'],
    ['transient', '57P01', 'a terminated backend'],
    ['transient', '57P02', 'a crash'],
    ['transient', '57P03', 'a starting server'],
    ['transient', '57P05', 'an idle session timeout'],
    ['transient', '25006', 'a read-only standby during a failover'],
    ['transient', '25P03', 'an idle transaction timeout'],
    ['transient', '08006', 'a lost connection'],
    ['transient', '08001', 'a connection that was not made'],
    ['exhausted', '53100', 'a full disk'],
    ['exhausted', '53200', 'no memory'],
    ['exhausted', '53300', 'too many connections'],
    ['timeout', '57014', 'a cancelled statement'],
  ])('%s: %s, %s', (fault, code) => {
    expect(classifyFault(sqlError(code))).toBe(fault);
  });

  it('a check of a partition is told from a check of a row', () => {
    expect(classifyFault(sqlError('23514', 'ExecFindPartition'))).toBe('partition');
    expect(classifyFault(sqlError('23514', 'ExecConstraints'))).toBe('row');
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EPIPE', 'ENOENT', 'EHOSTUNREACH'])(
    'the network error %s passes',
    (code) => {
      expect(classifyFault(Object.assign(new Error(`connect ${code}`), { code, errno: -1 }))).toBe('transient');
    },
  );

  it('an error without a code is the connection’s', () => {
    expect(classifyFault(new Error('Connection terminated unexpectedly'))).toBe('transient');
    expect(classifyFault(new Error('timeout expired'))).toBe('transient');
  });

  it('a refused connection passes, as `pg` reports it', async () => {
    // Port 1 of this machine: nothing listens there.
    const error: unknown = await new Client({ host: '127.0.0.1', port: 1, user: 'u' })
      .connect()
      .catch((e: unknown) => e);
    expect((error as { code: string }).code).toBe('ECONNREFUSED');
    expect(classifyFault(error)).toBe('transient');
  });

  it('a value that cannot be encoded is the row’s', () => {
    let thrown: unknown;
    try {
      encodeArray('column', 'int4', ['x']);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(EncodeError);
    expect(classifyFault(thrown)).toBe('row');
  });

  it('an error of our own code is a defect and not retried', () => {
    expect(classifyFault(new TypeError('undefined is not a function'))).toBe('defect');
    expect(classifyFault(new RangeError('Invalid string length'))).toBe('defect');
  });

  it.each([undefined, null, 'text', 5])('anything else thrown (%p) is not taken for a row’s fault', (thrown) => {
    expect(classifyFault(thrown)).toBe('transient');
  });
});
