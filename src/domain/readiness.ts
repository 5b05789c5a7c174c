/** Whether this server should get traffic; the health module knows. */
export abstract class Readiness {
  abstract isReady(): Promise<boolean>;
}
