import { InvalidInput } from '../domain/errors.js';

/** The options that fill fields of a request, by field; with what to expect where an option takes more than the field. */
export type OptionNames = Readonly<Record<string, readonly [option: string, expected?: string]>>;

/** What `parse` makes of a request; what it refuses is named as on the command line. @throws InvalidInput */
export function asOptions<T>(names: OptionNames, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InvalidInput) || error.field === undefined || !Object.hasOwn(names, error.field))
      throw error;
    const [option, expected] = names[error.field]!;
    const message = expected === undefined ? error.message.replace(error.field, option) : `${option} ${expected}`;
    throw new InvalidInput(message, error.field);
  }
}
