/** The private PostgreSQL cannot be started. The message says what to do about it and is meant for the operator. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}
