import { isAscii } from 'node:buffer';
import { Type, type TProperties } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { InvalidInput } from '../../domain/errors.js';

/** What a field of an item may hold besides null. `loose` fields never refuse their item: what they cannot use is not stated. */
export interface Kinds {
  text: string;
  number: number;
  flag: boolean;
  texts: string[];
  object: object;
  textOrNumber: string | number;
  loose: unknown;
}

const JSON_TYPES: Readonly<Record<Exclude<keyof Kinds, 'loose'>, object>> = {
  text: { type: ['string', 'null'] },
  number: { type: ['number', 'null'] },
  flag: { type: ['boolean', 'null'] },
  texts: { type: ['array', 'null'], items: { type: 'string' } },
  object: { type: ['object', 'null'] },
  textOrNumber: { type: ['string', 'number', 'null'] },
};

/** Which fields items of one kind have. */
export type Fields = Readonly<Record<string, keyof Kinds>>;

/** `traceId` → `trace_id`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A check of all `fields`, each also under its other names. Costs well under a microsecond; unknown fields are ignored. */
export function compileFields(
  fields: Fields,
  aliases: readonly ((name: string) => string)[] = [],
): Validator<TProperties> {
  const properties: TProperties = {};
  for (const [name, kind] of Object.entries(fields)) {
    if (kind === 'loose') continue;
    const type = Type.Optional(Type.Unsafe(JSON_TYPES[kind]));
    properties[name] = type;
    for (const alias of aliases) properties[alias(name)] = type;
  }
  return Compile(Type.Object(properties));
}

/** Why an item that failed `check` did, naming the first field to blame. Slow: only for items that are refused anyway. */
export function firstProblem(check: Validator<TProperties>, item: unknown): InvalidInput {
  const [error] = check.Errors(item);
  if (error === undefined || error.instancePath === '') return new InvalidInput('must be an object');
  const [field, element] = error.instancePath.slice(1).split('/');
  if (element !== undefined) return new InvalidInput(`must hold only strings, element ${element} is none`, field);
  return new InvalidInput(error.message, field);
}

/** Most bodies are ASCII, and those are text without being decoded. */
export function bodyText(body: Buffer): string {
  return body.toString(isAscii(body) ? 'latin1' : 'utf8');
}
