/**
 * Names with a `/` in them, where a client puts them into a path without encoding: the Langfuse SDK for Python 2 does, and
 * of later ones what they generate (`api.prompts.get`). The routes below have a name in the path, so that a further segment
 * can be nothing but the rest of one.
 */

/** `url` with every `/` of a name in its path as `%2F`; any other URL comes back as it is. */
export function encodeSlashedNames(url: string, method: string | undefined): string {
  const end = url.search(/[?#]/);
  const segments = (end === -1 ? url : url.slice(0, end)).split('/').filter(Boolean);
  if (segments[0] !== 'api' || segments[1] !== 'public') return url;
  const start = segments[2] === 'v2' ? 4 : 3;
  const rest = segments.slice(start);
  const parts = partsOf(segments.slice(2, start).join('/'), rest, method);
  if (parts === undefined || parts.length === rest.length) return url;
  return `/${[...segments.slice(0, start), ...parts].join('/')}${end === -1 ? '' : url.slice(end)}`;
}

/** The segments that the router shall see behind `route`; undefined where it has no names. */
function partsOf(route: string, rest: readonly string[], method: string | undefined): string[] | undefined {
  switch (route) {
    case 'v2/prompts':
      return method === 'PATCH' && rest.at(-2) === 'versions' ? join(rest, 2) : join(rest, 0);
    case 'v2/datasets':
      return join(rest, 0);
    case 'datasets': {
      // The first `runs` ends the name of the dataset.
      const runs = rest.indexOf('runs', 1);
      if (runs === -1) return join(rest, rest.at(-1) === 'run-comparison' ? 1 : 0);
      const run = rest.slice(runs + 1);
      return [...join(rest.slice(0, runs), 0), 'runs', ...join(run, run.at(-1) === 'results' ? 1 : 0)];
    }
    default:
      return undefined;
  }
}

/** `segments` as one name, but for the last `apart` of them where something is left before these. */
function join(segments: readonly string[], apart: number): string[] {
  const end = segments.length - apart;
  if (end < 1) return [...segments];
  return [segments.slice(0, end).join('%2F'), ...segments.slice(end)];
}
