import { type LogRecord } from './log.js';
import { type ObservationPatch } from './observation.js';
import { type Project } from './project.js';
import { type TracePatch } from './trace.js';

/** The one currency of the write path: what a request says, whatever protocol it came by. */
export interface IngestBatch {
  readonly project: Project;
  readonly traces: readonly TracePatch[];
  readonly observations: readonly ObservationPatch[];
  readonly logs?: readonly LogRecord[];
  /** About how much memory the patches hold: the inflated size of the request. Counts against the write queue. */
  readonly bytes: number;
}

/** An item that could not be taken and that no retry can save. Field names are those of the protocol the caller spoke. */
export interface Rejection {
  readonly kind: 'trace' | 'observation' | 'log';
  readonly index: number;
  /** As sent, when it was a string. */
  readonly id?: string;
  readonly field?: string;
  /** Stable and machine-readable, for example `INVALID_FIELD`, `NOT_STORABLE`. */
  readonly code: string;
  readonly message: string;
}

/** What became of a batch: everything that is not in `rejected` is committed. */
export interface IngestReceipt {
  readonly rejected: readonly Rejection[];
}
