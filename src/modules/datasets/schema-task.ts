import { type JsonText } from '../../domain/json.js';

/** Documents to be checked against schemas, all of which are compiled even if no document asks for them. */
export interface SchemaTask {
  readonly schemas: readonly JsonText[];
  /** `schema` is a position in `schemas`. */
  readonly documents: readonly { readonly schema: number; readonly text: JsonText }[];
}

/** Empty when everything fits; else the first thing that does not. */
export interface SchemaVerdict {
  readonly unusable?: { readonly schema: number; readonly message: string };
  readonly mismatch?: { readonly document: number; readonly message: string };
}
