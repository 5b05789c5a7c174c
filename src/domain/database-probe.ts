/** What readiness asks of the database. Storage provides it; each question costs one short query. */
export abstract class DatabaseProbe {
  /** Rejects when the database does not answer. */
  abstract ping(): Promise<void>;
  /** How many migrations this version brings that the database has not run; 0 when the schema is current. */
  abstract pendingMigrations(): Promise<number>;
  /** Whether any project has a trace of that time or a later one. */
  abstract hasTraceSince(ms: number): Promise<boolean>;
}
