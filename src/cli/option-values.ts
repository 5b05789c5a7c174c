import { InvalidInput } from '../domain/errors.js';
import { UsageError } from './usage-error.js';

/** The options and arguments that fill fields of a request, by field; with what to expect where an option takes more than the field. */
export type OptionNames = Readonly<Record<string, readonly [option: string, expected?: string]>>;

/** What `parse` makes of a command line; what it refuses is named as it stands there. @throws UsageError */
export function asOptions<T>(names: OptionNames, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const [option, expected] = names[error.field ?? ''] ?? [];
    if (expected !== undefined) throw new UsageError(`${option} ${expected}`);
    throw new UsageError(option === undefined ? error.message : error.message.replace(error.field!, option));
  }
}
