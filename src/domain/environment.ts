/** What an environment that nobody stated is called in queries and answers (Langfuse API). */
export const DEFAULT_ENVIRONMENT = 'default';

/** Langfuse's rule: lower case, without the reserved prefix, at most 40 of `a-z 0-9 - _`; anything else is not stated. */
export function toEnvironment(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const environment = value
    .slice(0, 1000)
    .toLowerCase()
    .replace(/^(?:langfuse[-_]?)+/, '')
    .slice(0, 40);
  return /^[a-z0-9_-]+$/.test(environment) ? environment : undefined;
}
