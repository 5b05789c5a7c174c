/** Why nothing, or not everything, could be written: the message is for the person at the terminal and holds no secret. */
export class SeedError extends Error {
  override readonly name: string = 'SeedError';
}

/** An option that means nothing. */
export class SeedOptionError extends SeedError {
  override readonly name = 'SeedOptionError';
}
