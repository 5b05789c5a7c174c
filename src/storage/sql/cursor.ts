import { InvalidInput } from '../../domain/errors.js';
import { idProblem } from '../../domain/identifier.js';
import { type Micros } from '../../domain/time.js';

/** The last row of a page in an order by time, ties by id: where the next page starts. */
export interface TimeCursor {
  readonly micros: Micros;
  readonly id: string;
}

/** Opaque text for a `cursor` parameter; base64url, so that it needs no escaping in a URL. */
export function encodeCursor({ micros, id }: TimeCursor): string {
  return Buffer.from(`${micros}:${id}`).toString('base64url');
}

/** @throws InvalidInput for anything that `encodeCursor` did not make. */
export function decodeCursor(text: string): TimeCursor {
  const match = /^(-?\d{1,16}):(.*)$/s.exec(Buffer.from(text, 'base64url').toString());
  const micros = Number(match?.[1]);
  const id = match?.[2] ?? '';
  if (
    match === null ||
    !Number.isSafeInteger(micros) ||
    idProblem(id) !== undefined ||
    encodeCursor({ micros, id }) !== text
  ) {
    throw new InvalidInput('cursor is no cursor of this server', 'cursor');
  }
  return { micros, id };
}
