import { EncodeError } from './binary-value.js';

/** What a failed statement means for the rows it carried. */
export type Fault =
  /** A value that PostgreSQL refuses: find the row, keep the others. */
  | 'row'
  /** The same statement may pass in a moment. */
  | 'transient'
  /** Disk, memory or connections are used up: retry, but slowly. */
  | 'exhausted'
  /** The partition of a bucket is gone or not there yet: look again. */
  | 'partition'
  /** It ran too long: once more, then find the row. */
  | 'timeout'
  /** Our own mistake: no retry and no splitting will help. */
  | 'defect';

interface SqlError {
  code?: string;
  routine?: string;
}

const ROW = new Set(['23502', '23514', '54000', '54001']);
const TRANSIENT = new Set(['40001', '40P01', '55P03', '57P01', '57P02', '57P03', '57P05', '25006', '25P03']);
const DEFECT_CLASSES = new Set(['42', 'XX']);
const DEFECTS = new Set(['21000', '22P03', '08P01']);

/** Sorts an error of `pg` by its SQLSTATE (PostgreSQL documentation, appendix A). An error without one is the connection's. */
export function classifyFault(error: unknown): Fault {
  if (error instanceof EncodeError) return 'row';
  const { code, routine } = (error ?? {}) as SqlError;
  // No SQLSTATE begins with E, but names of system errors do, and EPIPE has five letters too.
  if (typeof code !== 'string' || code.length !== 5 || code.startsWith('E'))
    return error instanceof TypeError || error instanceof RangeError ? 'defect' : 'transient';
  if (code === '23514' && routine === 'ExecFindPartition') return 'partition';
  if (code === '57014') return 'timeout';
  if (DEFECTS.has(code) || DEFECT_CLASSES.has(code.slice(0, 2))) return 'defect';
  if (TRANSIENT.has(code) || code.startsWith('08')) return 'transient';
  if (code.startsWith('53')) return 'exhausted';
  if (ROW.has(code) || code.startsWith('22')) return 'row';
  return 'defect';
}
