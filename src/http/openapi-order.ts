import { type OpenAPIObject } from '@nestjs/swagger';

type Paths = OpenAPIObject['paths'];

/** Reading comes before writing, and deleting last. */
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/**
 * `paths` as the page should show them: in the order given, but each behind the one that it extends
 * (`/traces/{traceId}` behind `/traces`), and the methods of a path in the order of METHODS.
 */
export function inReadingOrder(paths: Paths): Paths {
  const names = Object.keys(paths);
  const parentOf = (name: string): string | undefined =>
    names.filter((other) => name.startsWith(`${other}/`)).sort((a, b) => b.length - a.length)[0];
  const childrenOf = (parent: string | undefined): string[] =>
    names.filter((name) => parentOf(name) === parent).flatMap((name) => [name, ...childrenOf(name)]);
  return Object.fromEntries(childrenOf(undefined).map((name) => [name, sortMethods(paths[name]!)]));
}

function sortMethods(item: Paths[string]): Paths[string] {
  const operations = METHODS.flatMap((method) => (item[method] === undefined ? [] : [[method, item[method]] as const]));
  const others = Object.entries(item).filter(([name]) => !METHODS.some((method) => method === name));
  return Object.fromEntries([...others, ...operations]);
}
