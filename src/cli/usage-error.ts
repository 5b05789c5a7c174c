/** A command line that means nothing, as with most programs. */
export const USAGE_EXIT_CODE = 2;

/** Follows what is wrong with a command line. */
export const USAGE_HINT = '(add --help for usage and examples)';

/** A value on the command line that no state of the server could make right; the message names the option. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
