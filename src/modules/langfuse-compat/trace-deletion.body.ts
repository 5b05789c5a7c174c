import { InvalidInput } from '../../domain/errors.js';
import { idProblem } from '../../domain/identifier.js';

/** As Langfuse documents it. */
const MAX_TRACES = 1000;

/** What DELETE /api/public/traces asks for. @throws InvalidInput naming the field. */
export function parseTraceIds(body: unknown): string[] {
  const ids: unknown = typeof body === 'object' && body !== null && 'traceIds' in body ? body.traceIds : undefined;
  if (!Array.isArray(ids) || ids.length < 1 || ids.length > MAX_TRACES)
    throw new InvalidInput(`traceIds must be a list of 1 to ${MAX_TRACES} ids`, 'traceIds');
  return ids.map((id: unknown, i) => {
    const field = `traceIds[${i}]`;
    if (typeof id !== 'string') throw new InvalidInput(`${field} must be a string`, field);
    const problem = idProblem(id);
    if (problem !== undefined) throw new InvalidInput(`${field} ${problem}`, field);
    return id;
  });
}
