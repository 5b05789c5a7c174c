import { type Totals } from './trace.js';
import { type Micros } from './time.js';

/** A conversation: the traces that share a session id. Exists as long as a trace names it. */
export interface Session {
  sessionId: string;
  createdAt: Micros;
  /** Of its earliest trace. */
  environment: string | null;
  /** Of its earliest trace that names one. */
  userId: string | null;
  traceCount: number;
  totals: Totals;
  firstTime: Micros | null;
  lastTime: Micros | null;
}
