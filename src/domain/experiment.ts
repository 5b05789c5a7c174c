/**
 * Which item of which experiment the work below an observation is: what Langfuse's SDKs state on the topmost span of the
 * item (`langfuse.experiment.*`). Everything but the id may be missing.
 */
export interface ExperimentRef {
  /** That of a dataset run, or random where items come from no dataset. */
  readonly id: string;
  readonly name?: string;
  readonly datasetId?: string;
  readonly itemId?: string;
  /** The version of the dataset's item, ISO 8601. */
  readonly itemVersion?: string;
}
