import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import { isWithinDepth, type JsonText } from '../../domain/json.js';

/** Larger ones take seconds to compile. */
export const MAX_SCHEMA_BYTES = 64 * 1024;
export const MAX_SCHEMA_DEPTH = 50;

/** Compiled, and seldom so many at once. */
const MAX_COMPILED = 50;
/** Of what ajv says; it repeats what stands in the schema. */
const MAX_MESSAGE_LENGTH = 300;

/** A schema that cannot be used, or that takes too much. The message is for whoever sent it. */
export class UnusableSchema extends Error {}

/** A pattern of a schema. RE2 matches in linear time, whatever the pattern; what it does not have (look-around) is refused. */
class LinearPattern {
  private readonly compiled: RE2JS;

  constructor(private readonly pattern: string) {
    try {
      this.compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
    } catch (error) {
      throw new UnusableSchema(
        `pattern ${JSON.stringify(pattern)} is no RE2 expression: ${(error as Error).message.replace(/^error parsing regexp: /, '')}`,
      );
    }
  }

  test(text: string): boolean {
    return this.compiled.matcher(text).find();
  }

  /** Ajv tells patterns apart by this text. */
  toString(): string {
    return this.pattern;
  }
}

const linearRegExp = Object.assign((pattern: string) => new LinearPattern(pattern), { code: 'linearRegExp' });

const OPTIONS: Options = {
  // What it does not know in a schema says nothing, as the specification has it.
  strict: false,
  allErrors: false,
  logger: false,
  // Else a document would have a `constructor`.
  ownProperties: true,
  code: { regExp: linearRegExp },
};

const DRAFTS: readonly (readonly [RegExp, new (options: Options) => Ajv])[] = [
  [/\/draft\/2020-12\/schema/, Ajv2020],
  [/\/draft\/2019-09\/schema/, Ajv2019],
  [/\/draft-07\/schema/, Ajv],
];

/**
 * Checks JSON against JSON Schemas: drafts 2020-12 (where a schema names none), 2019-09 and 7. Nothing is fetched, no
 * default is filled in. A schema can still ask for exponential work (references that double), so it runs in a thread
 * of its own that is ended when it takes too long: see `SchemaChecker`.
 */
export class ItemSchemas {
  private readonly compiled = new Map<JsonText, ValidateFunction>();

  /** @throws UnusableSchema naming what is wrong. */
  compile(schema: JsonText): ValidateFunction {
    let validate = this.compiled.get(schema);
    if (validate === undefined) {
      validate = compile(schema);
      if (this.compiled.size >= MAX_COMPILED) this.compiled.clear();
      this.compiled.set(schema, validate);
    }
    return validate;
  }

  /**
   * How `document` does not fit `schema`; undefined when it does.
   * @throws UnusableSchema naming what is wrong with the schema.
   */
  findMismatch(schema: JsonText, document: JsonText): string | undefined {
    const validate = this.compile(schema);
    let isValid;
    try {
      isValid = validate(JSON.parse(document));
    } catch (error) {
      // References that lead back to themselves.
      throw new UnusableSchema(error instanceof RangeError ? 'it refers to itself without end' : String(error));
    }
    if (isValid) return undefined;
    const [error] = validate.errors ?? [];
    const where = error?.instancePath === '' || error === undefined ? '' : `${error.instancePath} `;
    return `${where}${error?.message ?? 'does not fit'}`.slice(0, MAX_MESSAGE_LENGTH).toWellFormed();
  }
}

function compile(text: JsonText): ValidateFunction {
  const schema = JSON.parse(text) as unknown;
  if (typeof schema === 'boolean') return new Ajv2020(OPTIONS).compile(schema);
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw new UnusableSchema('it must be a JSON object');
  }
  if (Buffer.byteLength(text) > MAX_SCHEMA_BYTES)
    throw new UnusableSchema(`it is larger than ${MAX_SCHEMA_BYTES} bytes`);
  if (!isWithinDepth(schema, MAX_SCHEMA_DEPTH))
    throw new UnusableSchema(`it nests deeper than ${MAX_SCHEMA_DEPTH} levels`);
  const named = (schema as { $schema?: unknown }).$schema;
  if (named === undefined) {
    try {
      return compileAs(Ajv2020, schema);
    } catch (error) {
      // Lists as `items` are of the drafts before, and so are schemas without `$schema` of some generators.
      try {
        return compileAs(Ajv, schema);
      } catch {
        throw error;
      }
    }
  }
  const draft = DRAFTS.find(([pattern]) => typeof named === 'string' && pattern.test(named));
  if (draft === undefined) throw new UnusableSchema('its $schema must be draft 2020-12, 2019-09 or 7');
  return compileAs(draft[1], schema);
}

function compileAs(Draft: new (options: Options) => Ajv, schema: object): ValidateFunction {
  // One each: two schemas may have the same `$id`.
  const ajv = new Draft(OPTIONS);
  addFormats.default(ajv);
  let validate: ValidateFunction;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    if (error instanceof UnusableSchema) throw error;
    throw new UnusableSchema((error as Error).message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed());
  }
  if ('$async' in validate) throw new UnusableSchema('it must not be asynchronous');
  return validate;
}
