import * as errors from '../domain/errors.js';

/** The errors that keep their class on the way from one thread to the other; of any other one message and stack remain. */
const CLASSES: ReadonlyMap<string, { readonly prototype: errors.DomainError }> = new Map(
  Object.values(errors).map((type) => [type.name, type]),
);

/** An error as it can be cloned: structured clone keeps neither class nor fields. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, fields: {} };
  const { name, message, stack } = error;
  return { name, message, stack, fields: error instanceof errors.DomainError ? { ...error } : {} };
}

export function unpackError({ name, message, stack, fields }: PackedError): Error {
  const type = CLASSES.get(name);
  const error = type === undefined ? new Error(message) : (Object.create(type.prototype) as Error);
  for (const [key, value] of [
    ['message', message],
    ['stack', stack],
  ] as const) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return type === undefined ? error : Object.assign(error, fields);
}
