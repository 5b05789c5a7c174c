/** Why nothing, or not everything, could be written: the message is for the person at the terminal and holds no secret. */
export class SeedError extends Error {
  override readonly name = 'SeedError';
}
