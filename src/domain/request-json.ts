import { InvalidInput, TooLarge } from './errors.js';

/**
 * Objects and arrays of one request. Parsed, the smallest take 40 times the bytes they were sent in, so that a body of
 * the largest size could ask for a gigabyte; real ones, packed with tiny attributes, stay below half of this.
 */
export const MAX_JSON_CONTAINERS = 2_000_000;

/** A text of no more characters cannot hold so many that it hurts; only longer ones are looked through. */
const SAFE_CHARACTERS = 4 * 1024 * 1024;

/**
 * The JSON document that a request body holds.
 * @throws InvalidInput when it is not JSON, TooLarge when it is made of too many objects and arrays.
 */
export function parseRequestJson(text: string): unknown {
  if (text.length > SAFE_CHARACTERS && count(text, '{', count(text, '[')) > MAX_JSON_CONTAINERS)
    throw new TooLarge(`The body holds more than ${MAX_JSON_CONTAINERS} JSON objects and arrays`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(error as Error);
  }
}

// Where it goes wrong, or at which character: the engine's messages quote the body, which may hold secrets.
const HINT =
  /at position \d+|^Unexpected (?:token '.'|end of JSON input)|^Object contains forbidden prototype property/su;

/** What the sender of a body hears that a JSON parser refused with `error`. */
export function notJson({ message }: Error): InvalidInput {
  const hint = HINT.exec(message)?.[0];
  return new InvalidInput(`The body is not valid JSON${hint === undefined ? '' : ` (${hint})`}`);
}

/** `known` and how often `character` is in `text`, also within strings; stops behind the limit. */
function count(text: string, character: string, known = 0): number {
  let found = known;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) {
    found += 1;
    if (found > MAX_JSON_CONTAINERS) break;
  }
  return found;
}
