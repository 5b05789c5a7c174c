export class LivenessDto {
  /** Always `ok`: a process that is not does not answer. */
  status!: string;
  /** Version of the server. */
  version!: string;
  /** Whole seconds since the process started. */
  uptimeSeconds!: number;
}

export class ReadinessDto {
  /** `ready`, or `not_ready` with status 503. */
  status!: string;
  /** `up`, or `down` when the database does not answer within a second. */
  database!: string;
  /** `up`, or `down` while the schema of the database lacks migrations of this version or is unknown. */
  migrations!: string;
  /** True from the moment the server was told to stop. */
  draining!: boolean;
}
