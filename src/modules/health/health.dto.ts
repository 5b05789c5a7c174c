export class LivenessDto {
  /**
   * Always `ok`: a process that is not does not answer.
   * @example ok
   */
  status!: string;
  /**
   * Version of the server.
   * @example 0.1.0
   */
  version!: string;
  /**
   * Whole seconds since the process started.
   * @example 86400
   */
  uptimeSeconds!: number;
}

export class ReadinessDto {
  /**
   * `ready`, or `not_ready` with status 503.
   * @example ready
   */
  status!: string;
  /**
   * `up`, or `down` when the database does not answer within a second.
   * @example up
   */
  database!: string;
  /**
   * `up`, or `down` while the schema of the database lacks migrations of this version or is unknown.
   * @example up
   */
  migrations!: string;
  /**
   * True from the moment the server was told to stop.
   * @example false
   */
  draining!: boolean;
}

export class LangfuseHealthDto {
  /**
   * `OK`, or what is wrong.
   * @example OK
   */
  status!: string;
  /**
   * Version of the server.
   * @example 0.1.0
   */
  version!: string;
}
