import { type Filter } from './filter.js';
import { type ObservationWithPayload } from './observation.js';

/** Which observations a list shows. */
export interface ObservationListFilter {
  /** What plain parameters ask for; `conditions` on the same column take their place. */
  readonly plain: Filter;
  readonly conditions: Filter;
}

/** What a list looks up besides the rows of `observations`. */
export interface ObservationParts {
  /** Input and output. */
  readonly io: boolean;
  readonly metadata: boolean;
  /** What the observation shows of its trace. */
  readonly trace: boolean;
  /** The id of the prompt that it names. */
  readonly prompt: boolean;
}

/** What an observation of a list shows of its trace. */
export interface TraceFacts {
  readonly name: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly release: string | null;
  readonly tags: readonly string[];
  readonly public: boolean;
  readonly bookmarked: boolean;
}

/** An observation of a list; parts that were not asked for are null. */
export interface ListedObservation {
  readonly observation: ObservationWithPayload;
  readonly trace: TraceFacts | null;
}
